/** The inbox of an account in the database: its rows, their number, and their marks. */
import type { Kysely } from 'kysely'
import type { Tables } from '../../migrations/database/tables.ts'
import { CaduceusError } from '../../protocol/kernel/errors.ts'
import { notificationKindNames, type NotificationKind } from '../../protocol/notifications/kinds.ts'
import { notificationLimits } from './limits.ts'

const dayMs = 24 * 3_600_000
/** Notifications from this time on are kept. */
export const keptSince = (nowMs: number): Date =>
  new Date(nowMs - notificationLimits.keptDays * dayMs)

/**
 * The notifications of an account. A kind that a newer release has stored has no text here, so it
 * is left out.
 */
const own = (db: Kysely<Tables>, accountIds: readonly string[]) =>
  db
    .selectFrom('notifications')
    .where('account_id', 'in', accountIds)
    .where('kind', 'in', notificationKindNames)

/** The newest notifications before `cursor`, at most `rowsMax`. */
export async function newestOf(
  db: Kysely<Tables>,
  accountId: string,
  nowMs: number,
  cursor: string | undefined,
  rowsMax: number,
) {
  let query = own(db, [accountId]).selectAll().where('at', '>', keptSince(nowMs))
  if (cursor !== undefined) query = query.where('id', '<', cursor)
  const rows = await query.orderBy('id', 'desc').limit(rowsMax).execute()
  return rows.map(row => ({ ...row, kind: row.kind as NotificationKind }))
}

/** The number of unread notifications by account; an account without any is missing. */
export async function unreadOf(
  db: Kysely<Tables>,
  accountIds: readonly string[],
): Promise<Map<string, number>> {
  if (accountIds.length === 0) return new Map()
  const rows = await own(db, accountIds)
    .select(['account_id', eb => eb.fn.countAll<number>().as('unread')])
    .where('read_at', 'is', null)
    .groupBy('account_id')
    .execute()
  return new Map(rows.map(row => [row.account_id, Number(row.unread)]))
}

/** One mark: everything up to an id, or single ids. */
export type Mark = { through: string } | { ids: readonly string[] }

/**
 * Marks notifications as read and returns the number of those that changed. A mark is never taken
 * back, and its first time stays. Throws `not_found` for an id that is not one of the account's;
 * then nothing is marked.
 */
export async function markRead(
  db: Kysely<Tables>,
  accountId: string,
  mark: Mark,
  nowMs: number,
): Promise<number> {
  const ids = [...new Set('through' in mark ? [mark.through] : mark.ids)]
  return db.transaction().execute(async tx => {
    const known = await own(tx, [accountId]).select('id').where('id', 'in', ids).execute()
    if (known.length < ids.length) throw new CaduceusError('not_found', 'no such notification')
    const { numUpdatedRows } = await tx
      .updateTable('notifications')
      .set({ read_at: new Date(nowMs) })
      .where('account_id', '=', accountId)
      .where('read_at', 'is', null)
      .where(eb => ('through' in mark ? eb('id', '<=', mark.through) : eb('id', 'in', ids)))
      .executeTakeFirst()
    return Number(numUpdatedRows)
  })
}
