/**
 * The history of an order as each reader sees it. [API1, API3] Only the named fields of an event
 * are shown.
 */
import t from 'tap'
import type { OrderEvent } from '../../protocol/dispatch/events.ts'
import type { PharmacyFact } from '../../protocol/dispatch/facts.ts'
import { timelineEntry, type Reader } from './timeline.ts'

const vendor: PharmacyFact = {
  vendor_id: 'v1',
  name: 'MedPharm',
  phone: 'secret-phone',
  latitude: 1,
  longitude: 2,
  address: 'x',
  proof_required: true,
}
const born = {
  order_id: 'o',
  tracking_token: 'secret-token',
  customer_id: 'c',
  customer_name: 'secret-name',
  customer_phone: 'secret-phone',
  dropoff: { latitude: 1, longitude: 2, address: 'secret-address' },
  items: [],
  quantity: null,
  notes: 'secret-notes',
  prescription_url: null,
  goods_classes: null,
  fee: { quote_id: 'q', vendor_id: null, fee_minor: 1250, distance_km: 3 },
  currency: 'USD',
}
const offer = {
  offer_id: 'f',
  driver_id: 'd1',
  mode: 'offer',
  expires_at_ms: 0,
  eta_minutes: 3,
  distance_km: 1.23456,
} as const
const answer = { text_message: 'words', audio_url: null }

const readers: Record<string, Reader> = {
  customer: { role: 'user', pharmacyId: null, driverId: null },
  vendor: { role: 'vendor', pharmacyId: 'v1', driverId: null },
  asked: { role: 'vendor', pharmacyId: 'v2', driverId: null },
  driver: { role: 'driver', pharmacyId: null, driverId: 'd1' },
  other: { role: 'driver', pharmacyId: null, driverId: 'd2' },
  admin: { role: 'admin', pharmacyId: null, driverId: null },
}
const everybody = Object.keys(readers)

