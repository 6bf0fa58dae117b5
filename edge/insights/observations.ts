/**
 * Observations: one for each event that a metric counts, with its local time, its person and its
 * driver. They are read from the read model, which the journal writes in the transaction of the
 * event, and from the journal itself where the read model keeps too little.
 *
 * An observation is dated by the moment at which its outcome was certain. So a week that is over
 * never changes any more.
 */
import { sql, type Kysely, type RawBuilder } from 'kysely'
import type { Tables } from '../../migrations/database/tables.ts'
import { eventsWhere } from '../orders/recorded-events.ts'
import type { DateRange } from '../reports/calendar.ts'
import { ordersAround, timeOfProgress, type ReportPharmacy } from '../reports/daily.ts'

export type InsightPharmacy = Pick<ReportPharmacy, 'id' | 'timeZone' | 'promiseMinutes'>

export interface Observation {
  /** Local date. */
  date: string
  /** Local hour, 00 to 23. */
  hour: string
  personId: string
  /** Null where no driver has a part in it. */
  driverId: string | null
  /** The pharmacy's service of an appointment; null for orders. */
  serviceId: string | null
  /** Of a share: 1 or 0. Otherwise minutes. */
  value: number
}

/** Reads the observations of a pharmacy in a range of local days. */
export type Source = (
  db: Kysely<Tables>,
  pharmacy: InsightPharmacy,
  range: DateRange,
) => Promise<Observation[]>

interface Row {
  local: string
  person: string
  driver: string | null
  service?: string
  value: number
}
const observation = ({ local, person, driver, service, value }: Row): Observation => ({
  date: local.slice(0, 10),
  hour: local.slice(11),
  personId: person,
  driverId: driver,
  serviceId: service ?? null,
  value,
})

/** The time in minutes from one moment to another. */
const minutesBetween = (from: RawBuilder<unknown>, to: RawBuilder<unknown>) =>
  sql<number>`extract(epoch from ${to} - ${from})::double precision / 60`
const oneIf = (condition: RawBuilder<unknown>) => sql<number>`(${condition})::integer`

interface Counted {
  /** The orders that count. */
  where: RawBuilder<unknown>
  at: RawBuilder<unknown>
  value: RawBuilder<number>
}

async function observed(
  db: Kysely<Tables>,
  { timeZone }: InsightPharmacy,
  { from, to }: DateRange,
  { where, at, value }: Counted,
): Promise<Observation[]> {
  const { rows } = await sql<Row>`
    select to_char(at at time zone ${timeZone}::text, 'YYYY-MM-DD HH24') as local, person, driver, value
    from (select ${at} as at, user_id as person, driver_id as driver, ${value} as value
      from orders where ${where}) counted
    where (at at time zone ${timeZone}::text)::date between ${from}::date and ${to}::date`.execute(
    db,
  )
  return rows.map(observation)
}

/** A source that counts orders of the pharmacy. */
const ordersOf =
  (of: (pharmacy: InsightPharmacy) => Counted): Source =>
  (db, pharmacy, range) => {
    const { where, ...counted } = of(pharmacy)
    return observed(db, pharmacy, range, {
      ...counted,
      where: sql`${ordersAround(pharmacy, range)} and ${where}`,
    })
  }

const acceptedAt = sql.ref('accepted_at')
const createdAt = sql.ref('created_at')
const deliveredAt = sql.ref('delivered_at')
const pickedUpAt = timeOfProgress('picked_up_at')
const endedAt = timeOfProgress('ended_at')
const isRequest = sql`kind = 'broadcast'`
const isDelivered = sql`status = 'delivered'`

