/**
 * Encoding for many sockets. First, positions from an engine to an edge, once a tick, beside JSON
 * of the same. Second, a request to a thousand terminals, whose body is made once while only the
 * distance differs, beside making it for each.
 */
import { decodeBody, encodeBody } from '../../protocol/bus/codec.ts'
import type { NewRequestBody } from '../../protocol/orders/messages.ts'
import type { LocationPush } from '../../protocol/tracking/positions.ts'
import { TailedMessage } from '../../edge/kernel/tailed.ts'
import { headOf } from '../../edge/requests/terminals.ts'
import { seededRandom } from '../../protocol/kernel/chance.ts'
import type { MicroSuite } from './suite.ts'

const positions = 1_000
const terminals = 1_000
let sink = 0

async function cases() {
  const random = seededRandom(9)
  const id = (kind: number, index: number): string =>
    `0190a5a0-0000-7000-${8000 + kind}-${String(index).padStart(12, '0')}`
  const push: LocationPush = {
    orders: Array.from({ length: positions }, (_, index) => ({
      order_id: id(1, index),
      latitude: 27.7 + random() * 0.1,
      longitude: 85.3 + random() * 0.1,
      heading: 90,
      speed: 8.5,
      at_ms: 1_760_000_000_000 + index,
      eta_minutes: 4.2,
      distance_km: 1.25,
    })),
    fleet: [],
  }
  const packed = encodeBody(push)
  const json = JSON.stringify(push)
  const body: NewRequestBody = {
    request_id: id(2, 0),
    patient_name: 'Ann',
    patient_phone: '+9779841234567',
    patient_location: { lat: 27.7172, lng: 85.324 },
    radius_km: 10,
    quantity: 2,
    items: [{ name: 'Paracetamol 500 mg', quantity: 2 }],
    notes: 'Before eight, please',
    image_url: null,
    prescription_url: null,
    timestamp: '2026-01-01T00:00:00Z',
    expires_at: '2026-01-01T00:05:00Z',
  }
  const distances = Array.from({ length: terminals }, () => random() * 10)
  const rounded = (km: number): number => Math.round(km * 100) / 100
  return {
    'positions: JSON.stringify': {
      operationsPerRun: positions,
      run: () => {
        sink += JSON.stringify(push).length
      },
    },
    'positions: encodeBody': {
      operationsPerRun: positions,
      run: () => {
        sink += encodeBody(push).length
      },
    },
    'positions: JSON.parse': {
      operationsPerRun: positions,
      baseline: null,
      run: () => {
        sink += (JSON.parse(json) as LocationPush).orders.length
      },
    },
    'positions: decodeBody': {
      operationsPerRun: positions,
      baseline: 'positions: JSON.parse',
      run: () => {
        sink += (decodeBody(packed) as LocationPush).orders.length
      },
    },
    'new_request: JSON.stringify for each terminal': {
      operationsPerRun: terminals,
      baseline: null,
      run: () => {
        for (const km of distances)
          sink += JSON.stringify({ type: 'new_request', ...body, distance_km: rounded(km) }).length
      },
    },
    'new_request: body once, distance spliced in': {
      operationsPerRun: terminals,
      baseline: 'new_request: JSON.stringify for each terminal',
      run: () => {
        const message = new TailedMessage(headOf(body))
        for (const km of distances) sink += message.with(Math.round(km * 100)).length
      },
    },
  }
}

export const suite: MicroSuite = {
  name: 'push-encode',
  title: 'what leaves for many sockets',
  baseline: 'positions: JSON.stringify',
  cases,
}
