/**
 * Access that ended before its token did: sign-ins that were ended (logout, a changed password, a
 * refresh token that came twice) and accounts that were deactivated. An access token says everything
 * itself and costs no query; this list is what makes it stop at once and not when its minutes are over.
 *
 * The truth is in the database; a hint over the bus says "look now", and whoever misses it looks by
 * itself a little later. Kept for as long as an access token lives, so the list is as long as the
 * logouts of a quarter of an hour. Rejected: asking the database on every request; and a list in Redis,
 * which may forget, and then whoever was locked out is in again.
 */
import type { Logger } from 'pino'
import type { Database } from '../../migrations/database/open.ts'
import type { Bus } from '../../protocol/bus/bus.ts'
import type { Identity } from '../kernel/identity.ts'
import { createLooks } from './looks.ts'

export interface EndedAccess {
  hasEnded(who: Pick<Identity, 'userId' | 'sessionId' | 'issuedAtMs'>): boolean
  /** After a change was committed: this edge knows it when the promise resolves, the others a moment later. Never rejects. */
  announce(): Promise<void>
  /** Called when somebody's access has ended. */
  onEnded(listener: () => void): void
  close(): void
}

/** Parts with the knowledge of ended access. */
export interface WithEndedAccess {
  readonly endedAccess: EndedAccess
}

export interface EndedAccessDeps {
  config: { accessTokenMinutes: number }
  database: Database
  bus: Bus
  log: Logger
  nowMs(): number
  after(ms: number, run: () => void): () => void
}

/** Clocks differ between edges, and a transaction commits later than it looked at the clock. */
const slackMs = 60_000

/** Knows nothing until the first `announce`, which the start of an edge awaits. */
export function createEndedAccess({
  config,
  database,
  bus,
  log,
  nowMs,
  after,
}: EndedAccessDeps): EndedAccess {
  const lifeMs = config.accessTokenMinutes * 60_000 + slackMs
  /** By sign-in, and by account; the value is when it ended. A sign-in never comes back, an account may. */
  const sessions = new Map<string, number>()
  const accounts = new Map<string, number>()
  const listeners: (() => void)[] = []
  let lookedAtMs: number | null = null

  const read = async (): Promise<void> => {
    const atMs = nowMs()
    const since = new Date(Math.max(atMs - lifeMs, lookedAtMs === null ? 0 : lookedAtMs - slackMs))
    const db = database.kysely
    const [ended, deactivated] = await Promise.all([
      db
        .selectFrom('sessions')
        .select(['family_id as id', 'revoked_at as at'])
        .where('revoked_at', '>', since)
        .execute(),
      db
        .selectFrom('users')
        .select(['id', 'deactivated_at as at'])
        .where('deactivated_at', '>', since)
        .execute(),
    ])
    lookedAtMs = atMs
    let news = false
    for (const [known, rows] of [
      [sessions, ended],
      [accounts, deactivated],
    ] as const)
      for (const { id, at } of rows) {
        if (known.get(id) === at!.getTime()) continue
        known.set(id, at!.getTime())
        news = true
      }
    for (const known of [sessions, accounts])
      for (const [id, endedAtMs] of known) if (endedAtMs < atMs - lifeMs) known.delete(id)
    if (news) for (const listener of listeners) listener()
  }
  const looks = createLooks(
    { bus, log, after },
    read,
    'ended sign-ins could not be read; looking again',
  )
  return {
    hasEnded({ userId, sessionId, issuedAtMs = 0 }) {
      if (sessionId !== undefined && sessions.has(sessionId)) return true
      const deactivatedAtMs = accounts.get(userId)
      return deactivatedAtMs !== undefined && issuedAtMs <= deactivatedAtMs
    },
    announce: looks.announce,
    onEnded(listener) {
      listeners.push(listener)
    },
    close: looks.close,
  }
}
