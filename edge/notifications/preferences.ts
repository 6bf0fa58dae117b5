/**
 * The wishes of a person by kind and channel. The inbox and devices have a kind until it is turned
 * off; mail and SMS have it once it is turned on.
 */
import { sql, type Kysely } from 'kysely'
import type { Tables } from '../../migrations/database/tables.ts'
import {
  canTurnOff,
  channelsOf,
  notificationChannels,
  notificationKindNames,
  wantedByDefault,
  rowOfKind,
  type Audience,
  type NotificationChannel,
  type NotificationKind,
} from '../../protocol/notifications/kinds.ts'
import { invalid } from '../kernel/validate.ts'

export interface Wish {
  kind: NotificationKind
  channel: NotificationChannel
  wanted: boolean
}

/** The wishes of an account for each kind that its side hears of; empty without a side. */
export async function wishesOf(
  db: Kysely<Tables>,
  accountId: string,
  side: Audience | null,
): Promise<(Wish & { can_change: boolean })[]> {
  const rows = await db
    .selectFrom('notification_preferences')
    .select(['kind', 'channel', 'wanted'])
    .where('account_id', '=', accountId)
    .execute()
  const said = new Map(rows.map(({ kind, channel, wanted }) => [`${kind} ${channel}`, wanted]))
  return notificationKindNames
    .filter(kind => side !== null && rowOfKind(kind).to.includes(side))
    .flatMap(kind =>
      channelsOf(kind).map(channel => ({
        kind,
        channel,
        wanted: said.get(`${kind} ${channel}`) ?? wantedByDefault(kind, channel),
        can_change: canTurnOff(kind, channel),
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
  side: Audience | null,
  wishes: readonly Wish[],
): Promise<void> {
  const named = new Set<string>()
  const wrong = wishes.flatMap(({ kind, channel, wanted }, i) => {
    const field = `preferences.${i}`
    const { to } = rowOfKind(kind)
    const key = `${kind} ${channel}`
    const isRepeated = named.has(key)
    named.add(key)
    if (isRepeated) return [{ field: `${field}.kind`, rule: 'is named twice' }]
    if (side === null || !to.includes(side))
      return [{ field: `${field}.kind`, rule: 'is not told to this role' }]
    if (!channelsOf(kind).includes(channel))
      return [{ field: `${field}.channel`, rule: 'is no way of this kind' }]
    if (!wanted && !canTurnOff(kind, channel))
      return [{ field: `${field}.wanted`, rule: 'cannot be turned off' }]
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

/** The channels that lead to the person now. */
export async function waysTo(
  db: Kysely<Tables>,
  accountId: string,
): Promise<NotificationChannel[]> {
  const {
    rows: [way],
  } = await sql<{ push: boolean; email: boolean; sms: boolean }>`
    select exists (select from push_devices d where d.account_id = u.id
        and not exists (select from sessions s where s.family_id = d.family_id and s.revoked_at is not null)) as push,
      u.email <> '' and u.email_verified_at is not null as email, u.phone_verified_at is not null as sms
    from users u where u.id = ${accountId}`.execute(db)
  return notificationChannels.filter(channel => channel === 'inbox' || way?.[channel] === true)
}
