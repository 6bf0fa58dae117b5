/** Insights: `/api/insights`. A pharmacy reads its own, a driver the own, an administrator all. */
import Type from 'typebox'
import { limits } from '../../protocol/kernel/limits.ts'
import { Uuid } from '../../protocol/kernel/principal.ts'
import type { Kernel } from '../kernel/kernel.ts'
import { route, type AnyRoute } from '../kernel/route.ts'
import { closedObject, nextCursor, nullable, page, Timestamp } from '../kernel/shapes.ts'
import { invalid } from '../kernel/validate.ts'
import { csvOf, type Column } from '../reports/csv.ts'
import { unmeasured } from './figures.ts'
import {
  driverSeries,
  weekInsights,
  weekSeries,
  type Cell,
  type MetricInsight,
} from './insights.ts'
import { insightLimits } from './limits.ts'
import { metrics } from './metrics.ts'
import { readableDriver, readablePharmacy, type NamedPharmacy } from './pharmacy.ts'
import { daysOf, lastWeek, nameOf, weekNamed, weeksBefore } from './week.ts'

const tags = ['insights']
const Day = Type.String({ description: "A date in the pharmacy's time zone, YYYY-MM-DD" })
const Week = Type.String({
  pattern: '^20\\d\\d-W[0-5]\\d$',
  description:
    "A week by ISO 8601 that is over in the pharmacy's time zone; by default the last one",
  'x-rule': 'must be a week such as 2026-W47',
})
const Weeks = Type.Optional(
  Type.Integer({
    minimum: 1,
    maximum: insightLimits.weeksMax,
    description: `Length of the series of weeks; ${insightLimits.weeksDefault} by default`,
  }),
)
const FigureView = Type.Object({
  value: nullable(Type.Number({ description: 'A share from 0 to 1, or the median in minutes' })),
  count: nullable(Type.Integer({ description: 'Number of observations behind the value' })),
  hidden: Type.Boolean({
    description: `True for fewer than ${insightLimits.peopleMin} people, and for a figure that would tell such a one by a difference`,
  }),
})
const compared = { now: FigureView, before: FigureView }
const metricHead = {
  metric: Type.String(),
  unit: Type.Enum(['share', 'minutes']),
  definition: Type.String(),
  measured: Type.Boolean({ description: 'False while nothing is there to be counted' }),
}
const MetricView = Type.Object({
  ...metricHead,
  ...compared,
  cells: Type.Array(Type.Object({ key: Type.String(), label: Type.String(), ...compared })),
})
const bys = ['hour', 'weekday', 'week', 'driver', 'service'] as const
const head = {
  vendor_id: Uuid,
  vendor_name: Type.String(),
  time_zone: Type.String(),
  week: Type.String(),
  from: Day,
  to: Day,
  before: Type.String({ description: 'The week before' }),
  by: nullable(Type.Enum([...bys])),
  generated_at: Timestamp,
}
export const Insights = Type.Object({ ...head, metrics: Type.Array(MetricView) })
export const DriverInsights = Type.Object({
  driver_id: Uuid,
  driver_name: Type.String(),
  ...head,
  metrics: Type.Array(MetricView),
})
const WeekView = Type.Object({
  vendor_id: Uuid,
  vendor_name: Type.String(),
  time_zone: Type.String(),
  metrics: Type.Array(Type.Object({ metric: Type.String(), unit: metricHead.unit, ...compared })),
})
const LetterView = Type.Object({ vendor_id: Uuid, wanted: Type.Boolean() })

const question = {
  week: Type.Optional(Week),
  by: Type.Optional(Type.Enum([...bys])),
  weeks: Weeks,
}
type By = (typeof bys)[number]
interface Question {
  week?: string
  by?: By
  weeks?: number
}
const PharmacyId = Type.Object({ id: Uuid })
const ofPharmacy = ['vendor', 'admin'] as const

type CsvRow = Pick<MetricInsight, 'metric' | 'unit'> & Cell
const csvColumns: Column<CsvRow>[] = [
  ...(['metric', 'unit', 'key', 'label'] as const).map(name => ({
    heading: name,
    of: (row: CsvRow) => row[name],
  })),
  ...(['now', 'before'] as const).flatMap(when => [
    { heading: when, of: (row: CsvRow) => row[when].value },
    { heading: `${when}_count`, of: (row: CsvRow) => row[when].count },
    { heading: `${when}_hidden`, of: (row: CsvRow) => (row[when].hidden ? 'hidden' : '') },
  ]),
]

