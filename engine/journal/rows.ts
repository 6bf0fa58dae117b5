/**
 * Rows as the array literals that `unnest` takes. The driver's own array encoding escapes every
 * element through several function calls; here most columns need no escape at all, and JSON columns
 * travel as one text of lines, because JSON.stringify never emits a raw newline.
 */
import type { OrderView } from '../../protocol/rest/order.ts'
import type { DriverView } from '../../protocol/rest/driver.ts'
import { eventVersion } from '../../protocol/events.ts'
import { searchWords } from '../../protocol/search-words.ts'
import type { AppendRequest } from './journal.ts'

/** For values that contain neither quotes, commas, braces nor spaces: numbers, uuids, timestamps, our own words. */
export function plainArray(values: readonly (string | number | null)[]): string {
  let out = '{'
  for (let i = 0; i < values.length; i++) out += i === 0 ? (values[i] ?? 'NULL') : `,${values[i] ?? 'NULL'}`
  return `${out}}`
}

/** For text from outside. A NUL, which Postgres cannot store as text, is dropped. */
export const textArray = (values: readonly (string | null)[]): string => plainArray(values.map(value => value === null ? null : quote(value)))

const needsEscape = /["\\\0]/
const quote = (value: string): string =>
  `"${needsEscape.test(value) ? value.replaceAll('\0', '').replaceAll('\\', '\\\\').replaceAll('"', '\\"') : value}"`

/** One JSON document a line; `string_to_array(…, E'\n')` on the other side. */
export const jsonLines = (values: readonly unknown[]): string => values.map(value => JSON.stringify(value)).join('\n')

/** Money of the views is decimal; the columns that reports sum are cents. */
const toMinor = (amount: number): number => Math.round(amount * 100)

/** An append with the number of its first event in the slot. */
export interface NumberedAppend { request: AppendRequest; firstSeq: number }

/** The parameters of `statements.append`, in its order. At most one append of an actor. */
export function appendParameters(group: readonly NumberedAppend[]): unknown[] {
  const fences = new Map<number, number>()
  const events = { actorId: [] as string[], version: [] as number[], slot: [] as number[], seq: [] as number[], kind: [] as string[], atMs: [] as number[], type: [] as string[], commandId: [] as (string | null)[], data: [] as unknown[] }
  const continued = { actorId: [] as string[], version: [] as number[] }
  const orders: { view: OrderView; candidates: string | null }[] = []
  const drivers: DriverView[] = []
  const born: OrderView[] = []
  for (const { request, firstSeq } of group) {
    fences.set(request.slot, request.epoch)
    if (request.fromVersion > 0) {
      continued.actorId.push(request.actorId)
      continued.version.push(request.fromVersion)
    }
    for (let i = 0; i < request.events.length; i++) {
      const event = request.events[i]!
      events.actorId.push(request.actorId)
      events.version.push(request.fromVersion + 1 + i)
      events.slot.push(request.slot)
      events.seq.push(firstSeq + i)
      events.kind.push(request.kind)
      events.atMs.push(request.atMs)
      events.type.push(event.type)
      events.commandId.push(request.commandId)
      events.data.push(event.data)
    }
    const { row } = request
    if (row.kind === 'order' && request.fromVersion === 0) born.push(row.view)
    if (row.kind === 'order') orders.push({ view: row.view, candidates: row.candidates ? plainArray(row.candidates.map(one => one.vendor_id)) : null })
    else drivers.push(row.view)
  }
  return [
    plainArray([...fences.keys()]), plainArray([...fences.values()]), fences.size,
    plainArray(continued.actorId), plainArray(continued.version),
    plainArray(events.actorId), plainArray(events.version), plainArray(events.slot), plainArray(events.seq), plainArray(events.kind),
    plainArray(events.atMs), plainArray(events.type), textArray(events.commandId), jsonLines(events.data), eventVersion,
    ...orderParameters(orders), ...driverParameters(drivers),
    plainArray(born.map(view => view.id)), textArray(born.map(view => wordsOf(view).join(' '))),
  ]
}

/** Whose answer the order waits for; the driver's list asks by it. */
export const offeredDriverId = (view: OrderView): string | null => view.driver_search.offer?.driver_id ?? null

/** What the order can be found by. None of it changes, so it is written once. */
export const wordsOf = (view: OrderView): string[] =>
  searchWords([view.order_number, view.customer_name, ...view.items.map(item => item.name)].join(' '))

function orderParameters(rows: readonly { view: OrderView; candidates: string | null }[]): string[] {
  const plain = (of: (view: OrderView) => string | number | null): string => plainArray(rows.map(row => of(row.view)))
  const text = (of: (view: OrderView) => string): string => textArray(rows.map(row => of(row.view)))
  return [
    plain(view => view.id), plain(view => view.kind), text(view => view.order_number), text(view => view.tracking_token), plain(view => view.status),
    plain(view => view.user_id), plain(view => view.vendor_id), plain(view => view.driver_id), plain(offeredDriverId), textArray(rows.map(row => row.candidates)),
    plain(view => view.expires_at), plain(view => view.created_at), plain(view => view.updated_at), plain(view => view.accepted_at), plain(view => view.delivered_at),
    plain(view => view.delivery_fee === null ? null : toMinor(view.delivery_fee)), plain(view => view.actual_distance_km),
    plain(view => view.version), jsonLines(rows.map(row => row.view)),
  ]
}

function driverParameters(rows: readonly DriverView[]): string[] {
  const plain = (of: (view: DriverView) => string | number): string => plainArray(rows.map(of))
  const text = (of: (view: DriverView) => string): string => textArray(rows.map(of))
  return [
    plain(view => view.id), plain(view => view.vendor_id), text(view => view.full_name), text(view => view.phone), text(view => view.vehicle_type),
    plain(view => view.status), plain(view => view.capacity), text(view => plainArray(view.active_order_ids)),
    plain(view => view.total_deliveries), plain(view => toMinor(view.total_earnings)), plain(view => view.version),
  ]
}

/** The parameters of `statements.findWritten`: what identifies each event of the group. */
export function identityParameters(group: readonly NumberedAppend[]): unknown[] {
  const rows = group.flatMap(({ request, firstSeq }) => request.events.map((event, i) =>
    ({ actorId: request.actorId, version: request.fromVersion + 1 + i, slot: request.slot, seq: firstSeq + i, commandId: request.commandId, type: event.type })))
  return [
    plainArray(rows.map(row => row.actorId)), plainArray(rows.map(row => row.version)), plainArray(rows.map(row => row.slot)),
    plainArray(rows.map(row => row.seq)), textArray(rows.map(row => row.commandId)), plainArray(rows.map(row => row.type)),
  ]
}
