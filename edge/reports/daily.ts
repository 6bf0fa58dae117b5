/**
 * Daily figures of a pharmacy. Each figure counts by its own moment: an order that was accepted
 * before midnight and delivered after it counts in two days, once in each figure, so that the days
 * of a month add up to the month.
 *
 * The figures come from the read model, which the journal writes in the transaction of the event.
 * They agree with the journal at any moment, and a test recomputes them from the events.
 *
 * Rejected: counters that events increase, which would have to be rebuilt whenever a definition or
 * a pharmacy's time zone changes.
 */
import { statusesWith } from '../../protocol/orders/statuses.ts'
import { sql, type Kysely } from 'kysely'
import type { Tables } from '../../migrations/database/tables.ts'
import { kmToMetre } from '../../protocol/kernel/kilometres.ts'
import { decimalOfMinor } from '../../protocol/pricing/money.ts'
import { datesOf, type DateRange } from './calendar.ts'

/** The facts of a pharmacy that a report needs. */
export interface ReportPharmacy {
  id: string
  timeZone: string
  promiseMinutes: number
  /** Currency of the sums of money; amounts in other currencies are left out. */
  currency: string
}

export interface Figures {
  orders_received: number
  orders_accepted: number
  orders_rejected: number
  orders_cancelled: number
  orders_delivered: number
  orders_returned: number
  delivered_on_time: number
  delivery_fees: number
  distance_km: number
  average_accept_minutes: number | null
  average_delivery_minutes: number | null
}

/** Sums from which averages over any number of days can be computed. */
interface Sums {
  received: number
  accepted: number
  rejected: number
  cancelled: number
  delivered: number
  returned: number
  on_time: number
  fee_minor: number
  distance_km: number
  accept_ms: number
  delivery_ms: number
}
const noSums: Sums = {
  received: 0,
  accepted: 0,
  rejected: 0,
  cancelled: 0,
  delivered: 0,
  returned: 0,
  on_time: 0,
  fee_minor: 0,
  distance_km: 0,
  accept_ms: 0,
  delivery_ms: 0,
}

/**
 * A time of an order's progress, found in its text. Each JSON function of the database fails on a
 * whole document with U+0000 or half a surrogate pair anywhere in it, and one customer's note would
 * make a pharmacy's reports fail. Quotes inside a text are escaped, so no text can look like this
 * field.
 */
export const timeOfProgress = (field: string) =>
  sql`substring(progress::text from ${sql.lit(`"${field}":"([^"]*)"`)})::timestamptz`

/** Time at which an order came to its pharmacy. */
export const receivedAt = sql<Date>`case kind when 'direct' then created_at else accepted_at end`

/**
 * Orders of the pharmacy that can have a moment in the range; the days themselves are compared by
 * date.
 */
export const ordersAround = (
  pharmacy: Pick<ReportPharmacy, 'id' | 'timeZone'>,
  range: DateRange,
) => sql`
  vendor_id = ${pharmacy.id}
  and created_at < (${range.to}::date + 2)::timestamp at time zone ${pharmacy.timeZone}::text
  and updated_at >= (${range.from}::date - 1)::timestamp at time zone ${pharmacy.timeZone}::text`

/** End statuses whose time has no column of its own. */
const toldByEnd = [...statusesWith('reachedAt', 'ended_at')]

/** Every day of the range, also days without orders, and their total. */
export async function dailyReport(
  db: Kysely<Tables>,
  pharmacy: ReportPharmacy,
  range: DateRange,
): Promise<{ days: (Figures & { date: string })[]; total: Figures }> {
  const { rows } = await sql<Sums & { date: string }>`
    with mine as (
      select ${receivedAt} as received_at, created_at, accepted_at, delivered_at, case when currency = ${pharmacy.currency} then delivery_fee_minor end as delivery_fee_minor, actual_distance_km, status,
        case when status = any(${toldByEnd}) then ${timeOfProgress('ended_at')} end as ended_at
      from orders where ${ordersAround(pharmacy, range)}
    ), moments as (
      select what, (at at time zone ${pharmacy.timeZone}::text)::date as date, mine.*
      from mine, lateral (values ('received', received_at), ('accepted', accepted_at), ('delivered', delivered_at), (status, ended_at)) as moment(what, at)
      where at is not null
    )
    select date::text as date,
      count(*) filter (where what = 'received')::integer as received,
      count(*) filter (where what = 'accepted')::integer as accepted,
      count(*) filter (where what = 'rejected')::integer as rejected,
      count(*) filter (where what = 'cancelled')::integer as cancelled,
      count(*) filter (where what = 'delivered')::integer as delivered,
      count(*) filter (where what = 'returned')::integer as returned,
      count(*) filter (where what = 'delivered' and delivered_at - accepted_at <= make_interval(mins => ${pharmacy.promiseMinutes}::integer))::integer as on_time,
      coalesce(sum(delivery_fee_minor) filter (where what = 'delivered'), 0) as fee_minor,
      coalesce(sum(actual_distance_km) filter (where what = 'delivered'), 0) as distance_km,
      coalesce(sum(extract(epoch from accepted_at - created_at) * 1000) filter (where what = 'accepted'), 0) as accept_ms,
      coalesce(sum(extract(epoch from delivered_at - accepted_at) * 1000) filter (where what = 'delivered'), 0) as delivery_ms
    from moments where date between ${range.from}::date and ${range.to}::date
    group by date`.execute(db)

  const byDate = new Map(rows.map(row => [row.date, row]))
  const total = { ...noSums }
  for (const row of rows)
    for (const name of Object.keys(noSums) as (keyof Sums)[]) total[name] += row[name]
  return {
    days: datesOf(range).map(date => ({
      date,
      ...figuresOf(byDate.get(date) ?? noSums, pharmacy.currency),
    })),
    total: figuresOf(total, pharmacy.currency),
  }
}

function figuresOf(sums: Sums, currency: string): Figures {
  return {
    orders_received: sums.received,
    orders_accepted: sums.accepted,
    orders_rejected: sums.rejected,
    orders_cancelled: sums.cancelled,
    orders_delivered: sums.delivered,
    orders_returned: sums.returned,
    delivered_on_time: sums.on_time,
    delivery_fees: decimalOfMinor(sums.fee_minor, currency),
    distance_km: kmToMetre(sums.distance_km),
    average_accept_minutes: averageMinutes(sums.accept_ms, sums.accepted),
    average_delivery_minutes: averageMinutes(sums.delivery_ms, sums.delivered),
  }
}

/** Average in minutes, to a hundredth; null without a value. */
export const averageMinutes = (ms: number, count: number): number | null =>
  count === 0 ? null : Math.round(ms / count / 600) / 100
