/**
 * Random histories of orders for the tests of reports. Their times are near changes of the clocks,
 * and their texts break careless queries.
 */
import fc from '../../protocol/testing/properties.ts'
import type { Order } from '../../engine/orders/state.ts'
import type { OrderEvent } from '../../protocol/dispatch/events.ts'
import { uuidV7 } from '../../protocol/kernel/ids.ts'
import type { ReportPharmacy } from './daily.ts'

/** An hour in ms. */
export const hourMs = 3_600_000
export const newId = (): string => uuidV7(Date.now(), Math.random)
/**
 * Zones, each with a moment: a change of its clocks, or the turn of a day or a year. In Cairo that
 * day has no midnight, and on Lord Howe half an hour is missing.
 */
export const changes: [timeZone: string, at: string][] = [
  ['UTC', '2024-02-29T00:00:00Z'],
  ['Europe/Berlin', '2024-03-31T01:00:00Z'],
  ['Europe/Berlin', '2024-10-27T01:00:00Z'],
  ['America/New_York', '2024-03-10T07:00:00Z'],
  ['America/New_York', '2024-11-03T06:00:00Z'],
  ['Asia/Kolkata', '2024-06-01T18:30:00Z'],
  ['Pacific/Kiritimati', '2024-01-01T00:00:00Z'],
  ['Africa/Cairo', '2024-04-25T22:00:00Z'],
  ['Australia/Lord_Howe', '2024-10-05T15:30:00Z'],
]
const cruelText = 'nul \u0000, half \ud800, "ended_at":"1999-01-01T00:00:00Z", "offer_id":"x"'

/** The pharmacy of a report, and its drivers. */
export interface People {
  pharmacy: ReportPharmacy
  drivers: string[]
}
/** The choices and times of one history. */
export interface Plan {
  direct: boolean
  startMs: number
  steps: { choice: number; gapMs: number }[]
  feeMinor: number
  km: number | null
}

/** Any plan. */
export const plan = fc.record({
  direct: fc.boolean(),
  startMs: fc.integer({ min: -30 * hourMs, max: 30 * hourMs }),
  steps: fc.array(
    fc.record({
      choice: fc.nat({ max: 1_000 }),
      gapMs: fc.oneof(
        { weight: 4, arbitrary: fc.integer({ min: 0, max: 40 * 60_000 }) },
        { weight: 1, arbitrary: fc.integer({ min: 0, max: 26 * hourMs }) },
      ),
    }),
    { minLength: 6, maxLength: 16, size: 'max' },
  ),
  feeMinor: fc.integer({ min: 0, max: 5_000 }),
  km: fc.option(fc.integer({ min: 0, max: 30_000 }).map(metres => metres / 1000)),
})

/**
 * Events that may follow; events that bring the order on are repeated, so that they are chosen more
 * often.
 */
