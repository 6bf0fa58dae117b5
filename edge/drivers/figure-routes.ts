/** Earnings and performance of a driver: `/api/drivers/{id}/earnings` and `/performance`. */
import Type from 'typebox'
import { CaduceusError } from '../../protocol/kernel/errors.ts'
import { limits } from '../../protocol/kernel/limits.ts'
import { decimalOfMinor } from '../../protocol/pricing/money.ts'
import { Uuid } from '../../protocol/kernel/principal.ts'
import type { Identity } from '../kernel/identity.ts'
import type { Kernel } from '../kernel/kernel.ts'
import {
  dayOf,
  deliveriesOf,
  earningsBy,
  legFigures,
  offerFigures,
  type Period,
} from './figures.ts'
import { route, type AnyRoute } from '../kernel/route.ts'
import { invalid } from '../kernel/validate.ts'
import { driverRows, mayManage } from '../approval/driver-reads.ts'
import { closedObject, nextCursor, nullable, page, paged, Timestamp } from '../kernel/shapes.ts'

const earningsDaysMax = 366

export type FigureContext = Pick<Kernel, 'database' | 'nowMs'>

const tags = ['drivers']
const DriverId = Type.Object({ id: Uuid })
const Day = Type.String({ format: 'date' })
const period = {
  from: Type.Optional(Day),
  /**
   * The last day, included. Without `from` and `to`: the thirty days until today in the pharmacy's
   * time zone.
   */
  to: Type.Optional(Day),
}
const daysDefault = 30
const dayMs = 24 * 3_600_000
const sum = { deliveries: Type.Integer(), earnings: Type.Number() }
const periodView = { driver_id: Uuid, time_zone: Type.String(), from: Day, to: Day }

const EarningsView = Type.Object({
  ...periodView,
  total_deliveries: Type.Integer(),
  total_earnings: Type.Number(),
  currency: Type.String(),
  period: Type.Object({ ...sum, average: nullable(Type.Number()) }),
  days: Type.Array(Type.Object({ date: Day, ...sum })),
  weeks: Type.Array(Type.Object({ week_start: Day, ...sum })),
  per_delivery: Type.Array(
    Type.Object({
      order_id: Uuid,
      order_number: Type.String(),
      delivered_at: Timestamp,
      actual_distance_km: nullable(Type.Number()),
      earnings: Type.Number(),
    }),
  ),
  next_cursor: nextCursor,
})
const Minutes = nullable(Type.Number())
const PerformanceView = Type.Object({
  ...periodView,
  offers: Type.Object({
    offered: Type.Integer(),
    accepted: Type.Integer(),
    declined: Type.Integer(),
    expired: Type.Integer(),
    assigned: Type.Integer(),
    acceptance_rate: nullable(
      Type.Number({
        description:
          'Share of accepted offers among those that were answered or expired; null when there was none',
      }),
    ),
  }),
  deliveries: Type.Object({
    delivered: Type.Integer(),
    failed: Type.Integer(),
    on_time: Type.Integer(),
    on_time_rate: nullable(Type.Number()),
    promise_minutes: Type.Integer(),
  }),
  average_minutes: Type.Object({
    to_pickup: Minutes,
    at_pickup: Minutes,
    to_dropoff: Minutes,
    at_dropoff: Minutes,
    total: Minutes,
  }),
})