/** The rows of `/api/insights`. */
export function insightRoutes(ctx: Pick<Kernel, 'database' | 'nowMs'>): AnyRoute[] {
  const db = ctx.database.kysely

  const headOf = ({ id, name, timeZone }: NamedPharmacy, week: string, by: By | null) => ({
    vendor_id: id,
    vendor_name: name,
    time_zone: timeZone,
    week: nameOf(week),
    ...daysOf(week),
    before: nameOf(weeksBefore(week, 1)),
    by,
    generated_at: new Date(ctx.nowMs()).toISOString(),
  })
  const weekOf = (name: string | undefined, { timeZone }: NamedPharmacy) =>
    name === undefined ? lastWeek(ctx.nowMs(), timeZone) : weekNamed(name, ctx.nowMs(), timeZone)

  const answer = async (pharmacy: NamedPharmacy, { week: name, by, weeks }: Question) => {
    if (weeks !== undefined && by !== 'week')
      throw invalid([{ field: 'weeks', rule: 'is for by=week' }])
    const week = weekOf(name, pharmacy)
    const found =
      by === 'week'
        ? await weekSeries(db, pharmacy, week, weeks ?? insightLimits.weeksDefault)
        : await weekInsights(db, pharmacy, week, by ?? null)
    if (by === 'driver') await nameCells(found, driverNames)
    if (by === 'service') await nameCells(found, serviceNames)
    return { ...headOf(pharmacy, week, by ?? null), metrics: found }
  }
  type NamesOf = (ids: readonly string[]) => Promise<{ id: string; name: string }[]>
  const driverNames: NamesOf = ids =>
    db.selectFrom('drivers').select(['id', 'full_name as name']).where('id', 'in', ids).execute()
  const serviceNames: NamesOf = ids =>
    db.selectFrom('services').select(['id', 'name']).where('id', 'in', ids).execute()
  const nameCells = async (found: MetricInsight[], namesOf: NamesOf): Promise<void> => {
    const cells = found.flatMap(metric => metric.cells)
    if (cells.length === 0) return
    const rows = await namesOf([...new Set(cells.map(({ key }) => key))])
    const names = new Map(rows.map(({ id, name }) => [id, name]))
    for (const cell of cells) cell.label = names.get(cell.key) ?? cell.key
  }

  return [
    route({
      method: 'GET',
      path: '/api/insights/vendors/:id',
      operationId: 'getInsights',
      summary:
        "A pharmacy's week beside the week before, by hour, weekday, driver or service, or a series of weeks",
      tags,
      auth: ofPharmacy,
      params: PharmacyId,
      query: closedObject(question),
      responses: { 200: { description: 'The insights', schema: Insights } },
      errors: ['vendor_not_found'],
      handler: async ({ identity, params, query }) => ({
        status: 200,
        body: await answer(await readablePharmacy(db, identity, params.id), query as Question),
      }),
    }),
    route({
      method: 'GET',
      path: '/api/insights/vendors/:id/export-csv',
      operationId: 'exportInsights',
      summary: 'The same as CSV: a row for each total and each cell',
      tags,
      rate: 'upload',
      auth: ofPharmacy,
      params: PharmacyId,
      query: closedObject({ ...question, bom: Type.Optional(Type.Boolean()) }),
      responses: {
        200: {
          description:
            'CSV in UTF-8; cells that a spreadsheet would take for a formula begin with an apostrophe',
          contentType: 'text/csv',
        },
      },
      errors: ['vendor_not_found'],
      handler: async ({ identity, params, query: { bom = true, ...asked } }) => {
        const pharmacy = await readablePharmacy(db, identity, params.id)
        const { metrics: found, week } = await answer(pharmacy, asked as Question)
        const rows = found.flatMap(({ metric, unit, now, before, cells }) =>
          [{ key: 'total', label: week, now, before }, ...cells].map(cell => ({
            metric,
            unit,
            ...cell,
          })),
        )
        const batches = (async function* () {
          yield rows
        })()
        return {
          status: 200,
          body: csvOf(csvColumns, batches, { bom }),
          headers: {
            'content-type': 'text/csv; charset=utf-8',
            'content-disposition': `attachment; filename="insights-${week}.csv"`,
          },
        }
      },
    }),
    route({
      method: 'GET',
      path: '/api/insights/vendors',
      operationId: 'listInsights',
      summary: 'The totals of all pharmacies in a week that is over everywhere, by pharmacy',
      tags,
      auth: ['admin'],
      query: closedObject({ ...page, week: Type.Optional(Week) }),
      responses: {
        200: {
          description: 'A page; the weekly job makes its rows',
          schema: Type.Object({
            week: Type.String(),
            before: Type.String(),
            vendors: Type.Array(WeekView),
            next_cursor: nextCursor,
          }),
        },
      },
      handler: async ({ query: { limit = limits.listLimitDefault, cursor, week: name } }) => {
        // The last zone to end a week.
        const zone = 'Etc/GMT+12'
        const week =
          name === undefined ? lastWeek(ctx.nowMs(), zone) : weekNamed(name, ctx.nowMs(), zone)
        let query = db
          .selectFrom('weekly_insights as now')
          .innerJoin('vendors', 'vendors.id', 'now.vendor_id')
          .leftJoin('weekly_insights as before', join =>
            join
              .onRef('before.vendor_id', '=', 'now.vendor_id')
              .on('before.week', '=', weeksBefore(week, 1)),
          )
          .select([
            'now.vendor_id',
            'vendors.business_name',
            'now.time_zone',
            'now.figures',
            'before.figures as figures_before',
          ])
          .where('now.week', '=', week)
          .orderBy('now.vendor_id')
          .limit(limit + 1)
        if (cursor !== undefined) query = query.where('now.vendor_id', '>', cursor)
        const rows = await query.execute()
        const shown = rows.slice(0, limit)
        return {
          status: 200,
          body: {
            week: nameOf(week),
            before: nameOf(weeksBefore(week, 1)),
            vendors: shown.map(row => ({
              vendor_id: row.vendor_id,
              vendor_name: row.business_name,
              time_zone: row.time_zone,
              metrics: Object.entries(metrics).map(([metric, { unit }]) => ({
                metric,
                unit,
                now: row.figures[metric] ?? unmeasured,
                before: row.figures_before?.[metric] ?? unmeasured,
              })),
            })),
            next_cursor: rows.length > limit ? shown.at(-1)!.vendor_id : null,
          },
        }
      },
    }),
    route({
      method: 'GET',
      path: '/api/insights/drivers/:id',
      operationId: 'getDriverInsights',
      summary: "A driver's weeks at the present pharmacy, each beside the one before",
      tags,
      auth: ['driver', 'vendor', 'admin'],
      params: PharmacyId,
      query: closedObject({ week: Type.Optional(Week), weeks: Weeks }),
      responses: { 200: { description: 'The insights', schema: DriverInsights } },
      errors: ['driver_not_found'],
      handler: async ({ identity, params: { id }, query: { week: name, weeks } }) => {
        const { name: driverName, pharmacy } = await readableDriver(db, identity, id)
        const week = weekOf(name, pharmacy)
        const found = await driverSeries(
          db,
          pharmacy,
          id,
          week,
          weeks ?? insightLimits.weeksDefault,
        )
        return {
          status: 200,
          body: {
            driver_id: id,
            driver_name: driverName,
            ...headOf(pharmacy, week, 'week'),
            metrics: found,
          },
        }
      },
    }),
    route({
      method: 'GET',
      path: '/api/insights/vendors/:id/letter',
      operationId: 'getInsightLetter',
      summary: "Does the pharmacy want each week's totals by mail?",
      tags,
      auth: ofPharmacy,
      params: PharmacyId,
      responses: { 200: { description: 'The wish', schema: LetterView } },
      errors: ['vendor_not_found'],
      handler: async ({ identity, params }) => {
        const { id } = await readablePharmacy(db, identity, params.id)
        const row = await db
          .selectFrom('insight_letters')
          .select('vendor_id')
          .where('vendor_id', '=', id)
          .executeTakeFirst()
        return { status: 200, body: { vendor_id: id, wanted: row !== undefined } }
      },
    }),
    route({
      method: 'PUT',
      path: '/api/insights/vendors/:id/letter',
      operationId: 'setInsightLetter',
      summary: "Get each week's totals by mail, or not any more",
      tags,
      auth: ofPharmacy,
      params: PharmacyId,
      body: closedObject({ wanted: Type.Boolean() }),
      responses: { 200: { description: 'The wish', schema: LetterView } },
      errors: ['vendor_not_found'],
      handler: async ({ identity, params, body: { wanted } }) => {
        const { id } = await readablePharmacy(db, identity, params.id)
        if (wanted)
          await db
            .insertInto('insight_letters')
            .values({
              vendor_id: id,
              wanted_by: identity.userId,
              wanted_at: new Date(ctx.nowMs()),
            })
            .onConflict(conflict => conflict.column('vendor_id').doNothing())
            .execute()
        else await db.deleteFrom('insight_letters').where('vendor_id', '=', id).execute()
        return { status: 200, body: { vendor_id: id, wanted } }
      },
    }),
  ]
}
