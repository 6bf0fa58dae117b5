/**
 * A pharmacy's figures and their exports: `/api/reports/vendors/{vendor_id}`, and
 * `/api/vendors/{id}/export-csv`.
 */
import { orderStatuses } from '../../protocol/orders/statuses.ts'
import Type from 'typebox'
import { CaduceusError } from '../../protocol/kernel/errors.ts'
import { dayRule } from '../../protocol/kernel/iso-time.ts'
import { Uuid } from '../../protocol/kernel/principal.ts'
import type { Identity } from '../kernel/identity.ts'
import type { Kernel } from '../kernel/kernel.ts'
import { route, type AnyRoute, type RouteAnswer } from '../kernel/route.ts'
import { datePattern, rangeOf, type DateRange } from './calendar.ts'
import { csvOf, type Column } from './csv.ts'
import { dailyReport, type Figures, type ReportPharmacy } from './daily.ts'
import { driverReport, type DriverFigures } from './drivers.ts'
import { exportedOrders, orderColumns } from './order-export.ts'
import { closedObject, nullable, Timestamp } from '../kernel/shapes.ts'

export type ReportContext = Pick<Kernel, 'config' | 'database' | 'nowMs'>

const tags = ['reports']
const Day = Type.String({
  pattern: datePattern,
  description: "A date in the pharmacy's time zone, YYYY-MM-DD",
  'x-rule': dayRule,
})
const range = { date: Type.Optional(Day), from: Type.Optional(Day), to: Type.Optional(Day) }
const bom = Type.Optional(
  Type.Boolean({
    description: 'Begins with the byte order mark by which Excel recognises UTF-8; true by default',
  }),
)
const PharmacyId = Type.Object({ vendor_id: Uuid })
const minutes = nullable(Type.Number())

const figures = {
  orders_received: Type.Integer(),
  orders_accepted: Type.Integer(),
  orders_rejected: Type.Integer(),
  orders_cancelled: Type.Integer(),
  orders_delivered: Type.Integer(),
  orders_returned: Type.Integer(),
  delivered_on_time: Type.Integer({
    description: "Within the pharmacy's delivery_promise_minutes of its acceptance",
  }),
  delivery_fees: Type.Number(),
  distance_km: Type.Number(),
  average_accept_minutes: minutes,
  average_delivery_minutes: minutes,
}
const head = {
  vendor_id: Uuid,
  vendor_name: Type.String(),
  time_zone: Type.String(),
  from: Day,
  to: Day,
  currency: Type.String(),
  generated_at: Timestamp,
}
export const VendorReport = Type.Object({
  ...head,
  total: Type.Object(figures),
  days: Type.Array(Type.Object({ date: Day, ...figures })),
})
export const DriverReport = Type.Object({
  ...head,
  drivers: Type.Array(
    Type.Object({
      driver_id: Uuid,
      full_name: Type.String(),
      is_active: Type.Boolean(),
      deliveries: Type.Integer(),
      delivered_on_time: Type.Integer(),
      returns: Type.Integer(),
      earnings: Type.Number(),
      distance_km: Type.Number(),
      average_pickup_minutes: minutes,
      average_delivery_minutes: minutes,
      offers_made: Type.Integer(),
      offers_accepted: Type.Integer(),
      offers_declined: Type.Integer(),
      offers_expired: Type.Integer(),
      acceptance_rate: nullable(Type.Number()),
    }),
  ),
})

const dayColumns: Column<Figures & { date: string }>[] = ['date', ...Object.keys(figures)].map(
  name => ({ heading: name, of: row => row[name as keyof Figures] }),
)
const driverColumns: Column<DriverFigures>[] = (
  [
    'driver_id',
    'full_name',
    'deliveries',
    'delivered_on_time',
    'returns',
    'earnings',
    'distance_km',
    'average_pickup_minutes',
    'average_delivery_minutes',
    'offers_made',
    'offers_accepted',
    'offers_declined',
    'offers_expired',
    'acceptance_rate',
  ] as const
).map(name => ({ heading: name, of: row => row[name] }))
const csvAnswer = {
  200: {
    description:
      'CSV in UTF-8, streamed; cells that a spreadsheet would take for a formula begin with an apostrophe',
    contentType: 'text/csv',
  },
}

