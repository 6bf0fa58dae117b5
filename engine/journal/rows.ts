/**
 * Appends as the parameters of their statement: binary arrays on the hot path (`arrays.ts`), array
 * literals for the rest. The driver's own array encoding escapes every element through several function
 * calls; here most columns need no escape at all.
 */
import type { OrderView } from '../../protocol/rest/order.ts'
import type { DriverView } from '../../protocol/rest/driver.ts'
import { eventVersion } from '../../protocol/events.ts'
import { searchWords } from '../../protocol/search-words.ts'
import { ArrayWriter } from './arrays.ts'
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

/** Money of the views is decimal; the columns that reports sum are cents. */
const toMinor = (amount: number): number => Math.round(amount * 100)

/** An append with the number of its first event in the slot. */
export interface NumberedAppend { request: AppendRequest; firstSeq: number }

/** The parameters of `statements.append`, in its order. At most one append of an actor. Throws at a value that its column cannot hold. */
export function appendParameters(group: readonly NumberedAppend[]): unknown[] {
  const fences = new Map<number, number>()
  const continued: AppendRequest[] = []
  const events: { request: AppendRequest; firstSeq: number; i: number }[] = []
  const orders: OrderParameters[] = []
  const candidateIds: string[] = []
  const drivers: DriverView[] = []
  const born: OrderView[] = []
  for (const { request, firstSeq } of group) {
    fences.set(request.slot, request.epoch)
    if (request.fromVersion > 0) continued.push(request)
    for (let i = 0; i < request.events.length; i++) events.push({ request, firstSeq, i })
    const { row } = request
    if (row.kind === 'order' && request.fromVersion === 0) born.push(row.view)
    if (row.kind === 'order') {
      const candidatesFrom = row.candidates === undefined ? 0 : candidateIds.length + 1
      if (row.candidates !== undefined) for (const { vendor_id } of row.candidates) candidateIds.push(vendor_id)
      orders.push({ view: row.view, candidatesFrom, candidatesTo: candidateIds.length })
    } else drivers.push(row.view)
  }
  writer.begin()
  writer.int2([...fences.keys()])
  writer.int8([...fences.values()])
  writer.uuid(continued.map(request => request.actorId))
  writer.int4(continued.map(request => request.fromVersion))
  writer.uuid(events.map(({ request }) => request.actorId))
  writer.int4(events.map(({ request, i }) => request.fromVersion + 1 + i))
  writer.int2(events.map(({ request }) => request.slot))
  writer.int8(events.map(({ firstSeq, i }) => firstSeq + i))
  writer.text(events.map(({ request }) => request.kind))
  writer.timestamptz(events.map(({ request }) => request.atMs))
  writer.text(events.map(({ request, i }) => request.events[i]!.type))
  writer.text(events.map(({ request }) => request.commandId))
  writer.json(events.map(({ request, i }) => request.events[i]!.data))
  writeOrders(orders)
  writeDrivers(drivers)
  writer.uuid(born.map(view => view.id))
  writer.text(born.map(view => wordsOf(view).join(' ')))
  writer.int4(orders.map(order => order.candidatesTo))
  writer.uuid(candidateIds)
  const [slots, epochs, continuedIds, continuedVersions, ...rest] = writer.take()
  const eventArrays = rest.splice(0, 9)
  return [slots, epochs, fences.size, continuedIds, continuedVersions, ...eventArrays, eventVersion, ...rest]
}

/** One for all: what it takes in is written out in the same turn. */
const writer = new ArrayWriter()

/** Whose answer the order waits for; the driver's list asks by it. */
export const offeredDriverId = (view: OrderView): string | null => view.driver_search.offer?.driver_id ?? null

/** What the order can be found by. None of it changes, so it is written once. */
export const wordsOf = (view: OrderView): string[] =>
  searchWords([view.order_number, view.customer_name, ...view.items.map(item => item.name)].join(' '))

interface OrderParameters { view: OrderView; candidatesFrom: number; candidatesTo: number }

function writeOrders(rows: readonly OrderParameters[]): void {
  const of = <V>(value: (view: OrderView) => V): V[] => rows.map(row => value(row.view))
  const msOf = (value: (view: OrderView) => string | null): (number | null)[] => rows.map(row => {
    const at = value(row.view)
    return at === null ? null : Date.parse(at)
  })
  writer.uuid(of(view => view.id))
  writer.text(of(view => view.kind))
  writer.text(of(view => view.order_number))
  writer.text(of(view => view.tracking_token))
  writer.text(of(view => view.status))
  writer.uuid(of(view => view.user_id))
  writer.uuid(of(view => view.vendor_id))
  writer.uuid(of(view => view.driver_id))
  writer.uuid(of(offeredDriverId))
  writer.int4(rows.map(row => row.candidatesFrom))
  writer.timestamptz(msOf(view => view.expires_at))
  writer.timestamptz(msOf(view => view.created_at))
  writer.timestamptz(msOf(view => view.updated_at))
  writer.timestamptz(msOf(view => view.accepted_at))
  writer.timestamptz(msOf(view => view.delivered_at))
  writer.int8(of(view => (view.delivery_fee === null ? null : toMinor(view.delivery_fee))))
  writer.float8(of(view => view.actual_distance_km))
  writer.int4(of(view => view.version))
  writer.json(of(view => view))
}

function writeDrivers(rows: readonly DriverView[]): void {
  writer.uuid(rows.map(view => view.id))
  writer.uuid(rows.map(view => view.vendor_id))
  writer.text(rows.map(view => view.full_name))
  writer.text(rows.map(view => view.phone))
  writer.text(rows.map(view => view.vehicle_type))
  writer.text(rows.map(view => view.status))
  writer.int4(rows.map(view => view.capacity))
  writer.text(rows.map(view => plainArray(view.active_order_ids)))
  writer.int4(rows.map(view => view.total_deliveries))
  writer.int8(rows.map(view => toMinor(view.total_earnings)))
  writer.int4(rows.map(view => view.version))
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
