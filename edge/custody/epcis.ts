/**
 * The custody of an order as an EPCIS 2.0 document, which the trade exchanges. Each step is an
 * ObjectEvent of the parcel. A change of the custodian has both as possessing parties. Facts that
 * EPCIS has no word for stand under our own prefix. Pure.
 *
 * An event has no id: EPCIS would have it be a hash over the event, and our proof is the log.
 */
import type { TemperatureSummary } from '../../protocol/custody/temperatures.ts'
import { isoTime } from '../../protocol/kernel/iso-time.ts'
import type { CustodyKind, OrderEntry } from './steps.ts'
import type { EntryRow } from './timeline.ts'

/** The words of GS1's core business vocabulary; null where it has none. */
const words: Readonly<Record<CustodyKind, { bizStep: string; disposition: string | null }>> = {
  accepted: { bizStep: 'accepting', disposition: 'reserved' },
  driver_assigned: { bizStep: 'staging_outbound', disposition: 'reserved' },
  driver_unassigned: { bizStep: 'holding', disposition: 'reserved' },
  arrived_at_pickup: { bizStep: 'staging_outbound', disposition: 'reserved' },
  picked_up: { bizStep: 'collecting', disposition: 'in_transit' },
  out_for_delivery: { bizStep: 'transporting', disposition: 'in_transit' },
  arrived_at_dropoff: { bizStep: 'arriving', disposition: 'in_transit' },
  delivered: { bizStep: 'receiving', disposition: null },
  delivery_failed: { bizStep: 'holding', disposition: 'in_transit' },
  return_started: { bizStep: 'transporting', disposition: 'returned' },
  returned: { bizStep: 'receiving', disposition: 'returned' },
  cancelled: { bizStep: 'void_shipping', disposition: 'inactive' },
  packed: { bizStep: 'packing', disposition: 'reserved' },
  scanned: { bizStep: 'inspecting', disposition: null },
  agent_named: { bizStep: 'holding', disposition: null },
  code_refused: { bizStep: 'holding', disposition: null },
  chain_broken: { bizStep: 'holding', disposition: 'damaged' },
  chain_mended: { bizStep: 'inspecting', disposition: null },
}

const party = (id: string): string => `urn:uuid:${id}`

/** The temperatures of a step as sensor elements; none for a step without. */
function sensorsOf({ at, facts }: OrderEntry) {
  const { temperature_celsius: measured, celsius, temperature, temperatures } = facts
  const single = typeof measured === 'number' ? measured : celsius
  const summary = (temperature ?? temperatures ?? null) as TemperatureSummary | null
  const uom = 'CEL'
  if (summary === null)
    return typeof single === 'number'
      ? [
          {
            sensorMetadata: { time: at },
            sensorReport: [{ type: 'Temperature', value: single, uom }],
          },
        ]
      : []
  const { devices, from_ms, to_ms, min_celsius: minValue, max_celsius: maxValue } = summary
  return [
    {
      sensorMetadata: { startTime: isoTime(from_ms), endTime: isoTime(to_ms) },
      sensorReport: devices.map(({ device }) => ({
        type: 'Temperature',
        deviceID: `urn:caduceus:thermometer:${encodeURIComponent(device)}`,
        minValue,
        maxValue,
        uom,
      })),
    },
  ]
}

function eventOf(orderId: string, { leaf, logged_at, commitment }: EntryRow, entry: OrderEntry) {
  const { kind, at, place, by, proofs, facts } = entry
  const { custodian_before: before, custodian_after: after } = entry
  const { bizStep, disposition } = words[kind]
  const sensors = sensorsOf(entry)
  const handed = before !== null && (before.role !== after.role || before.id !== after.id)
  return {
    type: 'ObjectEvent',
    eventTime: at,
    recordTime: logged_at.toISOString(),
    eventTimeZoneOffset: '+00:00',
    epcList: [party(orderId)],
    action: 'OBSERVE',
    bizStep,
    ...(disposition !== null && { disposition }),
    ...(place !== null && { readPoint: { id: `geo:${place.latitude},${place.longitude}` } }),
    ...(handed && {
      sourceList: [{ type: 'possessing_party', source: party(before.id) }],
      destinationList: [{ type: 'possessing_party', destination: party(after.id) }],
    }),
    ...(sensors.length > 0 && { sensorElementList: sensors }),
    'caduceus:step': kind,
    'caduceus:custodian': { 'caduceus:role': after.role, 'caduceus:id': after.id },
    ...(by !== null && {
      'caduceus:by': { 'caduceus:role': by.role, 'caduceus:id': by.id ?? by.id_sha256 ?? '' },
    }),
    'caduceus:proofs': proofs.map(({ kind: proof, sha256 }) => ({
      'caduceus:kind': proof,
      'caduceus:sha256': sha256 ?? '',
    })),
    'caduceus:facts': JSON.stringify(facts),
    'caduceus:leaf': leaf,
    'caduceus:commitment': commitment.toString('base64'),
  }
}

/** The document. Erased entries are not in it. */
export const epcisDocument = (orderId: string, rows: readonly EntryRow[], nowMs: number) => ({
  '@context': [
    'https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld',
    { caduceus: 'urn:caduceus:custody:' },
  ],
  type: 'EPCISDocument',
  schemaVersion: '2.0',
  creationDate: new Date(nowMs).toISOString(),
  epcisBody: {
    eventList: rows.flatMap(row => (row.entry === null ? [] : [eventOf(orderId, row, row.entry)])),
  },
})