/** The rows for a pharmacy's reports and exports. */
export function reportRoutes(ctx: ReportContext): AnyRoute[] {
  const db = ctx.database.kysely

  /** For every other caller the pharmacy does not exist. */
  const ownPharmacy = async (
    identity: Identity,
    id: string,
  ): Promise<ReportPharmacy & { name: string }> => {
    const row =
      identity.role === 'admin' || identity.pharmacyId === id
        ? await db
            .selectFrom('vendors')
            .select(['id', 'business_name', 'time_zone', 'delivery_promise_minutes'])
            .where('id', '=', id)
            .executeTakeFirst()
        : undefined
    if (row === undefined) throw new CaduceusError('vendor_not_found', 'no such pharmacy')
    return {
      id: row.id,
      name: row.business_name,
      timeZone: row.time_zone,
      promiseMinutes: row.delivery_promise_minutes,
      currency: ctx.config.currency,
    }
  }
  const headOf = (pharmacy: ReportPharmacy & { name: string }, days: DateRange) => ({
    vendor_id: pharmacy.id,
    vendor_name: pharmacy.name,
    time_zone: pharmacy.timeZone,
    ...days,
    currency: pharmacy.currency,
    generated_at: new Date(ctx.nowMs()).toISOString(),
  })

  const orders = (
    pharmacy: ReportPharmacy,
    filter: Parameters<typeof exportedOrders>[2],
    withMark: boolean,
  ): RouteAnswer =>
    csv(
      'orders',
      filter.range,
      csvOf(orderColumns(pharmacy.timeZone), exportedOrders(db, pharmacy, filter), {
        bom: withMark,
      }),
    )

  return [
    route({
      method: 'GET',
      path: '/api/reports/vendors/:vendor_id',
      operationId: 'vendorReport',
      summary: "The pharmacy's figures, day by day; by default of today",
      tags,
      auth: ['vendor', 'admin'],
      params: PharmacyId,
      query: closedObject(range),
      responses: { 200: { description: 'The report', schema: VendorReport } },
      errors: ['vendor_not_found'],
      handler: async ({ identity, params, query }) => {
        const pharmacy = await ownPharmacy(identity, params.vendor_id)
        const days = rangeOf(query, pharmacy.timeZone, ctx.nowMs())
        return {
          status: 200,
          body: { ...headOf(pharmacy, days), ...(await dailyReport(db, pharmacy, days)) },
        }
      },
    }),
    route({
      method: 'GET',
      path: '/api/reports/vendors/:vendor_id/drivers',
      operationId: 'driverReport',
      summary: "The figures of the pharmacy's drivers; by default of today",
      tags,
      auth: ['vendor', 'admin'],
      params: PharmacyId,
      query: closedObject(range),
      responses: { 200: { description: 'The drivers, busiest first', schema: DriverReport } },
      errors: ['vendor_not_found'],
      handler: async ({ identity, params, query }) => {
        const pharmacy = await ownPharmacy(identity, params.vendor_id)
        const days = rangeOf(query, pharmacy.timeZone, ctx.nowMs())
        return {
          status: 200,
          body: { ...headOf(pharmacy, days), drivers: await driverReport(db, pharmacy, days) },
        }
      },
    }),
    route({
      method: 'GET',
      path: '/api/reports/vendors/:vendor_id/export-csv',
      operationId: 'exportReport',
      summary: 'A report as CSV: the days, the drivers, or the orders behind them',
      tags,
      rate: 'upload',
      auth: ['vendor', 'admin'],
      params: PharmacyId,
      query: closedObject({
        ...range,
        content: Type.Optional(Type.Enum(['days', 'drivers', 'orders'])),
        bom,
      }),
      responses: csvAnswer,
      errors: ['vendor_not_found'],
      handler: async ({ identity, params, query }) => {
        const { content = 'days', bom: withMark = true, ...asked } = query
        const pharmacy = await ownPharmacy(identity, params.vendor_id)
        const days = rangeOf(asked, pharmacy.timeZone, ctx.nowMs())
        switch (content) {
          case 'days':
            return csv(
              'report',
              days,
              csvOf(dayColumns, once((await dailyReport(db, pharmacy, days)).days), {
                bom: withMark,
              }),
            )
          case 'drivers':
            return csv(
              'drivers',
              days,
              csvOf(driverColumns, once(await driverReport(db, pharmacy, days)), { bom: withMark }),
            )
          case 'orders':
            return orders(pharmacy, { range: days }, withMark)
        }
      },
    }),
    route({
      method: 'POST',
      path: '/api/vendors/:id/export-csv',
      operationId: 'exportOrders',
      summary: "The pharmacy's orders as CSV, oldest first; by default all of them",
      tags,
      rate: 'upload',
      auth: ['vendor', 'admin'],
      params: Type.Object({ id: Uuid }),
      body: closedObject({ ...range, status: Type.Optional(Type.Enum(orderStatuses)), bom }),
      responses: csvAnswer,
      errors: ['vendor_not_found'],
      handler: async ({ identity, params, body }) => {
        const { status, bom: withMark = true, ...asked } = body
        const pharmacy = await ownPharmacy(identity, params.id)
        const days =
          Object.keys(asked).length === 0
            ? null
            : rangeOf(asked, pharmacy.timeZone, ctx.nowMs(), Number.POSITIVE_INFINITY)
        return orders(pharmacy, { range: days, ...(status !== undefined && { status }) }, withMark)
      },
    }),
  ]
}

async function* once<R>(rows: readonly R[]): AsyncGenerator<readonly R[]> {
  yield rows
}

/** No part of the file name comes from outside. */
function csv(what: string, days: DateRange | null, body: AsyncIterable<Uint8Array>): RouteAnswer {
  const name =
    days === null
      ? what
      : days.from === days.to
        ? `${what}-${days.from}`
        : `${what}-${days.from}-to-${days.to}`
  return {
    status: 200,
    body,
    headers: {
      'content-type': 'text/csv; charset=utf-8',
      'content-disposition': `attachment; filename="${name}.csv"`,
    },
  }
}