const table: [event: OrderEvent, seenBy: string[], told: Record<string, object>][] = [
  [
    {
      type: 'broadcast_opened',
      data: {
        ...born,
        radius_km: 5,
        expires_at_ms: 0,
        candidates: [{ vendor_id: 'secret-v', distance_km: 1 }],
      },
    },
    everybody,
    {
      customer: {
        radius_km: 5,
        expires_at: '1970-01-01T00:00:00.000Z',
        pharmacies_notified: 1,
        delivery_fee: 12.5,
        currency: 'USD',
      },
      driver: {},
    },
  ],
  [
    { type: 'order_placed', data: { ...born, vendor, distance_km: 3.00049 } },
    everybody,
    {
      customer: { pharmacy_name: 'MedPharm', distance_km: 3, delivery_fee: 12.5, currency: 'USD' },
    },
  ],
  [
    {
      type: 'response_recorded',
      data: {
        vendor_id: 'v2',
        vendor_name: 'Two',
        latitude: 1,
        longitude: 2,
        distance_km: 2,
        ...answer,
      },
    },
    ['customer', 'asked', 'admin'],
    {
      customer: {
        pharmacy_id: 'v2',
        pharmacy_name: 'Two',
        response_type: 'REJECTED',
        distance_km: 2,
        ...answer,
      },
    },
  ],
  [
    { type: 'order_accepted', data: { vendor, distance_km: 2, fee_minor: 300, ...answer } },
    everybody,
    { driver: { pharmacy_name: 'MedPharm', distance_km: 2, delivery_fee: 3, currency: 'USD' } },
  ],
  [
    { type: 'order_rejected', data: { vendor_id: 'v1', reason: 'none left' } },
    ['customer', 'vendor', 'asked', 'admin'],
    { customer: { reason: 'none left' } },
  ],
  [
    { type: 'request_expired', data: { reason: 'deadline' } },
    everybody,
    { customer: { reason: 'deadline' } },
  ],
  [
    { type: 'order_cancelled', data: { by: 'customer', reason: null } },
    everybody,
    { driver: { by: 'customer', reason: null } },
  ],
  [
    { type: 'tracking_reissued', data: { tracking_token: 'secret-token' } },
    ['customer', 'vendor', 'asked', 'admin'],
    { customer: {}, admin: {} },
  ],
  [
    { type: 'driver_search_started', data: { policy: 'offer', offer_ttl_ms: 1, deadline_ms: 1 } },
    ['customer', 'vendor', 'asked', 'admin'],
    { customer: {} },
  ],
  [
    { type: 'offer_made', data: offer },
    ['vendor', 'asked', 'driver', 'admin'],
    {
      driver: {
        offer_id: 'f',
        driver_id: 'd1',
        mode: 'offer',
        expires_at: '1970-01-01T00:00:00.000Z',
        eta_minutes: 3,
        distance_km: 1.235,
      },
    },
  ],
  [
    {
      type: 'offer_closed',
      data: { offer_id: 'f', driver_id: 'd1', outcome: 'declined', reason: 'far', code: null },
    },
    ['vendor', 'asked', 'driver', 'admin'],
    { vendor: { offer_id: 'f', driver_id: 'd1', outcome: 'declined', reason: 'far' } },
  ],
  [
    { type: 'driver_search_ended', data: { outcome: 'exhausted' } },
    ['customer', 'vendor', 'asked', 'admin'],
    { customer: { outcome: 'exhausted' } },
  ],
  [
    {
      type: 'driver_assigned',
      data: {
        offer_id: 'f',
        driver: { driver_id: 'd1', name: 'Dan', phone: 'secret-phone', vehicle_type: 'bike' },
      },
    },
    everybody,
    { customer: { driver_id: 'd1', driver_name: 'Dan', vehicle_type: 'bike' } },
  ],
  [
    { type: 'driver_unassigned', data: { driver_id: 'd1', offer_id: 'f', reason: 'left' } },
    everybody.filter(name => name !== 'other'),
    { customer: { driver_id: 'd1' }, driver: { driver_id: 'd1', reason: 'left' } },
  ],
  [{ type: 'arrived_at_pickup', data: {} }, everybody, { customer: {} }],
  [{ type: 'picked_up', data: {} }, everybody, { customer: {} }],
  [{ type: 'out_for_delivery', data: {} }, everybody, { customer: {} }],
  [{ type: 'arrived_at_dropoff', data: {} }, everybody, { customer: {} }],
  [
    {
      type: 'delivered',
      data: {
        driver_id: 'd1',
        proof_photo_url: '/p',
        signature_url: null,
        actual_distance_km: 1.5,
        earnings_minor: 300,
        door_distance_m: 812,
        reason: null,
        flag: 'far_from_door',
      },
    },
    everybody,
    {
      customer: {
        proof_photo_url: '/p',
        signature_url: null,
        actual_distance_km: 1.5,
        reason: null,
      },
      driver: {
        proof_photo_url: '/p',
        signature_url: null,
        actual_distance_km: 1.5,
        reason: null,
        earnings: 3,
        currency: 'USD',
      },
      vendor: {
        proof_photo_url: '/p',
        signature_url: null,
        actual_distance_km: 1.5,
        reason: null,
        earnings: 3,
        currency: 'USD',
        door_distance_m: 812,
        flag: 'far_from_door',
      },
      admin: {
        proof_photo_url: '/p',
        signature_url: null,
        actual_distance_km: 1.5,
        reason: null,
        earnings: 3,
        currency: 'USD',
        door_distance_m: 812,
        flag: 'far_from_door',
      },
    },
  ],
  [
    {
      type: 'assigned_driver_updated',
      data: {
        driver: { driver_id: 'd1', name: 'Dan', phone: 'secret-phone', vehicle_type: 'car' },
      },
    },
    everybody,
    { customer: { driver_id: 'd1', driver_name: 'Dan', vehicle_type: 'car' } },
  ],
  [
    { type: 'delivery_failed', data: { reason: 'nobody home' } },
    everybody,
    { customer: { reason: 'nobody home' } },
  ],
  [{ type: 'return_started', data: {} }, everybody, { customer: {} }],
  [{ type: 'returned', data: { driver_id: 'd1' } }, everybody, { customer: {} }],
]

t.test('each event is shown to its readers with the named fields and nothing private', async t => {
  for (const [event, seenBy, told] of table)
    for (const [name, reader] of Object.entries(readers)) {
      const entry = timelineEntry(reader, 'USD', {
        version: 7,
        at: new Date(0),
        by: { role: 'system', id: 'engine' },
        event,
      })
      t.equal(entry !== null, seenBy.includes(name), `${event.type} to the ${name}`)
      t.notMatch(JSON.stringify(entry), /secret/, `${event.type} tells the ${name} nothing private`)
      if (told[name] !== undefined)
        t.same(
          entry,
          {
            version: 7,
            type: event.type,
            at: '1970-01-01T00:00:00.000Z',
            by: { role: 'system', id: 'engine' },
            data: told[name],
          },
          `${event.type}: what the ${name} is told`,
        )
    }
})
