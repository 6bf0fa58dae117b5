/** The wishes of a person by kind and channel. A kind is wanted until it is turned off. */
import type { Kysely } from 'kysely'
import type { Tables } from '../../migrations/database/tables.ts'
import {
  channelsOf,
  notificationKindNames,
  type notificationChannels,
  rowOfKind,
  type Hearer,
  type NotificationKind,
} from '../../protocol/notifications/kinds.ts'
import { invalid } from '../kernel/validate.ts'

type Channel = (typeof notificationChannels)[number]
export interface Wish {
  kind: NotificationKind
  channel: Channel
  wanted: boolean
}

/** The wishes of an account for each kind that its side hears of; empty without a side. */
export async function wishesOf(
  db: Kysely<Tables>,
  accountId: string,
  side: Hearer | null,
): Promise<(Wish & { can_change: boolean })[]> {
  const rows = await db
    .selectFrom('notification_preferences')
    .select(['kind', 'channel'])
    .where('account_id', '=', accountId)
    .where('wanted', '=', false)
    .execute()
  const off = new Set(rows.map(({ kind, channel }) => `${kind} ${channel}`))
  return notificationKindNames
    .filter(kind => side !== null && rowOfKind(kind).to.includes(side))
    .flatMap(kind =>
      channelsOf(kind).map(channel => ({
        kind,
        channel,
        wanted: !off.has(`${kind} ${channel}`),
        can_change: !rowOfKind(kind).essential,
      })),
    )
}

/**
 * Stores the wishes; the others stay. Throws `invalid_request` for a kind that the side does not
 * hear of, that cannot be turned off, or that is named twice.
 */
export async function setWishes(
  db: Kysely<Tables>,
  accountId: string,
  side: Hearer | null,
  wishes: readonly Wish[],
): Promise<void> {
  const named = new Set<string>()
  const wrong = wishes.flatMap(({ kind, channel, wanted }, i) => {
    const field = `preferences.${i}`
    const { to, essential } = rowOfKind(kind)
    const key = `${kind} ${channel}`
    const isRepeated = named.has(key)
    named.add(key)
    if (isRepeated) return [{ field: `${field}.kind`, rule: 'is named twice' }]
    if (side === null || !to.includes(side))
      return [{ field: `${field}.kind`, rule: 'is not told to this role' }]
    if (!channelsOf(kind).includes(channel))
      return [{ field: `${field}.channel`, rule: 'is no way of this kind' }]
    if (essential && !wanted) return [{ field: `${field}.wanted`, rule: 'cannot be turned off' }]
    return []
  })
  if (wrong.length > 0) throw invalid(wrong)
  await db
    .insertInto('notification_preferences')
    .values(wishes.map(wish => ({ account_id: accountId, ...wish })))
    .onConflict(conflict =>
      conflict
        .columns(['account_id', 'kind', 'channel'])
        .doUpdateSet(eb => ({ wanted: eb.ref('excluded.wanted') })),
    )
    .execute()
}
