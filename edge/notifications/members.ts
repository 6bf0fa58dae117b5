/**
 * A pharmacy hears as its people: each member has the news in the own inbox, by the own wishes. An
 * event of an order, an appointment or a conversation is for everybody at the counter, a driver's
 * for those who see to drivers, and the rest for owners.
 */
import { sql, type Kysely } from 'kysely'
import type { Tables } from '../../migrations/database/tables.ts'
import { rowOfKind, type NotificationSubject } from '../../protocol/notifications/kinds.ts'
import { hasRightsOf, type MemberRole } from '../../protocol/pharmacies/members.ts'
import { notificationLimits } from './limits.ts'
import type { News, Wanted } from './news.ts'

/** The role that a member needs at least to hear of each subject. */
export const hearsFrom: Readonly<Record<NotificationSubject, MemberRole>> = {
  order: 'assistant',
  appointment: 'assistant',
  conversation: 'assistant',
  driver: 'pharmacist',
  document: 'owner',
  vendor: 'owner',
  payment: 'owner',
  account: 'owner',
}

interface MemberRow {
  vendor_id: string
  user_id: string
  role: MemberRole
  has_device: boolean
}

/**
 * The same news with one for each member in place of one for a pharmacy. Of a pharmacy the members
 * who joined first hear, at most notificationLimits.membersToldMax, and always the account in its
 * record. News for devices alone go to those who have one.
 */
export async function forMembers(
  tx: Kysely<Tables>,
  wanted: readonly Wanted[],
): Promise<(Wanted & Pick<News, 'accountId'>)[]> {
  const pharmacies = wanted.filter(({ side }) => side === 'vendor').map(one => one.recordId)
  const members = await membersOf(tx, [...new Set(pharmacies)])
  return wanted.flatMap(one =>
    one.side === 'vendor'
      ? (members.get(one.recordId) ?? [])
          .filter(
            ({ role, has_device }) =>
              hasRightsOf(role, hearsFrom[one.about.kind]) &&
              (has_device || !rowOfKind(one.kind).pushOnly),
          )
          .map(({ user_id }) => ({ ...one, accountId: user_id }))
      : [{ ...one, accountId: one.side === 'driver' ? null : one.recordId }],
  )
}

async function membersOf(
  tx: Kysely<Tables>,
  pharmacyIds: readonly string[],
): Promise<Map<string, MemberRow[]>> {
  if (pharmacyIds.length === 0) return new Map()
  const { rows } = await sql<MemberRow>`
    select vendor_id, user_id, role,
      exists (select from push_devices d where d.account_id = p.user_id) as has_device
    from (
      select m.vendor_id, m.user_id, m.role, row_number() over (
        partition by m.vendor_id order by m.user_id <> v.user_id, m.id) as place
      from members m join vendors v on v.id = m.vendor_id
      join users u on u.id = m.user_id and u.is_active
      where m.vendor_id = any(${pharmacyIds}::uuid[]) and m.ended_at is null
        and m.joined_at is not null) as p
    where place <= ${notificationLimits.membersToldMax}
    order by vendor_id, place`.execute(tx)
  const found = new Map<string, MemberRow[]>()
  for (const row of rows) found.set(row.vendor_id, [...(found.get(row.vendor_id) ?? []), row])
  return found
}
