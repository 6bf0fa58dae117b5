/**
 * A driver's figures, always computed by query. Earnings and the minutes of each leg come from the
 * rows of orders, answers to offers from the driver's events. Days and weeks are those of the
 * pharmacy's time zone; the database knows its clock changes.
 *
 * Rejected: counters that are raised with each event. They cannot answer for another week, and they
 * drift.
 */
import { statusesWith } from '../../protocol/orders/statuses.ts'
import { sql, type Kysely } from 'kysely'
import type { Tables } from '../../migrations/database/tables.ts'
import { timeOfProgress } from '../reports/daily.ts'
import { eventsWhere } from '../orders/recorded-events.ts'

type Db = Kysely<Tables>

/** Days of the pharmacy's calendar, both included, as YYYY-MM-DD. */
export interface Period {
  from: string
  to: string
}

export interface EarningsRow {
  date: string
  deliveries: number
  minor: number
}
export interface DeliveryRow {
  id: string
  order_number: string
  delivered_at: Date
  actual_distance_km: number | null
  minor: number | null
  currency: string
}

/** The calendar day of a moment (ms) in a time zone that the database knows. */
export async function dayOf(db: Db, atMs: number, timeZone: string): Promise<string> {
  const {
    rows: [row],
  } = await sql<{
    day: string
  }>`select to_char(${new Date(atMs)}::timestamptz at time zone ${timeZone}, 'YYYY-MM-DD') as day`.execute(
    db,
  )
  return row!.day
}

/** The moments at which the period begins and ends. */
const begins = ({ from }: Period, timeZone: string) =>
  sql<Date>`(${from}::date::timestamp at time zone ${timeZone})`
const ends = ({ to }: Period, timeZone: string) =>
  sql<Date>`((${to}::date + 1)::timestamp at time zone ${timeZone})`

const deliveredOf = (db: Db, driverId: string, period: Period, timeZone: string) =>
  db
    .selectFrom('orders')
    .where('driver_id', '=', driverId)
    .where('status', '=', 'delivered')
    .where('delivered_at', '>=', begins(period, timeZone))
    .where('delivered_at', '<', ends(period, timeZone))

/**
 * Deliveries, and the earnings of those in `currency`, by day or by week (named by its Monday),
 * newest first. Days and weeks without deliveries are left out.
 */
export async function earningsBy(
  db: Db,
  unit: 'day' | 'week',
  driverId: string,
  currency: string,
  period: Period,
  timeZone: string,
): Promise<EarningsRow[]> {
  return deliveredOf(db, driverId, period, timeZone)
    .select([
      sql<string>`to_char(date_trunc(${sql.lit(unit)}, delivered_at at time zone ${timeZone}), 'YYYY-MM-DD')`.as(
        'date',
      ),
      sql<number>`count(*)`.as('deliveries'),
      sql<number>`coalesce(sum(delivery_fee_minor) filter (where currency = ${currency}), 0)`.as(
        'minor',
      ),
    ])
    .groupBy('date')
    .orderBy('date', 'desc')
    .execute()
}

/** Each delivery with its fee, newest first; `afterId` is the last id of the page before. */
export async function deliveriesOf(
  db: Db,
  driverId: string,
  period: Period,
  timeZone: string,
  rowsMax: number,
  afterId: string | undefined,
): Promise<DeliveryRow[]> {
  let query = deliveredOf(db, driverId, period, timeZone).select([
    'id',
    'order_number',
    'delivered_at',
    'actual_distance_km',
    'delivery_fee_minor as minor',
    'currency',
  ])
  if (afterId !== undefined)
    query = query.where(
      sql<boolean>`(delivered_at, orders.id) < ((select delivered_at from orders where id = ${afterId}::uuid), ${afterId}::uuid)`,
    )
  return (await query
    .orderBy('delivered_at', 'desc')
    .orderBy('id', 'desc')
    .limit(rowsMax)
    .execute()) as DeliveryRow[]
}

export interface OfferFigures {
  offered: number
  accepted: number
  declined: number
  expired: number
  assigned: number
}

