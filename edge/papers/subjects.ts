/**
 * Who may read, open and hand in the papers of a record, and for which purpose. It is a join each
 * time: a driver who leaves a pharmacy takes the papers along, and an order that ends takes the
 * prescription from those who did not get it.
 */
import { sql, type Kysely } from 'kysely'
import type { Tables } from '../../migrations/database/tables.ts'
import { orderView } from '../../protocol/orders/view-parts.ts'
import { standingOf } from '../../protocol/orders/visibility.ts'
import type { PaperSubject } from '../../protocol/papers/kinds.ts'
import { principalOf, type Identity } from '../kernel/identity.ts'
import { memberRoleOf } from '../kernel/member-rights.ts'

export interface Subject {
  kind: PaperSubject
  id: string
}
/** Why somebody opens a paper, for the audit trail. */
export type ReadingPurpose =
  | 'own_paper'
  | 'own_order'
  | 'own_appointment'
  | 'employer'
  | 'decide'
  | 'dispense'
  | 'appointment'
  | 'oversight'
  | 'review'

export interface Access {
  /** Null: the caller sees that the paper exists and its state, and does not open the file. */
  purpose: ReadingPurpose | null
  mayHandIn: boolean
}

const open = (purpose: ReadingPurpose, mayHandIn = false): Access => ({ purpose, mayHandIn })

/** Null for a caller for whom the record's papers do not exist, and for a record that is not there. */
export async function accessTo(
  db: Kysely<Tables>,
  identity: Identity,
  { kind, id }: Subject,
  nowMs: number,
): Promise<Access | null> {
  const { role, userId, pharmacyId, driverId } = identity
  const isAdmin = role === 'admin'
  // Who may not work reads the own papers alone.
  const works = (identity.standing?.access ?? 'full') === 'full'
  switch (kind) {
    case 'person': {
      if (id === userId) return open('own_paper', true)
      if (isAdmin) return (await exists(db, 'users', id)) ? open('oversight', true) : null
      if (pharmacyId === null || role !== 'vendor' || !works) return null
      // An employer sees which papers are there, and may hand them in; the papers stay the person's.
      const employed = await db
        .selectFrom('drivers')
        .select('id')
        .where('user_id', '=', id)
        .where('vendor_id', '=', pharmacyId)
        .where('membership', '=', 'active')
        .executeTakeFirst()
      return employed !== undefined || (await isOwnersMember(db, identity, id))
        ? { purpose: null, mayHandIn: true }
        : null
    }
    case 'pharmacy':
      if (role === 'vendor' && id === pharmacyId) return open('own_paper', true)
      return isAdmin && (await exists(db, 'vendors', id)) ? open('oversight', true) : null
    case 'vehicle': {
      if (role === 'driver' && id === driverId) return open('own_paper', true)
      const driver = await db
        .selectFrom('drivers')
        .select(['vendor_id', 'membership'])
        .where('id', '=', id)
        .executeTakeFirst()
      if (driver === undefined) return null
      if (isAdmin) return open('oversight', true)
      const employs = driver.vendor_id === pharmacyId && driver.membership === 'active'
      return role === 'vendor' && works && employs ? open('employer', true) : null
    }
    case 'order': {
      const row = await db
        .selectFrom('orders')
        .select(['placed', 'progress'])
        .where('id', '=', id)
        .executeTakeFirst()
      if (row === undefined) return null
      if (isAdmin) return open('oversight', true)
      if (role === 'service' || (role === 'vendor' && pharmacyId === null)) return null
      if (role === 'driver' || !works) return null
      const order = orderView(row)
      switch (standingOf(principalOf(identity), order, nowMs)) {
        case 'customer':
          return open('own_order', true)
        case 'winner':
          return open('dispense', true)
        case 'chosen':
          return order.ended_at === null ? open('decide') : null
        default:
          return null
      }
    }
    case 'appointment': {
      const row = await db
        .selectFrom('appointments')
        .select(['user_id', 'vendor_id'])
        .where('id', '=', id)
        .executeTakeFirst()
      if (row === undefined) return null
      if (isAdmin) return open('oversight', true)
      if (row.user_id === userId) return open('own_appointment', true)
      return role === 'vendor' && works && row.vendor_id === pharmacyId
        ? open('appointment', true)
        : null
    }
  }
}

/** Owners see the papers of those who work for their pharmacy. */
const isOwnersMember = async (
  db: Kysely<Tables>,
  identity: Identity,
  userId: string,
): Promise<boolean> =>
  memberRoleOf(identity) === 'owner' &&
  (await db
    .selectFrom('members')
    .select('id')
    .where('user_id', '=', userId)
    .where('vendor_id', '=', identity.pharmacyId)
    .where('ended_at', 'is', null)
    .executeTakeFirst()) !== undefined

const exists = async (
  db: Kysely<Tables>,
  table: 'users' | 'vendors',
  id: string,
): Promise<boolean> =>
  (await db.selectFrom(table).select('id').where('id', '=', id).executeTakeFirst()) !== undefined

/** The records that are the caller's own. */
export function ownSubjects({ role, userId, pharmacyId, driverId }: Identity): Subject[] {
  const own: Subject[] = [{ kind: 'person', id: userId }]
  if (role === 'vendor' && pharmacyId !== null) own.push({ kind: 'pharmacy', id: pharmacyId })
  if (role === 'driver' && driverId !== null) own.push({ kind: 'vehicle', id: driverId })
  return own
}

/** The zone whose calendar counts for each record; UTC where there is no place. */
export async function zonesOf(
  db: Kysely<Tables>,
  subjects: readonly Subject[],
): Promise<Map<string, string>> {
  if (subjects.length === 0) return new Map()
  const { rows } = await sql<{ kind: string; id: string; time_zone: string }>`
    select s.kind, s.id, v.time_zone
    from unnest(${subjects.map(s => s.kind)}::text[], ${subjects.map(s => s.id)}::uuid[]) as s(kind, id)
    left join drivers d on (s.kind = 'vehicle' and d.id = s.id) or (s.kind = 'person' and d.user_id = s.id)
    left join orders o on s.kind = 'order' and o.id = s.id
    left join appointments a on s.kind = 'appointment' and a.id = s.id
    join vendors v on v.id = coalesce(d.vendor_id, o.vendor_id, a.vendor_id, case when s.kind = 'pharmacy' then s.id end)
      or (s.kind = 'person' and d.id is null
        and v.id = (select vendor_id from members m where m.user_id = s.id and m.ended_at is null))`.execute(
    db,
  )
  return new Map(rows.map(row => [`${row.kind} ${row.id}`, row.time_zone]))
}
