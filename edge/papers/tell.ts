/** Tells people about their papers, in their inbox. */
import { sql, type Kysely } from 'kysely'
import type { Tables } from '../../migrations/database/tables.ts'
import type { NotificationKind } from '../../protocol/notifications/kinds.ts'
import type { Kernel } from '../kernel/kernel.ts'
import type { Wanted } from '../notifications/news.ts'
import { storeNotifications, type Stored } from '../notifications/take.ts'
import { paperLimits } from './limits.ts'
import type { DocumentRow } from './views.ts'

type Papers = Pick<DocumentRow, 'id' | 'subject_kind' | 'subject_id'>

/** The persons whose papers they are. A driver is told as one; the rest by their accounts. */
async function hearersOf(
  tx: Kysely<Tables>,
  { subject_kind, subject_id }: Papers,
): Promise<Pick<Wanted, 'side' | 'recordId'>[]> {
  switch (subject_kind) {
    case 'pharmacy':
      return [{ side: 'vendor', recordId: subject_id }]
    case 'vehicle':
      return [{ side: 'driver', recordId: subject_id }]
    case 'person': {
      const found = await tx
        .selectFrom('users')
        .leftJoin('drivers', 'drivers.user_id', 'users.id')
        .select(['users.role', 'drivers.id as driver_id'])
        .where('users.id', '=', subject_id)
        .executeTakeFirst()
      if (found === undefined) return []
      if (found.driver_id !== null) return [{ side: 'driver', recordId: found.driver_id }]
      return [{ side: found.role === 'user' ? 'customer' : 'account', recordId: subject_id }]
    }
    default: {
      const row = await tx
        .selectFrom(subject_kind === 'order' ? 'orders' : 'appointments')
        .select('user_id')
        .where('id', '=', subject_id)
        .executeTakeFirst()
      return row === undefined ? [] : [{ side: 'customer', recordId: row.user_id }]
    }
  }
}
/** Stores the news of one paper. `event` makes a repeat of it the same one. */
export async function storePaperNews(
  tx: Kysely<Tables>,
  { nowMs, random }: Pick<Kernel, 'nowMs' | 'random'>,
  paper: Papers,
  kind: NotificationKind,
  event: string,
): Promise<Stored[]> {
  const at = new Date(nowMs())
  const hearers = await hearersOf(tx, paper)
  const wanted = hearers.map(hearer => ({
    ...hearer,
    kind,
    about: { kind: 'document' as const, id: paper.id },
    data: '{}',
    eventId: `document.${paper.id}.${event}`,
    at,
  }))
  return storeNotifications(tx, wanted, at.getTime(), random)
}

/**
 * Tells pharmacies that a paper was revoked which appointments need that they have confirmed. Their
 * places stay, and the pharmacies decide. The soonest come first, at most
 * paperLimits.revocationsToldMax of them.
 */
export async function storeRevocations(
  tx: Kysely<Tables>,
  { nowMs, random }: Pick<Kernel, 'nowMs' | 'random'>,
  { id, kind, subject_kind, subject_id }: Papers & Pick<DocumentRow, 'kind'>,
): Promise<Stored[]> {
  const whose =
    subject_kind === 'appointment'
      ? sql`a.id = ${subject_id}`
      : subject_kind === 'person'
        ? sql`a.user_id = ${subject_id}`
        : null
  if (whose === null) return []
  const at = new Date(nowMs())
  const { rows } = await sql<{ id: string; vendor_id: string }>`
    select a.id, a.vendor_id from appointments a join services s on s.id = a.service_id
    where ${whose} and a.status in ('pending', 'booked', 'arrived') and a.ended_at is null
      and s.settings::jsonb->'required_documents' ? ${kind}
    order by a.start_at, a.id limit ${paperLimits.revocationsToldMax}`.execute(tx)
  const wanted = rows.map(row => ({
    side: 'vendor' as const,
    recordId: row.vendor_id,
    kind: 'appointment.paper_revoked' as const,
    about: { kind: 'appointment' as const, id: row.id },
    data: '{}',
    eventId: `document.${id}.revoked.${row.id}`,
    at,
  }))
  return storeNotifications(tx, wanted, at.getTime(), random)
}
