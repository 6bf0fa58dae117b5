/**
 * Takes the readings of thermometers. They are kept in a table of their own, and the order hears only
 * of goods that left their range: readings come by the hundred, and the journal keeps everything for
 * ever.
 *
 * A reading is stored before the order hears of it. When this process dies in between, nobody got an
 * answer, and the same readings come again; a hand-over looks at all of them once more.
 */
import { sql, type Kysely } from 'kysely'
import type { Tables } from '../../migrations/database/tables.ts'
import type { Reading } from '../../protocol/custody/kinetic.ts'
import { custodyBounds } from '../../protocol/custody/limits.ts'
import { policyOf } from '../../protocol/custody/policies.ts'
import {
  isOutside,
  summaryOf,
  type Series,
  type TemperatureSummary,
} from '../../protocol/custody/temperatures.ts'
import { CaduceusError, type FieldError } from '../../protocol/kernel/errors.ts'
import { uuidV7 } from '../../protocol/kernel/ids.ts'
import { isoTime } from '../../protocol/kernel/iso-time.ts'
import type { OrderView } from '../../protocol/orders/view.ts'
import type { Identity } from '../kernel/identity.ts'
import type { RouteRequest } from '../kernel/route.ts'
import { commandOrder } from '../orders/command.ts'
import type { OrderContext } from '../orders/terms.ts'
import { custodyLimits } from './limits.ts'
import { orderInCustody } from './timeline.ts'

export interface Batch {
  device: string
  /** As YYYY-MM-DD. */
  calibratedOn: string
  source: 'socket' | 'rest' | 'file'
  fileSha256: Buffer | null
  readings: readonly Reading[]
}
export interface Taken {
  /** The order after them. */
  order: OrderView
  /** Readings that were not known before. */
  stored: number
  summary: TemperatureSummary
}
type Caller = Pick<RouteRequest<unknown, unknown, unknown, Identity>, 'identity' | 'principal'>

const refuse = (fields: FieldError[]): CaduceusError =>
  new CaduceusError(
    'temperature_refused',
    fields.map(({ field, rule }) => `${field} ${rule}`).join('; '),
    fields,
  )

/**
 * Stores the readings, and breaks the chain when the goods left their range. Throws
 * `order_not_found`, `order_state_conflict` while no driver has the parcel, and `temperature_refused`
 * with the fields.
 */
export async function takeReadings(
  ctx: OrderContext,
  caller: Caller,
  orderId: string,
  batch: Batch,
): Promise<Taken> {
  const order = await orderInCustody(ctx, caller.identity, orderId)
  refuseMistakes(order, batch, ctx.nowMs())
  const { celsius, kinetic } = policyOfView(order)
  const { stored, series } = await store(ctx.database.kysely, orderId, batch).catch(
    async (error: unknown) => {
      // Too many to be kept, but what they say of the goods is true.
      if (error instanceof CaduceusError && error.code === 'temperature_refused')
        await tell(ctx, caller, order, summaryOf([seriesIn(batch)], celsius, kinetic))
      throw error
    },
  )
  const summary = summaryOf(series, celsius, kinetic)
  return {
    order: await tell(ctx, caller, order, summary),
    stored,
    summary,
  }
}

/**
 * What the readings of an order come to; null without any. When they are out of the range, the order
 * hears of it first.
 */
export async function summarise(
  ctx: OrderContext,
  caller: Caller,
  orderId: string,
): Promise<TemperatureSummary | null> {
  const series = await seriesOf(ctx.database.kysely, orderId)
  if (series.length === 0) return null
  const order = await orderInCustody(ctx, caller.identity, orderId)
  const { celsius, kinetic } = policyOfView(order)
  const summary = summaryOf(series, celsius, kinetic)
  await tell(ctx, caller, order, summary)
  return summary
}

/** Number of the excursion upon which the pharmacy must decide; null without one. */
export const openExcursion = ({ custody }: OrderView): number | null =>
  custody?.breaks.find(({ kind, outcome }) => kind === 'excursion' && outcome === null)?.number ??
  null

/** The rules of an order as its view tells them: its pharmacy's additions are in `celsius`. */
const policyOfView = ({ custody }: OrderView) => ({
  celsius: custody?.celsius ?? null,
  kinetic: policyOf(custody?.classes ?? []).kinetic,
})

/**
 * The command has an id of its own each time. A repeated request may bring another summary, and the
 * order answers an id that it knows from memory.
 */
async function tell(
  ctx: OrderContext,
  caller: Caller,
  order: OrderView,
  summary: TemperatureSummary,
): Promise<OrderView> {
  const range = order.custody?.celsius ?? null
  const left =
    range !== null && [summary.min_celsius, summary.max_celsius].some(one => isOutside(range, one))
  // Who reads a logger after the end learns it from the answer: nothing is left to be stopped.
  if (!left || order.ended_at !== null) return order
  const id = uuidV7(ctx.nowMs(), ctx.random)
  return (await commandOrder(ctx, caller, order.id, id, 'record_temperatures', summary)).order
}

const seriesIn = ({ device, calibratedOn, readings }: Batch): Series => ({
  device,
  calibratedOn,
  readings: readings.toSorted((a, b) => a.atMs - b.atMs),
})

