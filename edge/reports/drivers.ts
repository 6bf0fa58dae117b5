/**
 * Figures of a pharmacy's drivers: deliveries by the day of the delivery, offers by the day on
 * which they were made. Deliveries come from the read model. Offers are only in the journal, whose
 * primary key finds an order's events without a search.
 */
import { sql, type Kysely, type RawBuilder } from 'kysely'
import type { Tables } from '../../migrations/database/tables.ts'
import { kmToMetre } from '../../protocol/kernel/kilometres.ts'
import { decimalOfMinor } from '../../protocol/pricing/money.ts'
import { reportLimits } from './limits.ts'
import { eventsWhere } from '../orders/recorded-events.ts'
import type { DateRange } from './calendar.ts'
import { averageMinutes, ordersAround, timeOfProgress, type ReportPharmacy } from './daily.ts'

export interface DriverFigures {
  driver_id: string
  full_name: string
  is_active: boolean
  deliveries: number
  delivered_on_time: number
  returns: number
  earnings: number
  distance_km: number
  /** Average from the assignment to the pick-up of delivered orders. */
  average_pickup_minutes: number | null
  /** Average from the pick-up to the delivery. */
  average_delivery_minutes: number | null
  offers_made: number
  offers_accepted: number
  offers_declined: number
  offers_expired: number
  /** Share of the accepted among the answered and expired offers; null without any. */
  acceptance_rate: number | null
}

interface Row {
  driver_id: string
  full_name: string
  is_active: boolean
  delivered: number
  on_time: number
  returned: number
  fee_minor: number
  distance_km: number
  pickup_ms: number
  delivery_ms: number
}

/**
 * The pharmacy's drivers, also former ones, and every other driver who delivered for it or got its
 * offers in the range, busiest first, at most reportLimits.reportDriversMax. An assignment by the
 * pharmacy is not an offer.
 */
export async function driverReport(
  db: Kysely<Tables>,
  pharmacy: ReportPharmacy,
  range: DateRange,
): Promise<DriverFigures[]> {
  const inRange = (at: RawBuilder<unknown>) =>
    sql<boolean>`(${at} at time zone ${pharmacy.timeZone}::text)::date between ${range.from}::date and ${range.to}::date`
  const offers = await offersOf(db, pharmacy, range, inRange)
  const { rows } = await sql<Row>`
    with mine as (
      select id, driver_id, status, accepted_at, delivered_at,
        case when currency = ${pharmacy.currency} then delivery_fee_minor end as delivery_fee_minor, actual_distance_km, progress
      from orders where ${ordersAround(pharmacy, range)}
    ), carried as (
      select driver_id, status, delivered_at, accepted_at, delivery_fee_minor, actual_distance_km,
        ${timeOfProgress('driver_assigned_at')} as assigned_at, ${timeOfProgress('picked_up_at')} as picked_up_at
      from mine
      where (status = 'delivered' and ${inRange(sql`delivered_at`)}) or (status = 'returned' and ${inRange(timeOfProgress('ended_at'))})
    ), deliveries as (
      select driver_id,
        count(*) filter (where status = 'delivered')::integer as delivered,
        count(*) filter (where status = 'returned')::integer as returned,
        count(*) filter (where status = 'delivered' and delivered_at - accepted_at <= make_interval(mins => ${pharmacy.promiseMinutes}::integer))::integer as on_time,
        sum(delivery_fee_minor) filter (where status = 'delivered') as fee_minor,
        sum(actual_distance_km) filter (where status = 'delivered') as distance_km,
        sum(extract(epoch from picked_up_at - assigned_at) * 1000) filter (where status = 'delivered') as pickup_ms,
        sum(extract(epoch from delivered_at - picked_up_at) * 1000) filter (where status = 'delivered') as delivery_ms
      from carried group by driver_id
    )
    select d.id as driver_id, d.full_name, d.is_active,
      coalesce(delivered, 0) as delivered, coalesce(on_time, 0) as on_time, coalesce(returned, 0) as returned,
      coalesce(fee_minor, 0) as fee_minor, coalesce(distance_km, 0) as distance_km,
      coalesce(pickup_ms, 0) as pickup_ms, coalesce(delivery_ms, 0) as delivery_ms
    from drivers d left join deliveries on deliveries.driver_id = d.id
    where d.vendor_id = ${pharmacy.id} or deliveries.driver_id is not null or d.id = any(${[...offers.keys()]}::uuid[])
    order by delivered desc, d.id limit ${reportLimits.reportDriversMax}`.execute(db)
  return rows.map(row =>
    figuresOf(
      row,
      offers.get(row.driver_id) ?? { made: 0, accepted: 0, declined: 0, expired: 0 },
      pharmacy.currency,
    ),
  )
}

interface Offers {
  made: number
  accepted: number
  declined: number
  expired: number
}

/** The offers made in the range and their ends, by driver. */
async function offersOf(
  db: Kysely<Tables>,
  pharmacy: ReportPharmacy,
  range: DateRange,
  inRange: (at: RawBuilder<unknown>) => RawBuilder<boolean>,
): Promise<Map<string, Offers>> {
  const byDriver = new Map<string, Offers>()
  /** Offers of the present order, made in the range and not answered yet. */
  const open = new Map<string, Offers>()
  let orderId = ''
  const events = sql`type in ('offer_made', 'offer_closed', 'driver_assigned') and actor_id in (select id from orders where ${ordersAround(pharmacy, range)})`
  for await (const { actorId, event, extra: counts } of eventsWhere(db, events, inRange(sql`at`))) {
    if (actorId !== orderId) open.clear()
    orderId = actorId
    if (event.type === 'offer_made' && event.data.mode === 'offer' && counts) {
      const offers = byDriver.get(event.data.driver_id) ?? {
        made: 0,
        accepted: 0,
        declined: 0,
        expired: 0,
      }
      byDriver.set(event.data.driver_id, offers)
      offers.made++
      open.set(event.data.offer_id, offers)
    }
    if (event.type !== 'offer_closed' && event.type !== 'driver_assigned') continue
    const offers = open.get(event.data.offer_id)
    open.delete(event.data.offer_id)
    if (offers === undefined) continue
    const outcome = event.type === 'driver_assigned' ? 'accepted' : event.data.outcome
    if (outcome === 'accepted' || outcome === 'declined' || outcome === 'expired') offers[outcome]++
  }
  return byDriver
}

function figuresOf(
  row: Row,
  { made, accepted, declined, expired }: Offers,
  currency: string,
): DriverFigures {
  const answered = accepted + declined + expired
  return {
    driver_id: row.driver_id,
    full_name: row.full_name,
    is_active: row.is_active,
    deliveries: row.delivered,
    delivered_on_time: row.on_time,
    returns: row.returned,
    earnings: decimalOfMinor(row.fee_minor, currency),
    distance_km: kmToMetre(row.distance_km),
    average_pickup_minutes: averageMinutes(row.pickup_ms, row.delivered),
    average_delivery_minutes: averageMinutes(row.delivery_ms, row.delivered),
    offers_made: made,
    offers_accepted: accepted,
    offers_declined: declined,
    offers_expired: expired,
    acceptance_rate: answered === 0 ? null : Math.round((accepted / answered) * 1000) / 1000,
  }
}
