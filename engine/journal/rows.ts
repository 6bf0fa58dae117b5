/**
 * Appends as the parameters of their statement: binary arrays on the hot path (`arrays.ts`), array
 * literals for the rest. The driver's own array encoding escapes every element through several function
 * calls; here most columns need no escape at all.
 */
import type { DriverView } from '../../protocol/rest/driver.ts'
import { eventVersion } from '../../protocol/events.ts'
import type { ArrayWriter } from './arrays.ts'
import {
  driverColumns,
  eventColumns,
  orderColumns,
  wordColumns,
  type EventToWrite,
  type OrderToWrite,
} from './columns.ts'
import type { OrderRow } from '../order/row.ts'
import type { AppendRequest } from './journal.ts'

/** For values that contain neither quotes, commas, braces nor spaces: numbers, uuids, timestamps, our own words. */
export function plainArray(values: readonly (string | number | null)[]): string {
  let out = '{'
  for (let i = 0; i < values.length; i++)
    out += i === 0 ? (values[i] ?? 'NULL') : `,${values[i] ?? 'NULL'}`
  return `${out}}`
}

/** For text from outside. A NUL, which Postgres cannot store as text, is dropped. */
export const textArray = (values: readonly (string | null)[]): string =>
  plainArray(values.map(value => (value === null ? null : quote(value))))

const needsEscape = /["\\\0]/
const quote = (value: string): string =>
  `"${needsEscape.test(value) ? value.replaceAll('\0', '').replaceAll('\\', '\\\\').replaceAll('"', '\\"') : value}"`

/** An append with the number of its first event in the slot. */
export interface NumberedAppend {
  request: AppendRequest
  firstSeq: number
}

/**
 * The parameters of `statements.append`, in its order (`parameters` in `statements.ts`). At most one append of an actor. They are
 * the writer's bytes, good until it begins again. Throws at a value that its column cannot hold.
 */
export function appendParameters(writer: ArrayWriter, group: readonly NumberedAppend[]): unknown[] {
  const fences = new Map<number, number>()
  const continued: AppendRequest[] = []
  const events: EventToWrite[] = []
  const orders: OrderToWrite[] = []
  const candidateIds: string[] = []
  const drivers: DriverView[] = []
  const born: OrderRow[] = []
  for (const { request, firstSeq } of group) {
    fences.set(request.slot, request.epoch)
    if (request.fromVersion > 0) continued.push(request)
    for (let index = 0; index < request.events.length; index++)
      events.push({ request, index, seq: firstSeq + index })
    const { row } = request
    if (row.kind === 'driver') {
      drivers.push(row.view)
      continue
    }
    if (row.order.placed !== null) born.push(row.order)
    const candidatesFrom = row.candidates === undefined ? 0 : candidateIds.length + 1
    if (row.candidates !== undefined)
      for (const { vendor_id } of row.candidates) candidateIds.push(vendor_id)
    orders.push({ order: row.order, candidatesFrom, candidatesTo: candidateIds.length })
  }
  writer.begin()
  writer.column('int2', [...fences.keys()], itself)
  writer.column('int8', [...fences.values()], itself)
  writer.column('uuid', continued, request => request.actorId)
  writer.column('int4', continued, request => request.fromVersion)
  for (const { type, of } of eventColumns) writer.column(type, events, of)
  for (const { type, of } of orderColumns) writer.column(type, orders, of)
  writer.column('uuid', candidateIds, itself)
  for (const { type, of } of driverColumns) writer.column(type, drivers, of)
  for (const { type, of } of wordColumns) writer.column(type, born, of)
  return [...writer.take(), fences.size, eventVersion]
}

const itself = <V>(value: V): V => value

/** The parameters of `statements.findWritten`: all that each event of the group says. */
export function identityParameters(group: readonly NumberedAppend[]): unknown[] {
  const rows = group.flatMap(({ request, firstSeq }) =>
    request.events.map((event, i) => ({
      actorId: request.actorId,
      version: request.fromVersion + 1 + i,
      slot: request.slot,
      seq: firstSeq + i,
      commandId: request.commandId,
      atMs: request.atMs,
      event,
    })),
  )
  return [
    plainArray(rows.map(row => row.actorId)),
    plainArray(rows.map(row => row.version)),
    plainArray(rows.map(row => row.slot)),
    plainArray(rows.map(row => row.seq)),
    textArray(rows.map(row => row.commandId)),
    plainArray(rows.map(row => row.event.type)),
    plainArray(rows.map(row => row.atMs)),
    textArray(rows.map(row => JSON.stringify(row.event.data))),
  ]
}