export function nextEvents(
  order: Order,
  { pharmacy, drivers }: People,
  { feeMinor, km }: Plan,
  choice: number,
): OrderEvent[] {
  const driver_id = drivers[choice % drivers.length]!
  const fact = {
    vendor_id: pharmacy.id,
    name: 'Pharmacy',
    phone: '1',
    latitude: 1,
    longitude: 1,
    address: null,
    proof_required: false,
  }
  const accepted: OrderEvent = {
    type: 'order_accepted',
    data: {
      vendor: fact,
      distance_km: 2,
      fee_minor: feeMinor,
      text_message: cruelText,
      audio_url: null,
    },
  }
  const cancelled: OrderEvent = {
    type: 'order_cancelled',
    data: { by: 'customer', reason: cruelText },
  }
  const offer = (mode: 'offer' | 'assign'): OrderEvent => ({
    type: 'offer_made',
    data: { offer_id: newId(), driver_id, mode, expires_at_ms: 0, eta_minutes: 1, distance_km: 1 },
  })
  switch (order.kind) {
    case 'absent':
    case 'expired':
    case 'delivered':
    case 'returned':
    case 'cancelled':
    case 'rejected':
      return []
    case 'broadcast':
      return [
        accepted,
        accepted,
        accepted,
        cancelled,
        { type: 'request_expired', data: { reason: 'deadline' } },
      ]
    case 'pending':
      return [
        accepted,
        accepted,
        accepted,
        cancelled,
        { type: 'order_rejected', data: { vendor_id: pharmacy.id, reason: cruelText } },
      ]
    case 'accepted': {
      const { search } = order
      if (search.kind === 'offering') {
        const { offerId: offer_id, driverId } = search.offer
        const taken: OrderEvent = {
          type: 'driver_assigned',
          data: {
            offer_id,
            driver: { driver_id: driverId, name: cruelText, phone: '2', vehicle_type: 'bike' },
          },
        }
        const closed = (outcome: 'declined' | 'expired' | 'unavailable'): OrderEvent => ({
          type: 'offer_closed',
          data: { offer_id, driver_id: driverId, outcome, reason: cruelText, code: null },
        })
        return [taken, taken, taken, closed('declined'), closed('expired'), closed('unavailable')]
      }
      if (search.kind === 'searching')
        return [
          offer('offer'),
          offer('offer'),
          offer('offer'),
          { type: 'driver_search_ended', data: { outcome: 'exhausted' } },
        ]
      return [
        {
          type: 'driver_search_started',
          data: { policy: 'offer', offer_ttl_ms: 1, deadline_ms: 1 },
        },
        offer('assign'),
        cancelled,
      ]
    }
    case 'driver_assigned':
      return [
        { type: 'picked_up', data: {} },
        { type: 'picked_up', data: {} },
        { type: 'arrived_at_pickup', data: {} },
        cancelled,
      ]
    case 'picked_up':
      return [
        { type: 'out_for_delivery', data: {} },
        { type: 'out_for_delivery', data: {} },
        { type: 'delivery_failed', data: { reason: cruelText } },
      ]
    case 'out_for_delivery': {
      const delivered: OrderEvent = {
        type: 'delivered',
        data: {
          driver_id: order.delivery.driver.driver_id,
          proof_photo_url: null,
          signature_url: null,
          actual_distance_km: km,
          earnings_minor: feeMinor,
          door_distance_m: null,
          reason: null,
          flag: null,
        },
      }
      return [
        delivered,
        delivered,
        delivered,
        { type: 'delivery_failed', data: { reason: 'nobody home' } },
      ]
    }
    case 'failed':
      return [{ type: 'return_started', data: {} }]
    case 'returning':
      return [{ type: 'returned', data: { driver_id: order.delivery.driver.driver_id } }]
  }
}

/** The event with which a direct order or a request begins. */
export const firstEvent = (
  id: string,
  { pharmacy }: People,
  direct: boolean,
  atMs: number,
): OrderEvent => {
  const born = {
    order_id: id,
    tracking_token: id.replaceAll('-', ''),
    customer_id: newId(),
    customer_name: cruelText,
    customer_phone: '3',
    dropoff: { latitude: 1, longitude: 1, address: cruelText },
    items: [],
    quantity: null,
    notes: cruelText,
    prescription_url: null,
    goods_classes: null,
    currency: 'USD',
    fee: null,
  }
  return direct
    ? ({
        type: 'order_placed',
        data: {
          ...born,
          vendor: {
            vendor_id: pharmacy.id,
            name: 'Pharmacy',
            phone: '1',
            latitude: 1,
            longitude: 1,
            address: null,
            proof_required: false,
          },
          distance_km: 2,
        },
      } as OrderEvent)
    : ({
        type: 'broadcast_opened',
        data: {
          ...born,
          radius_km: 5,
          expires_at_ms: atMs + hourMs,
          candidates: [{ vendor_id: pharmacy.id, distance_km: 2 }],
        },
      } as OrderEvent)
}
