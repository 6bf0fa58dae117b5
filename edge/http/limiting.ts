/**
 * Rate limits of requests, chosen by the row. Every caller counts by address, whatever the token is
 * worth. A known account counts too: the account of the token, or on rows that sign in the account
 * that the body aims at. On those rows only failures count, for account and address together; a
 * limit for the account alone could be used up by strangers.
 */
import { CaduceusError } from '../../protocol/kernel/errors.ts'
import type { Metrics } from '../kernel/metrics.ts'
import { accountKey, type RateLimits, type RateVerdict } from '../rate/rate-limits.ts'
import type { RateBy, RateClass } from '../kernel/rates.ts'
import { addressGroup } from '../kernel/address.ts'
import type { AnyRoute } from '../kernel/route.ts'

/** Extra time of a sign-in while many addresses guess at its account. */
export const slowedSignInMs = 1_000

/**
 * The rate class that the row names, or the one that follows from it. A POST without a token counts
 * as a sign-in, the strict case.
 */
export function rateClassOf(row: AnyRoute): RateClass {
  if (row.rate !== undefined) return row.rate
  if (row.multipart !== undefined) return 'upload'
  if (!Array.isArray(row.auth))
    return row.method === 'GET' || row.auth === 'optional' ? 'public' : 'auth'
  return row.method === 'GET' ? 'read' : 'write'
}

/** The rate limits of one request. `headers` describes them in its answer. */
export class Gate {
  #worst: RateVerdict | null = null
  readonly #rates: RateLimits
  readonly #class: RateClass
  readonly #kind: string
  readonly #after: (ms: number, run: () => void) => unknown
  #aimed: readonly string[] = []
  readonly #metrics: Pick<Metrics, 'rateLimited'>

  constructor(
    rates: RateLimits,
    row: AnyRoute,
    metrics: Pick<Metrics, 'rateLimited'>,
    after: (ms: number, run: () => void) => unknown,
  ) {
    this.#rates = rates
    this.#class = rateClassOf(row)
    this.#kind = row.alias ?? row.path
    this.#metrics = metrics
    this.#after = after
  }

  /** Throws `too_many_requests`. `accountId` is the account of the token, or null without one. */
  async enter(address: string, accountId: string | null): Promise<void> {
    const ownCount =
      accountId === null || this.#class === 'auth' ? [] : [['account', accountId] as const]
    await this.#count([['address', addressGroup(address)], ...ownCount])
  }

  /**
   * Counts an attempt at sign-in once the body was read. It counts for the account that it aims at
   * and the address together, for each kind of row apart, so that a guesser uses up nobody else's
   * allowance. The count of the account over all addresses only slows the answer. Throws
   * `too_many_requests`.
   */
  async aim(body: unknown, address: string, accountId: string | null): Promise<void> {
    if (this.#class !== 'auth') return
    const { email, phone, phone_number, user } = (body ?? {}) as Record<string, unknown>
    // An older row names the account inside `user`. It aims at that one, whoever sends the token.
    const inside = (user as { email?: unknown } | null | undefined)?.email
    const aimed = typeof inside === 'string' ? inside : null
    const named = [email, phone_number, phone].find(value => typeof value === 'string')
    if (aimed === null && named === undefined && accountId === null) return
    const account = aimed === null ? (accountId ?? accountKey(named as string)) : accountKey(aimed)
    const [pair, all] = [
      `${this.#kind} ${account} ${addressGroup(address)}`,
      `${this.#kind} ${account}`,
    ]
    await this.#count([['account', pair]])
    this.#aimed = [pair, all]
    if (!(await this.#rates.count('auth', 'account', all)).allowed)
      await new Promise<void>(resolve => {
        this.#after(slowedSignInMs, resolve)
      })
  }

  /** A success was not a guess, so it does not count. */
  async succeeded(): Promise<void> {
    await Promise.all(this.#aimed.map(key => this.#rates.giveBack('auth', 'account', key)))
  }

  /**
   * Headers of the window with the least left, in the form of the IETF's RateLimit header fields.
   */
  get headers(): Record<string, string> {
    const worst = this.#worst
    if (worst === null) return {}
    return {
      'ratelimit-limit': String(worst.limit),
      'ratelimit-remaining': String(worst.remaining),
      'ratelimit-reset': String(worst.resetSeconds),
      ...(!worst.allowed && { 'retry-after': String(worst.resetSeconds) }),
    }
  }

  async #count(windows: (readonly [by: RateBy, key: string])[]): Promise<void> {
    for (const verdict of await Promise.all(
      windows.map(([by, key]) => this.#rates.count(this.#class, by, key)),
    )) {
      const worst = this.#worst
      if (
        worst === null ||
        (worst.allowed && (!verdict.allowed || verdict.remaining < worst.remaining))
      )
        this.#worst = verdict
    }
    const worst = this.#worst!
    if (worst.allowed) return
    this.#metrics.rateLimited.inc({ class: this.#class, by: worst.by })
    throw new CaduceusError(
      'too_many_requests',
      `too many requests; try again in ${worst.resetSeconds} s`,
    )
  }
}
