/**
 * The kinds of records that a conversation can be about: one row for each. A row says who may talk
 * about the record, and when their conversation closes. A new kind is a row here.
 */
import type { Kysely } from 'kysely'
import type { Tables } from '../../migrations/database/tables.ts'
import type { ErrorCode } from '../../protocol/kernel/errors.ts'
import { orderView } from '../../protocol/orders/view-parts.ts'
import { chatLimits } from './limits.ts'

/** A record with the people who may talk about it. */
export interface Subject {
  customerId: string
  /** The pharmacy that has it or had accepted it; null when none has a claim to it. */
  pharmacyId: string | null
  /** Pharmacies that the customer may write to besides: those that answered an open request. */
  otherPharmacyIds: readonly string[]
  /** Its driver, while a delivery is under way. */
  driverId: string | null
  endedAtMs: number | null
}

async function findOrder(db: Kysely<Tables>, id: string): Promise<Subject | null> {
  const row = await db
    .selectFrom('orders')
    .select(['placed', 'progress', 'accepted_at'])
    .where('id', '=', id)
    .executeTakeFirst()
  if (row === undefined) return null
  const order = orderView(row)
  const hasEnded = order.ended_at !== null
  return {
    customerId: order.user_id,
    // A pharmacy that refused the order, or never answered, has no claim after the end.
    pharmacyId: hasEnded && row.accepted_at === null ? null : order.vendor_id,
    otherPharmacyIds:
      order.vendor_id === null && !hasEnded ? order.responses.map(one => one.vendor_id) : [],
    driverId: hasEnded ? null : order.driver_id,
    endedAtMs: order.ended_at === null ? null : Date.parse(order.ended_at),
  }
}

async function findAppointment(db: Kysely<Tables>, id: string): Promise<Subject | null> {
  const row = await db
    .selectFrom('appointments')
    .select(['user_id', 'vendor_id', 'ended_at'])
    .where('id', '=', id)
    .executeTakeFirst()
  if (row === undefined) return null
  return {
    customerId: row.user_id,
    pharmacyId: row.vendor_id,
    otherPharmacyIds: [],
    driverId: null,
    endedAtMs: row.ended_at?.getTime() ?? null,
  }
}

/** `field` names the id in the API; `missing` is the code for a record of others. */
export const abouts = {
  order: { find: findOrder, field: 'order_id', missing: 'order_not_found' },
  appointment: { find: findAppointment, field: 'appointment_id', missing: 'appointment_not_found' },
} as const satisfies Record<
  string,
  {
    find(db: Kysely<Tables>, id: string): Promise<Subject | null>
    field: string
    missing: ErrorCode
  }
>
export type AboutKind = keyof typeof abouts
/** Is it the name of a kind? */
export const isAboutKind = (kind: string): kind is AboutKind => Object.hasOwn(abouts, kind)

/** The participants of a conversation, as its row has them. */
export interface Pair {
  topic: string
  vendor_id: string | null
  driver_id: string | null
}

/** Time at which a conversation closes, ms; null while its subject goes on. */
export function closesAtMs(pair: Pair, subject: Subject, nowMs: number): number | null {
  const { endedAtMs } = subject
  switch (pair.topic) {
    case 'delivery':
      if (endedAtMs !== null) return endedAtMs + chatLimits.deliveryOpenMs
      // Another driver has the parcel now.
      return subject.driverId === pair.driver_id ? null : nowMs
    case 'pharmacy':
      // Another pharmacy has it, or nobody will.
      if (![subject.pharmacyId, ...subject.otherPharmacyIds].includes(pair.vendor_id)) return nowMs
      return endedAtMs === null ? null : endedAtMs + chatLimits.pharmacyOpenMs
    default:
      return null
  }
}
