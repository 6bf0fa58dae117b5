/**
 * Rate limits at the door, driven by the row. Who knocks is counted by address whatever the token is
 * worth, and by account once it is known: the one of the token, or on the rows that take no token the
 * one that the body is aimed at, so that a thousand addresses do not buy a thousand guesses.
 */
import { CaduceusError } from '../../protocol/errors.ts'
import type { Metrics } from '../metrics.ts'
import { accountKey, type RateLimits, type RateVerdict } from '../rate/rate-limits.ts'
import type { RateBy, RateClass } from '../rate/rules.ts'
import { addressGroup } from './address.ts'
import type { AnyRoute } from './route.ts'

/** The row's own word, or what it plainly is; a POST without a token is taken for a sign-in, the strict case. */
export function rateClassOf(row: AnyRoute): RateClass {
  if (row.rate !== undefined) return row.rate
  if (row.multipart !== undefined) return 'upload'
  if (!Array.isArray(row.auth)) return row.method === 'GET' || row.auth === 'optional' ? 'public' : 'auth'
  return row.method === 'GET' ? 'read' : 'write'
}

/** The limits of one request; `headers` is what its answer says of them. */
export class Gate {
  #worst: RateVerdict | null = null
  readonly #rates: RateLimits
  readonly #class: RateClass
  readonly #metrics: Pick<Metrics, 'rateLimited'>

  constructor(rates: RateLimits, row: AnyRoute, metrics: Pick<Metrics, 'rateLimited'>) {
    this.#rates = rates
    this.#class = rateClassOf(row)
    this.#metrics = metrics
  }

  /** Throws `too_many_requests`. `accountId` is the token's account, or null when there is none. */
  async enter(address: string, accountId: string | null): Promise<void> {
    await this.#count([['address', addressGroup(address)], ...(accountId === null ? [] : [['account', accountId] as const])])
  }

  /** After the body of a row without a token has been read. Throws `too_many_requests`. */
  async aim(body: unknown): Promise<void> {
    if (this.#class !== 'auth') return
    const { email, phone, phone_number } = (body ?? {}) as Record<string, unknown>
    const aimedAt = [email, phone_number, phone].find(value => typeof value === 'string')
    if (aimedAt !== undefined) await this.#count([['account', accountKey(aimedAt as string)]])
  }

  /** Of the window that has least left, as the IETF's RateLimit header fields have them. */
  get headers(): Record<string, string> {
    const worst = this.#worst
    if (worst === null) return {}
    return {
      'ratelimit-limit': String(worst.limit), 'ratelimit-remaining': String(worst.remaining), 'ratelimit-reset': String(worst.resetSeconds),
      ...(!worst.allowed && { 'retry-after': String(worst.resetSeconds) }),
    }
  }

  async #count(windows: (readonly [by: RateBy, key: string])[]): Promise<void> {
    for (const verdict of await Promise.all(windows.map(([by, key]) => this.#rates.count(this.#class, by, key)))) {
      const worst = this.#worst
      if (worst === null || (worst.allowed && (!verdict.allowed || verdict.remaining < worst.remaining))) this.#worst = verdict
    }
    const worst = this.#worst!
    if (worst.allowed) return
    this.#metrics.rateLimited.inc({ class: this.#class, by: worst.by })
    throw new CaduceusError('too_many_requests', `too many requests; try again in ${worst.resetSeconds} s`)
  }
}