/** The rows for a driver's earnings and performance. */
export function driverFigureRoutes(ctx: FigureContext): AnyRoute[] {
  const db = ctx.database.kysely

  /**
   * The driver, the pharmacy's time zone and promise, and the period. Throws `driver_not_found`,
   * also for another pharmacy's driver.
   */
  const asked = async (identity: Identity, id: string, given: { from?: string; to?: string }) => {
    const driver = await driverRows(db).where('drivers.id', '=', id).executeTakeFirst()
    if (driver === undefined || !mayManage(identity, driver))
      throw new CaduceusError('driver_not_found', 'no such driver')
    const pharmacy = await db
      .selectFrom('vendors')
      .select(['time_zone', 'delivery_promise_minutes'])
      .where('id', '=', driver.vendor_id)
      .executeTakeFirst()
    const timeZone = pharmacy?.time_zone ?? 'UTC'
    const to = given.to ?? (await dayOf(db, ctx.nowMs(), timeZone))
    const from =
      given.from ?? new Date(Date.parse(to) - (daysDefault - 1) * dayMs).toISOString().slice(0, 10)
    const days = (Date.parse(to) - Date.parse(from)) / dayMs + 1
    if (days < 1) throw invalid([{ field: 'from', rule: 'must not be after to' }])
    if (days > earningsDaysMax)
      throw invalid([{ field: 'from', rule: `must be at most ${earningsDaysMax} days before to` }])
    return {
      driver,
      timeZone,
      promiseMinutes: pharmacy?.delivery_promise_minutes ?? 60,
      days: { from, to } satisfies Period,
    }
  }

  return [
    route({
      method: 'GET',
      path: '/api/drivers/:id/earnings',
      operationId: 'getEarnings',
      tags,
      standing: 'driver',
      auth: ['driver', 'vendor', 'admin'],
      scope: 'drivers:read',
      params: DriverId,
      summary: "The driver's earnings: in total, by day, by week and by delivery",
      query: closedObject({ ...page, ...period }),
      responses: { 200: { description: 'Earnings', schema: EarningsView } },
      errors: ['driver_not_found'],
      handler: async ({
        identity,
        params,
        query: { limit = limits.listLimitDefault, cursor, ...given },
      }) => {
        const { driver, timeZone, days } = await asked(identity, params.id, given)
        const byDay = await earningsBy(db, 'day', driver.id, driver.currency, days, timeZone)
        const byWeek = await earningsBy(db, 'week', driver.id, driver.currency, days, timeZone)
        const { rows, next_cursor } = paged(
          await deliveriesOf(db, driver.id, days, timeZone, limit + 1, cursor),
          limit,
        )
        const deliveries = byDay.reduce((total, day) => total + day.deliveries, 0)
        const { currency } = driver
        const minor = byDay.reduce((total, day) => total + day.minor, 0)
        return {
          status: 200,
          body: {
            driver_id: driver.id,
            time_zone: timeZone,
            ...days,
            total_deliveries: driver.total_deliveries,
            total_earnings: decimalOfMinor(driver.total_earnings_minor, currency),
            currency,
            period: {
              deliveries,
              earnings: decimalOfMinor(minor, currency),
              average:
                deliveries === 0 ? null : decimalOfMinor(Math.round(minor / deliveries), currency),
            },
            days: byDay.map(day => ({
              date: day.date,
              deliveries: day.deliveries,
              earnings: decimalOfMinor(day.minor, currency),
            })),
            weeks: byWeek.map(week => ({
              week_start: week.date,
              deliveries: week.deliveries,
              earnings: decimalOfMinor(week.minor, currency),
            })),
            per_delivery: rows.map(row => ({
              order_id: row.id,
              order_number: row.order_number,
              delivered_at: row.delivered_at,
              actual_distance_km: row.actual_distance_km,
              earnings: decimalOfMinor(row.minor ?? 0, row.currency),
            })),
            next_cursor,
          },
        }
      },
    }),
    route({
      method: 'GET',
      path: '/api/drivers/:id/performance',
      operationId: 'getPerformance',
      tags,
      auth: ['driver', 'vendor', 'admin'],
      scope: 'drivers:read',
      params: DriverId,
      summary: "The driver's answers to offers, deliveries on time, and average time of each leg",
      query: closedObject(period),
      responses: { 200: { description: 'Performance', schema: PerformanceView } },
      errors: ['driver_not_found'],
      handler: async ({ identity, params, query }) => {
        const { driver, timeZone, promiseMinutes, days } = await asked(identity, params.id, query)
        const offers = await offerFigures(db, driver.id, days, timeZone)
        const legs = await legFigures(db, driver.id, days, timeZone, promiseMinutes)
        const { delivered, failed, on_time } = legs
        return {
          status: 200,
          body: {
            driver_id: driver.id,
            time_zone: timeZone,
            ...days,
            offers: {
              ...offers,
              acceptance_rate: rate(
                offers.accepted,
                offers.accepted + offers.declined + offers.expired,
              ),
            },
            deliveries: {
              delivered,
              failed,
              on_time,
              on_time_rate: rate(on_time, delivered),
              promise_minutes: promiseMinutes,
            },
            average_minutes: {
              to_pickup: legs.to_pickup_minutes,
              at_pickup: legs.at_pickup_minutes,
              to_dropoff: legs.to_dropoff_minutes,
              at_dropoff: legs.at_dropoff_minutes,
              total: legs.total_minutes,
            },
          },
        }
      },
    }),
  ]
}

const rate = (part: number, whole: number): number | null =>
  whole === 0 ? null : Math.round((part / whole) * 1000) / 1000