/**
 * Answers to the offers of the period. An offer that the order withdrew, or whose driver went off
 * duty, counts as no answer. `assigned`: the pharmacy assigned the order by hand and did not ask.
 */
export async function offerFigures(
  db: Db,
  driverId: string,
  period: Period,
  timeZone: string,
): Promise<OfferFigures> {
  const offers = new Map<
    string,
    { mode: 'offer' | 'assign'; taken: boolean; outcome: string | null }
  >()
  const mine = sql`actor_id = ${driverId}::uuid and kind = 'driver' and type in ('offer_held', 'offer_released', 'order_assigned')
    and at >= ${begins(period, timeZone)} and at < ${ends(period, timeZone)}`
  for await (const { event } of eventsWhere(db, mine, sql<null>`null`)) {
    if (event.type === 'offer_held')
      offers.set(event.data.offer_id, { mode: event.data.mode, taken: false, outcome: null })
    if (event.type !== 'order_assigned' && event.type !== 'offer_released') continue
    // An offer that was held before the period counts in the period of its beginning.
    const offer = offers.get(event.data.offer_id)
    if (offer === undefined) continue
    if (event.type === 'order_assigned') offer.taken = true
    else offer.outcome = event.data.outcome
  }
  const figures: OfferFigures = { offered: 0, accepted: 0, declined: 0, expired: 0, assigned: 0 }
  for (const { mode, taken, outcome } of offers.values()) {
    if (mode === 'assign') figures.assigned += taken ? 1 : 0
    if (mode !== 'offer') continue
    figures.offered++
    if (taken) figures.accepted++
    else if (outcome === 'declined' || outcome === 'expired') figures[outcome]++
  }
  return figures
}

/**
 * Counts, and averages in minutes; an average is null when no delivery of the period has both ends
 * of the leg.
 */
export interface LegFigures {
  delivered: number
  failed: number
  on_time: number
  to_pickup_minutes: number | null
  at_pickup_minutes: number | null
  to_dropoff_minutes: number | null
  at_dropoff_minutes: number | null
  total_minutes: number | null
}

const undelivered = [...statusesWith('undelivered', true)]

/**
 * Legs of the deliveries that ended in the period, from the times in their rows. A delivery is on
 * time within `promiseMinutes` of the pharmacy's acceptance.
 */
export async function legFigures(
  db: Db,
  driverId: string,
  period: Period,
  timeZone: string,
  promiseMinutes: number,
): Promise<LegFigures> {
  const minutes = (from: string, to: string, name: string) =>
    sql`round((avg(extract(epoch from ${sql.ref(to)} - ${sql.ref(from)})) / 60)::numeric, 1) as ${sql.ref(name)}`
  const {
    rows: [row],
  } = await sql<LegFigures>`
    with legs as (
      select ${timeOfProgress('accepted_at')} as accepted, delivered_at as delivered, ${timeOfProgress('driver_assigned_at')} as assigned, ${timeOfProgress('arrived_at_pickup_at')} as reached,
        ${timeOfProgress('picked_up_at')} as picked_up, ${timeOfProgress('arrived_at_dropoff_at')} as arrived
      from orders where driver_id = ${driverId}::uuid and (
        (delivered_at >= ${begins(period, timeZone)} and delivered_at < ${ends(period, timeZone)})
        or (status = any(${undelivered}) and updated_at >= ${begins(period, timeZone)} and updated_at < ${ends(period, timeZone)}))
    )
    select count(delivered) as delivered, count(*) - count(delivered) as failed,
      count(*) filter (where delivered - accepted <= ${promiseMinutes} * interval '1 minute') as on_time,
      ${sql.join([
        minutes('assigned', 'reached', 'to_pickup_minutes'),
        minutes('reached', 'picked_up', 'at_pickup_minutes'),
        minutes('picked_up', 'arrived', 'to_dropoff_minutes'),
        minutes('arrived', 'delivered', 'at_dropoff_minutes'),
        minutes('assigned', 'delivered', 'total_minutes'),
      ])}
    from legs`.execute(db)
  return row!
}
