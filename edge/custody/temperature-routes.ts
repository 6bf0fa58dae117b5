/** Temperatures of a parcel on its way: by REST, as the file of a logger, and read again. */
import { createHash } from 'node:crypto'
import Type from 'typebox'
import { policyOf } from '../../protocol/custody/policies.ts'
import {
  CalibratedOn,
  DeviceName,
  summaryOf,
  TemperatureSummary,
  type TemperatureSummary as Summary,
} from '../../protocol/custody/temperatures.ts'
import { CaduceusError } from '../../protocol/kernel/errors.ts'
import { isoTime } from '../../protocol/kernel/iso-time.ts'
import { once } from '../idempotency/idempotency.ts'
import { roles } from '../kernel/identity.ts'
import { route, type AnyRoute } from '../kernel/route.ts'
import { closedObject, nullable, Timestamp } from '../kernel/shapes.ts'
import { OrderId, type OrderContext } from '../orders/terms.ts'
import { custodyLimits } from './limits.ts'
import { readLoggerCsv } from './logger-csv.ts'
import { openExcursion, seriesOf, takeReadings, whileCarried, type Taken } from './readings.ts'
import { orderInCustody } from './timeline.ts'
import { celsiusOf, temperatureUnits } from './units.ts'

const tags = ['custody']
const path = '/api/orders/:id/custody/temperatures'
const Unit = Type.Enum([...temperatureUnits])

const { from_ms: _, to_ms: __, ...summed } = TemperatureSummary.properties
const SummaryView = Type.Object({ ...summed, from: Timestamp, to: Timestamp })
const TakenView = Type.Object({
  stored: Type.Integer({ minimum: 0, description: 'Readings that were not known before' }),
  skipped: Type.Integer({
    minimum: 0,
    description: 'Rows of a file from before the pick-up or after the end',
  }),
  open_break: Type.Union([Type.Integer({ minimum: 1 }), Type.Null()], {
    description: 'Number of the excursion upon which the pharmacy must decide; null without one',
  }),
  summary: SummaryView,
})
const ReadingsView = Type.Object({
  summary: nullable(SummaryView),
  series: Type.Array(
    Type.Object({
      device: DeviceName,
      calibrated_on: CalibratedOn,
      readings: Type.Array(Type.Object({ at: Timestamp, celsius: Type.Number() })),
    }),
    { description: 'By device; single readings are kept for 90 days' },
  ),
})

const summaryView = ({ from_ms, to_ms, ...rest }: Summary) => ({
  ...rest,
  from: isoTime(from_ms),
  to: isoTime(to_ms),
})
const takenView = ({ order, stored, summary }: Taken, skipped = 0) => ({
  stored,
  skipped,
  open_break: openExcursion(order),
  summary: summaryView(summary),
})
const responses = { 200: { description: 'What the readings come to', schema: TakenView } }
const errors = ['order_not_found', 'order_state_conflict', 'temperature_refused'] as const

const fileMistake = (field: string, rule: string): CaduceusError =>
  new CaduceusError('temperature_refused', `${field} ${rule}`, [{ field, rule }])

/** The rows of temperatures. */
export function temperatureRoutes(ctx: OrderContext): AnyRoute[] {
  return [
    route({
      method: 'POST',
      path,
      operationId: 'recordTemperatures',
      summary:
        'Readings of a thermometer while a driver has the parcel; an excursion stops the hand-over',
      tags,
      auth: ['driver', 'vendor', 'admin'],
      standing: 'carrying',
      params: OrderId,
      body: closedObject({
        device: DeviceName,
        calibrated_on: CalibratedOn,
        unit: Type.Optional(Unit),
        readings: Type.Array(closedObject({ at: Timestamp, temperature: Type.Number() }), {
          minItems: 1,
          maxItems: custodyLimits.readingsAtOnceMax,
        }),
      }),
      bodyBytesMax: 32 * 1024,
      idempotent: true,
      responses,
      errors,
      handler: request =>
        once(ctx, request, 'recordTemperatures', async () => {
          const { device, calibrated_on, unit = 'celsius', readings } = request.body
          const taken = await takeReadings(ctx, request, request.params.id, {
            device,
            calibratedOn: calibrated_on,
            source: 'rest',
            fileSha256: null,
            readings: readings.map(({ at, temperature }) => ({
              atMs: Date.parse(at),
              celsius: celsiusOf(temperature, unit),
            })),
          })
          return { status: 200, body: takenView(taken) }
        }),
    }),
    route({
      method: 'POST',
      path: `${path}/file`,
      operationId: 'recordTemperatureFile',
      summary: 'The CSV file of a logger; rows from before the pick-up are left out',
      tags,
      auth: ['driver', 'vendor', 'admin'],
      standing: 'carrying',
      params: OrderId,
      query: closedObject({
        device: DeviceName,
        calibrated_on: CalibratedOn,
        unit: Type.Optional(Unit),
        utc_offset_minutes: Type.Optional(
          Type.Integer({
            minimum: -14 * 60,
            maximum: 14 * 60,
            description: "Of the logger's clock, when its times have no zone",
          }),
        ),
      }),
      rawBody: {
        contentTypes: ['text/csv'],
        description: `A line of headers with a time and a temperature, then at most ${custodyLimits.csvRowsMax} rows`,
      },
      bodyBytesMax: custodyLimits.csvBytesMax,
      idempotent: true,
      responses,
      errors,
      handler: request =>
        once(ctx, request, 'recordTemperatureFile', async () => {
          const { device, calibrated_on, unit, utc_offset_minutes } = request.query
          const bytes = Buffer.from(request.body as Uint8Array)
          const read = readLoggerCsv(bytes.toString('utf8'), {
            ...(unit !== undefined && { unit }),
            ...(utc_offset_minutes !== undefined && { utcOffsetMinutes: utc_offset_minutes }),
          })
          if (!read.ok) throw fileMistake(read.mistake.field, read.mistake.rule)
          const order = await orderInCustody(ctx, request.identity, request.params.id)
          const readings = whileCarried(order, read.readings)
          if (readings.length === 0)
            throw fileMistake('file', 'has no row from while a driver had the parcel')
          const taken = await takeReadings(ctx, request, order.id, {
            device,
            calibratedOn: calibrated_on,
            source: 'file',
            fileSha256: createHash('sha256').update(bytes).digest(),
            readings,
          })
          return { status: 200, body: takenView(taken, read.readings.length - readings.length) }
        }),
    }),
    route({
      method: 'GET',
      path,
      operationId: 'getTemperatures',
      summary: 'The temperatures of a parcel on its way, and what they come to',
      tags,
      auth: roles,
      scope: 'orders:read',
      standing: 'carrying',
      params: OrderId,
      responses: { 200: { description: 'The readings', schema: ReadingsView } },
      errors: ['order_not_found'],
      handler: async ({ identity, params }) => {
        const { custody, id } = await orderInCustody(ctx, identity, params.id)
        const series = await seriesOf(ctx.database.kysely, id)
        const { kinetic } = policyOf(custody?.classes ?? [])
        return {
          status: 200,
          body: {
            summary:
              series.length === 0
                ? null
                : summaryView(summaryOf(series, custody?.celsius ?? null, kinetic)),
            series: series.map(({ device, calibratedOn, readings }) => ({
              device,
              calibrated_on: calibratedOn,
              readings: readings.map(({ atMs, celsius }) => ({ at: isoTime(atMs), celsius })),
            })),
          },
        }
      },
    }),
  ]
}
