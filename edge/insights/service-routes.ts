/** The days and weeks of a service: `/api/insights/services/{id}`. */
import Type from 'typebox'
import { appointmentStatuses } from '../../protocol/appointments/statuses.ts'
import { Uuid } from '../../protocol/kernel/principal.ts'
import type { Kernel } from '../kernel/kernel.ts'
import { route, type AnyRoute } from '../kernel/route.ts'
import { closedObject, Timestamp } from '../kernel/shapes.ts'
import { dateAt, datePattern, rangeOf } from '../reports/calendar.ts'
import { managedService } from '../services/records.ts'
import { serviceDays } from './service-days.ts'

const periods = ['day', 'week'] as const
const Day = Type.String({ description: "A date in the service's time zone, YYYY-MM-DD" })
const Count = Type.Integer({ minimum: 0 })
export const ServiceInsights = Type.Object({
  service_id: Uuid,
  service_name: Type.String(),
  vendor_id: Uuid,
  time_zone: Type.String(),
  period: Type.Enum([...periods]),
  from: Day,
  to: Day,
  before: Type.Object({ from: Day, to: Day }),
  generated_at: Timestamp,
  statuses: Type.Array(
    Type.Object({ status: Type.Enum([...appointmentStatuses]), now: Count, before: Count }),
  ),
  cells: Type.Array(
    Type.Object({ key: Type.String(), label: Type.String(), now: Count, before: Count }),
    { description: 'By hour or by weekday, without those that were cancelled' },
  ),
})

/** The row of the days and weeks of a service. */
export function serviceInsightRoutes(ctx: Pick<Kernel, 'database' | 'nowMs'>): AnyRoute[] {
  const db = ctx.database.kysely
  return [
    route({
      method: 'GET',
      path: '/api/insights/services/:id',
      operationId: 'getServiceInsights',
      summary:
        'The appointments of a service in a day or a week by state and time, beside those before',
      tags: ['insights'],
      auth: ['vendor', 'admin'],
      params: Type.Object({ id: Uuid }),
      query: closedObject({
        period: Type.Optional(Type.Enum([...periods], { description: 'day unless stated' })),
        date: Type.Optional(
          Type.String({
            pattern: datePattern,
            'x-rule': 'must be a day such as 2026-01-31',
            description: 'A day of the period; today unless stated',
          }),
        ),
      }),
      responses: { 200: { description: 'The counts', schema: ServiceInsights } },
      errors: ['service_not_found'],
      handler: async ({ identity, params, query }) => {
        const row = await managedService(db, identity, params.id)
        const { period = 'day' } = query
        const { time_zone: timeZone } = row.settings
        const { from: date } =
          query.date === undefined
            ? { from: dateAt(ctx.nowMs(), timeZone) }
            : rangeOf({ date: query.date }, timeZone, ctx.nowMs())
        return {
          status: 200,
          body: {
            service_id: row.id,
            service_name: row.name,
            vendor_id: row.vendor_id,
            time_zone: timeZone,
            period,
            ...(await serviceDays(db, { id: row.id, timeZone }, period, date)),
            generated_at: new Date(ctx.nowMs()).toISOString(),
          },
        }
      },
    }),
  ]
}