/** Requests that asked the pharmacy and were claimed by somebody or expired. */
export const claims: Source = (db, pharmacy, range) =>
  observed(db, pharmacy, range, {
    // A request lives for an hour at most, so a day more is enough for every zone.
    where: sql`${isRequest} and ${pharmacy.id}::uuid = any(candidate_ids)
      and created_at >= (${range.from}::date - 2)::timestamp at time zone 'UTC'
      and created_at < (${range.to}::date + 3)::timestamp at time zone 'UTC'
      and (accepted_at is not null or status = 'expired')`,
    at: sql`coalesce(accepted_at, ${endedAt})`,
    value: oneIf(sql`accepted_at is not null and vendor_id = ${pharmacy.id}::uuid`),
  })
export const claimTimes = ordersOf(() => ({
  where: sql`${isRequest} and accepted_at is not null`,
  at: acceptedAt,
  value: minutesBetween(createdAt, acceptedAt),
}))
export const pickUpTimes = ordersOf(() => ({
  where: sql`${pickedUpAt} is not null`,
  at: pickedUpAt,
  value: minutesBetween(acceptedAt, pickedUpAt),
}))
export const doorTimes = ordersOf(() => ({
  where: isDelivered,
  at: deliveredAt,
  value: minutesBetween(createdAt, deliveredAt),
}))
export const punctuality = ordersOf(({ promiseMinutes }) => ({
  where: isDelivered,
  at: deliveredAt,
  value: oneIf(
    sql`delivered_at - accepted_at <= make_interval(mins => ${promiseMinutes}::integer)`,
  ),
}))
export const returns = ordersOf(() => ({
  where: sql`(delivered_at is not null or status = 'returned')`,
  at: sql`coalesce(delivered_at, ${endedAt})`,
  value: oneIf(sql`status = 'returned'`),
}))

/** Offers that a driver answered or let expire. Only the journal has them. */
export const offers: Source = async (db, pharmacy, range) => {
  const observations: Observation[] = []
  /** Drivers of the open offers of the present order; an assignment by hand is no offer. */
  const open = new Map<string, string>()
  let orderId = ''
  const { timeZone } = pharmacy
  const told = sql`type in ('offer_made', 'offer_closed', 'driver_assigned')
    and actor_id in (select id from orders where ${ordersAround(pharmacy, range)})`
  const extra = sql<
    [string, string]
  >`array[to_char(at at time zone ${timeZone}::text, 'YYYY-MM-DD HH24'),
    (select user_id::text from orders where id = actor_id)]`
  for await (const {
    actorId,
    event,
    extra: [local, person],
  } of eventsWhere(db, told, extra)) {
    if (actorId !== orderId) open.clear()
    orderId = actorId
    if (event.type === 'offer_made' && event.data.mode === 'offer')
      open.set(event.data.offer_id, event.data.driver_id)
    if (event.type !== 'offer_closed' && event.type !== 'driver_assigned') continue
    const driver = open.get(event.data.offer_id)
    open.delete(event.data.offer_id)
    const date = local.slice(0, 10)
    if (driver === undefined || date < range.from || date > range.to) continue
    const isAccepted = event.type === 'driver_assigned'
    if (isAccepted || event.data.outcome === 'declined' || event.data.outcome === 'expired')
      observations.push(observation({ local, person, driver, value: isAccepted ? 1 : 0 }))
  }
  return observations
}

/**
 * Appointments for which the pharmacy received the customer, or nobody came. One that nobody closed
 * counts as fulfilled in the calendar and tells nothing here.
 */
export const attendance: Source = async (db, { id, timeZone }, { from, to }) => {
  const { rows } = await sql<Row>`
    select to_char(ended_at at time zone ${timeZone}::text, 'YYYY-MM-DD HH24') as local,
      user_id as person, null as driver, service_id as service,
      (status = 'noshow')::integer as value
    from appointments where vendor_id = ${id}::uuid
      and (status = 'noshow' or status = 'fulfilled' and record ->> 'checked_in_at' is not null)
      and (ended_at at time zone ${timeZone}::text)::date
        between ${from}::date and ${to}::date`.execute(db)
  return rows.map(observation)
}
