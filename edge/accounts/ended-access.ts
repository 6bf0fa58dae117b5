/**
 * Access that ended before its token: sign-ins that were ended (logout, changed password, refresh
 * token used twice), accounts that were deactivated, and members of a pharmacy whose role changed or
 * who left. An access token is checked without a query; this list stops it at once, before its
 * minutes are over.
 *
 * The truth is in the database. A hint over the bus says "look now", and an edge that misses it
 * looks by itself a little later. Entries live as long as an access token, so the list holds the
 * logouts of about a quarter of an hour. Rejected: asking the database on every request. Rejected:
 * a list in Redis, which may forget, and then a locked-out caller is in again.
 */
import type { Logger } from 'pino'
import type { Database } from '../../migrations/database/open.ts'
import type { Bus } from '../../protocol/bus/bus.ts'
import type { MemberRole } from '../../protocol/pharmacies/members.ts'
import type { Identity } from '../kernel/identity.ts'
import { createLooks } from './looks.ts'

export interface EndedAccess {
  /**
   * Without a pharmacy, whatever was issued before the last change of the membership has ended. With
   * one, the token must say what the account is there now.
   */
  hasEnded(
    who: Pick<Identity, 'userId' | 'sessionId' | 'issuedAtMs'> &
      Partial<Pick<Identity, 'pharmacyId' | 'memberRole'>>,
  ): boolean
  /**
   * Call it after a change was committed. This edge knows the change when the promise resolves, the
   * other edges a moment later. Never rejects.
   */
  announce(): Promise<void>
  /** `listener` is called when somebody's access has ended. */
  onEnded(listener: () => void): void
  close(): void
}

/** Parts with the list of ended access. */
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

/**
 * Tolerance for clocks that differ between edges, and for transactions that commit after they read
 * the clock.
 */
const slackMs = 60_000

/** A membership in one word. Tokens of earlier releases are of owners. */
const membership = (pharmacyId: string | null, role: MemberRole = 'owner'): string =>
  pharmacyId === null ? '' : `${pharmacyId} ${role}`

/** The list is empty until the first `announce`, which the start of an edge awaits. */
export function createEndedAccess({
  config,
  database,
  bus,
  log,
  nowMs,
  after,
}: EndedAccessDeps): EndedAccess {
  const lifeMs = config.accessTokenMinutes * 60_000 + slackMs
  /** Times of end by sign-in and by account. A sign-in never comes back; an account may. */
  const sessions = new Map<string, number>()
  const accounts = new Map<string, number>()
  /** By account: the membership since its last change. */
  const members = new Map<string, { atMs: number; now: string }>()
  const listeners: (() => void)[] = []
  let lookedAtMs: number | null = null

  const read = async (): Promise<void> => {
    const atMs = nowMs()
    const since = new Date(Math.max(atMs - lifeMs, lookedAtMs === null ? 0 : lookedAtMs - slackMs))
    const db = database.kysely
    const [ended, deactivated, changed] = await Promise.all([
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
      db
        .selectFrom('members as changed')
        .leftJoin('members as present', join =>
          join.onRef('present.user_id', '=', 'changed.user_id').on('present.ended_at', 'is', null),
        )
        .select([
          'changed.user_id',
          'changed.changed_at as at',
          'present.vendor_id',
          'present.role',
        ])
        .where('changed.changed_at', '>', since)
        .where('changed.user_id', 'is not', null)
        .orderBy('changed.changed_at')
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
    // The last change of an account counts.
    const lastChanges = new Map(changed.map(row => [row.user_id!, row]))
    for (const [id, { at, vendor_id, role }] of lastChanges) {
      const change = { atMs: at!.getTime(), now: membership(vendor_id, role ?? undefined) }
      const known = members.get(id)
      if (known?.atMs === change.atMs && known.now === change.now) continue
      members.set(id, change)
      news = true
    }
    for (const [id, { atMs: changedAtMs }] of members)
      if (changedAtMs < atMs - lifeMs) members.delete(id)
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
    hasEnded({ userId, sessionId, issuedAtMs = 0, pharmacyId, memberRole }) {
      if (sessionId !== undefined && sessions.has(sessionId)) return true
      const changed = members.get(userId)
      // A token that is clearly younger may know of a change of which this edge has not heard.
      if (changed !== undefined && issuedAtMs <= changed.atMs + slackMs) {
        const isOver =
          pharmacyId === undefined
            ? issuedAtMs <= changed.atMs
            : pharmacyId !== null && membership(pharmacyId, memberRole) !== changed.now
        if (isOver) return true
      }
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