/** A time that differs by a phone's clock is taken. */
function refuseMistakes(order: OrderView, batch: Batch, nowMs: number): void {
  const { picked_up_at: pickedUpAt, ended_at: endedAt } = order
  if (pickedUpAt === null)
    throw new CaduceusError('order_state_conflict', 'readings begin when a driver has the parcel')
  if (endedAt !== null && nowMs > Date.parse(endedAt) + custodyBounds.lateMs)
    throw new CaduceusError('order_state_conflict', 'this delivery ended too long ago')
  const fields: FieldError[] = []
  if (Date.parse(batch.calibratedOn) > nowMs)
    fields.push({ field: 'calibrated_on', rule: 'is in the future' })
  for (const [i, { atMs, celsius }] of batch.readings.entries()) {
    const rule = timeFault(atMs, Date.parse(pickedUpAt), endedAt, nowMs)
    if (rule !== null) fields.push({ field: `readings.${i}.at`, rule })
    if (!(celsius >= custodyBounds.celsiusMin && celsius <= custodyBounds.celsiusMax))
      fields.push({
        field: `readings.${i}.temperature`,
        rule: `is not from ${custodyBounds.celsiusMin} to ${custodyBounds.celsiusMax} degrees Celsius`,
      })
    if (fields.length >= custodyLimits.mistakesMax) break
  }
  if (fields.length > 0) throw refuse(fields)
}

function timeFault(
  atMs: number,
  pickedUpAtMs: number,
  endedAt: string | null,
  nowMs: number,
): string | null {
  if (atMs > nowMs + custodyBounds.aheadMs) return 'is in the future'
  if (atMs < pickedUpAtMs - custodyBounds.aheadMs) return 'is before the pick-up'
  return endedAt !== null && atMs > Date.parse(endedAt) + custodyBounds.aheadMs
    ? 'is after the end of the delivery'
    : null
}

/** Of a logger's file the readings while a driver had the parcel; it was started earlier. */
export const whileCarried = (
  { picked_up_at: from, ended_at: to }: OrderView,
  readings: readonly Reading[],
): Reading[] =>
  from === null
    ? []
    : readings.filter(
        ({ atMs }) =>
          atMs >= Date.parse(from) - custodyBounds.aheadMs &&
          (to === null || atMs <= Date.parse(to) + custodyBounds.aheadMs),
      )

async function store(
  db: Kysely<Tables>,
  orderId: string,
  { device, calibratedOn, source, fileSha256, readings }: Batch,
): Promise<{ stored: number; series: Series[] }> {
  return db.transaction().execute(async tx => {
    // Two batches of an order must count each other.
    await sql`select pg_advisory_xact_lock(hashtext('temperatures'), hashtext(${orderId}))`.execute(
      tx,
    )
    const { numAffectedRows: stored = 0n } = await sql`
      insert into temperature_readings (order_id, device, at, celsius, calibrated_on, source, file_sha256)
      select ${orderId}::uuid, ${device}, at, celsius, ${calibratedOn}::date, ${source}, ${fileSha256}
      from unnest(${readings.map(({ atMs }) => isoTime(atMs))}::timestamptz[],
        ${readings.map(({ celsius }) => celsius)}::double precision[]) as w(at, celsius)
      on conflict (order_id, device, at, celsius) do nothing`.execute(tx)
    const series = await seriesOf(tx, orderId)
    const count = series.reduce((sum, one) => sum + one.readings.length, 0)
    if (count > custodyLimits.readingsPerOrderMax)
      throw refuse([
        {
          field: 'readings',
          rule: `are too many: an order has at most ${custodyLimits.readingsPerOrderMax}`,
        },
      ])
    if (series.length > custodyBounds.devicesMax)
      throw refuse([
        { field: 'device', rule: `is one too many: an order has ${custodyBounds.devicesMax}` },
      ])
    return { stored: Number(stored), series }
  })
}

/** The readings of an order by device, each in the order of time. */
export async function seriesOf(db: Kysely<Tables>, orderId: string): Promise<Series[]> {
  const rows = await db
    .selectFrom('temperature_readings')
    .select(['device', 'at', 'celsius'])
    .select(sql<string>`calibrated_on::text`.as('calibrated_on'))
    .where('order_id', '=', orderId)
    .orderBy('device')
    .orderBy('at')
    .orderBy('celsius')
    .limit(custodyLimits.readingsPerOrderMax * 2)
    .execute()
  const series = new Map<string, { device: string; calibratedOn: string; readings: Reading[] }>()
  for (const { device, at, celsius, calibrated_on: calibratedOn } of rows) {
    const one = series.get(device) ?? { device, calibratedOn, readings: [] }
    one.readings.push({ atMs: at.getTime(), celsius })
    // The last one counts: it is what the device was when it was read.
    series.set(device, { ...one, calibratedOn })
  }
  return [...series.values()]
}

/** Deletes readings that are older than they are kept; the log has what they came to. */
export async function forgetReadings(db: Kysely<Tables>, nowMs: number): Promise<number> {
  const before = isoTime(nowMs - custodyLimits.readingsKeptMs)
  const { numAffectedRows: forgotten = 0n } = await sql`
    delete from temperature_readings where ctid = any(array(
      select ctid from temperature_readings where at < ${before}::timestamptz
      limit ${custodyLimits.forgottenAtOnceMax}))`.execute(db)
  return Number(forgotten)
}
