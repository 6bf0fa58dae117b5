/** What pharmacies and drivers are told of orders: every field, and no more of a place, a distance or a name than there should be. */
import t from 'tap'
import type { OrderView } from '../rest/order.ts'
import { areaOf, coarseKm, initialsOf } from './area.ts'
import { assignedMessage, newRequestBody, offerMessage } from './messages.ts'

t.test('areas, distances and initials', async t => {
  t.same(areaOf({ latitude: 52.51999, longitude: -13.40499 }), {
    latitude: 52.52,
    longitude: -13.4,
  })
  t.ok(
    Object.is(areaOf({ latitude: -0.001, longitude: 0 }).latitude, 0),
    'a cell at the equator is not called -0',
  )
  t.same([0, 0.04, 0.05, 12.34].map(coarseKm), [0, 0, 0.1, 12.3])
  for (const [name, initials] of [
    ['John Doe', 'J. D.'],
    [' ann  marie\tvan dyke ', 'A. M. V.'],
    ['', ''],
    ['...', ''],
    ['(eve) 7up', 'E. 7.'],
    ['e\u0301ve', '\u00c9.'],
    ['-x y', 'X. Y.'],
  ])
    t.equal(initialsOf(name!), initials)
})

t.test('an open request', async t => {
  t.same(
    newRequestBody({
      orderId: 'o',
      customerName: 'John Doe',
      dropoff: { latitude: 1.23456, longitude: 7.00001 },
      items: [{ name: 'a', quantity: 2 }],
      quantity: 3,
      prescriptionUrl: '/p',
      radiusKm: 5,
      createdAtMs: 0,
      expiresAtMs: 60_000,
    }),
    {
      request_id: 'o',
      patient_name: 'J. D.',
      patient_phone: '',
      patient_location: { lat: 1.23, lng: 7 },
      radius_km: 5,
      quantity: 3,
      items: [{ name: 'a', quantity: 2 }],
      notes: null,
      image_url: '/p',
      prescription_url: '/p',
      timestamp: '1970-01-01T00:00:00.000Z',
      expires_at: '1970-01-01T00:01:00.000Z',
    },
  )
})

t.test('an offer, and an assignment', async t => {
  const places = {
    pickup: { latitude: 1.234, longitude: 2.345 },
    dropoff: { latitude: 3.456, longitude: 4.567 },
  }
  const offer = (distance_km: number | null) =>
    offerMessage({ offer_id: 'f', order_id: 'o', ...places, distance_km, fee: 3, expires_at: 'x' })
  t.same(offer(1.26), {
    type: 'offer',
    offer_id: 'f',
    order_id: 'o',
    pickup: { latitude: 1.23, longitude: 2.35, address: null },
    dropoff: { latitude: 3.46, longitude: 4.57, address: null },
    distance_km: 1.3,
    fee: 3,
    currency: 'USD',
    expires_at: 'x',
  })
  t.match(offer(null), { distance_km: null })
  const order = {
    id: 'o',
    assignment_id: 'f',
    driver_assigned_at: 't',
    status: 'driver_assigned',
    pickup_latitude: 1,
    pickup_longitude: 2,
    pickup_address: 'a',
    vendor_name: 'v',
    delivery_latitude: 3,
    delivery_longitude: 4,
    delivery_address: 'd',
    customer_name: 'c',
    customer_phone: 'p',
    items: [],
    notes: 'n',
    delivery_fee: 3,
    currency: 'USD',
  } as unknown as OrderView
  const told = (phone: string | null) => assignedMessage(order, phone)
  t.same(told('9'), {
    type: 'assigned',
    order_id: 'o',
    offer_id: 'f',
    assigned_at: 't',
    status: 'driver_assigned',
    pickup: { latitude: 1, longitude: 2, address: 'a', name: 'v', phone: '9' },
    dropoff: { latitude: 3, longitude: 4, address: 'd', name: 'c', phone: 'p' },
    items: [],
    notes: 'n',
    fee: 3,
    currency: 'USD',
  })
  t.notOk('phone' in (told(null) as unknown as { pickup: object }).pickup)
})
