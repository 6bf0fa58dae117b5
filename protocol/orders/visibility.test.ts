/**
 * The fields of an order that each standing sees. Every field has a decision for every standing.
 * Areas, distances and initials tell no more than they should.
 */
import { kmToHundredMetres } from '../kernel/kilometres.ts'
import fc from '../testing/properties.ts'
import t from 'tap'
import { distanceKm } from '../river/geo.ts'
import type { Principal } from '../kernel/principal.ts'
import { OrderView } from './view.ts'
import { emptyView } from './view-parts.ts'
import { areaOf, initialsOf } from './area.ts'
import { orderLimits } from './limits.ts'
import type { Standing } from './standings.ts'
import { standingOf, viewFor, wordsOfView } from './visibility.ts'

const endedAtMs = Date.parse('2026-05-20T12:00:00Z')
/** An order whose fields have values that no other field has, so that a visible field is found. */
const full: OrderView = {
  id: 'id',
  kind: 'broadcast',
  order_number: 'ORD-NUMBER01',
  tracking_token: 'the-token',
  status: 'out_for_delivery',
  user_id: 'user',
  vendor_id: 'winner',
  vendor_name: 'Vendor Name',
  driver_id: 'carrier',
  driver_name: 'Driver Name',
  driver_phone: 'driver-phone',
  assignment_id: 'assignment',
  pickup_address: 'pickup-address',
  pickup_latitude: 27.71234,
  pickup_longitude: 85.31234,
  delivery_address: 'delivery-address',
  delivery_latitude: 27.72345,
  delivery_longitude: 85.32345,
  customer_name: 'Wilhelmina Xylander',
  customer_phone: 'customer-phone',
  items: [{ name: 'the-item', quantity: 3 }],
  quantity: 7,
  notes: 'the-notes',
  prescription_url: 'the-prescription',
  radius_km: 5.5,
  pharmacies_notified: 17,
  expires_at: 'expires',
  responses: [
    {
      vendor_id: 'winner',
      response_type: 'ACCEPTED',
      text_message: 'winner-words',
      audio_url: null,
      responded_at: 'at',
    },
    {
      vendor_id: 'loser',
      response_type: 'REJECTED',
      text_message: 'loser-words',
      audio_url: null,
      responded_at: 'at',
    },
  ],
  driver_search: {
    state: 'offering',
    offers_made: 9,
    offer: { offer_id: 'offer', driver_id: 'offered', expires_at: 'soon' },
  },
  estimated_distance_km: 2.345,
  actual_distance_km: 3.456,
  delivery_fee: 4.5,
  currency: 'EUR',
  proof_photo_url: 'the-proof',
  signature_url: 'the-signature',
  delivery_flag: 'far_from_door',
  reason: 'the-reason',
  goods_classes: ['controlled'],
  custody: {
    classes: ['controlled'],
    needs: { pickup: ['scans'], handover: [], return: [] },
    minimum_age: 19,
    celsius: null,
    return_by: 'the-return',
    packed: true,
    sealed: true,
    packages: 43,
    scanned: { pickup: 41, handover: 0, return: 0 },
    agents: [{ name: 'the-agent', relationship: 'family' }],
    code: { generation: 0, tries_left: 5 },
    breaks: [],
  },
  created_at: 'created',
  updated_at: 'updated',
  accepted_at: 'accepted',
  driver_assigned_at: 'assigned',
  arrived_at_pickup_at: 'arrived',
  picked_up_at: 'picked',
  out_for_delivery_at: 'out',
  arrived_at_dropoff_at: 'door',
  delivered_at: 'delivered',
  ended_at: null,
  version: 12,
}
const open: OrderView = {
  ...full,
  status: 'pending',
  vendor_id: null,
  vendor_name: null,
  driver_id: null,
  accepted_at: null,
  driver_search: emptyView.driver_search,
}
const offering: OrderView = { ...full, status: 'accepted', driver_id: null }
const chosen: OrderView = { ...open, kind: 'direct', vendor_id: 'winner' }
const over: OrderView = {
  ...full,
  status: 'delivered',
  ended_at: new Date(endedAtMs).toISOString(),
}

const seen = [
  'id',
  'kind',
  'order_number',
  'status',
  'currency',
  'created_at',
  'updated_at',
  'version',
]
const area = ['delivery_latitude', 'delivery_longitude']
const all = Object.keys(full)
const except = (...fields: string[]): string[] => all.filter(field => !fields.includes(field))
/**
 * The fields that differ from an empty view. The table is written a second time, and not derived
 * from the code.
 */
const table: [
  name: string,
  reader: Principal,
  order: OrderView,
  nowMs: number,
  standing: Standing,
  fields: string[],
][] = [
  ['an administrator', { role: 'admin', id: 'a' }, full, 0, 'overseer', except('ended_at')],
  ['another service', { role: 'service', id: 'a' }, full, 0, 'overseer', except('ended_at')],
  [
    'the customer',
    { role: 'customer', id: 'user' },
    full,
    0,
    'customer',
    except('ended_at', 'delivery_flag'),
  ],
  ['another customer', { role: 'customer', id: 'other' }, full, 0, 'outsider', [...seen, ...area]],
  ['the winner', { role: 'vendor', id: 'winner' }, full, 0, 'winner', except('ended_at')],
  [
    'the pharmacy that was chosen',
    { role: 'vendor', id: 'winner' },
    chosen,
    0,
    'chosen',
    Object.keys(chosen).filter(
      field =>
        ![
          'kind',
          'vendor_name',
          'driver_id',
          'accepted_at',
          'driver_search',
          'ended_at',
          'tracking_token',
          'responses',
          'delivery_flag',
        ].includes(field),
    ),
  ],
  [
    'the pharmacy that was chosen and rejected the order',
    { role: 'vendor', id: 'winner' },
    { ...chosen, status: 'rejected' },
    0,
    'chosen',
    Object.keys(chosen).filter(
      field =>
        ![
          'kind',
          'vendor_name',
          'driver_id',
          'accepted_at',
          'driver_search',
          'ended_at',
          'tracking_token',
          'responses',
          'delivery_flag',
        ].includes(field),
    ),
  ],
  [
    'a pharmacy that is asked',
    { role: 'vendor', id: 'asked' },
    open,
    0,
    'asked',
    [
      ...seen,
      ...area,
      'items',
      'quantity',
      'prescription_url',
      'goods_classes',
      'radius_km',
      'expires_at',
      'customer_name',
    ],
  ],
  [
    'a pharmacy that is asked and refused',
    { role: 'vendor', id: 'loser' },
    open,
    0,
    'asked',
    [
      ...seen,
      ...area,
      'items',
      'quantity',
      'prescription_url',
      'goods_classes',
      'radius_km',
      'expires_at',
      'customer_name',
      'responses',
    ],
  ],
  [
    'a pharmacy that lost',
    { role: 'vendor', id: 'loser' },
    full,
    0,
    'outsider',
    [...seen, ...area],
  ],
  [
    'a pharmacy that was asked, when the request is over',
    { role: 'vendor', id: 'asked' },
    { ...open, status: 'expired', ended_at: 'then' },
    0,
    'outsider',
    [...seen, ...area],
  ],
  [
    'the driver',
    { role: 'driver', id: 'carrier' },
    full,
    0,
    'carrier',
    except(
      'tracking_token',
      'user_id',
      'prescription_url',
      'radius_km',
      'pharmacies_notified',
      'expires_at',
      'responses',
      'driver_search',
      'ended_at',
      'delivery_flag',
    ),
  ],
  [
    'a driver with an open offer',
    { role: 'driver', id: 'offered' },
    offering,
    0,
    'offered',
    [
      ...seen,
      ...area,
      'pickup_latitude',
      'pickup_longitude',
      'estimated_distance_km',
      'delivery_fee',
      'driver_search',
      'goods_classes',
    ],
  ],
  [
    'a driver whose offer is over',
    { role: 'driver', id: 'earlier' },
    offering,
    0,
    'outsider',
    [...seen, ...area],
  ],
  [
    'the driver, as long as an order that is over may be seen',
    { role: 'driver', id: 'carrier' },
    over,
    endedAtMs + orderLimits.driverSightMs - 1,
    'carrier',
    except(
      'tracking_token',
      'user_id',
      'prescription_url',
      'radius_km',
      'pharmacies_notified',
      'expires_at',
      'responses',
      'driver_search',
      'delivery_flag',
    ),
  ],
  [
    'the driver, from then on',
    { role: 'driver', id: 'carrier' },
    over,
    endedAtMs + orderLimits.driverSightMs,
    'past',
    [...seen, ...area, 'driver_id', 'delivered_at', 'delivery_fee', 'ended_at'],
  ],
]

t.test('each standing sees exactly its fields', async t => {
  t.same(
    all.toSorted(),
    Object.keys(OrderView.properties).toSorted(),
    'for a new field, decide here and in views.ts which standings see it',
  )
  for (const [name, reader, order, nowMs, standing, fields] of table) {
    t.equal(standingOf(reader, order, nowMs), standing, name)
    const view = viewFor(reader, order, nowMs)
    const shown = Object.entries(view)
      .filter(
        ([field, value]) =>
          JSON.stringify(value) !== JSON.stringify(emptyView[field as keyof typeof emptyView]),
      )
      .map(([field]) => field)
    // The kind is left out: a direct order has the same kind as an empty view.
    t.same(
      shown.filter(field => field !== 'kind').toSorted(),
      fields.filter(field => field !== 'kind').toSorted(),
      name,
    )
    // An outsider gets no view, because reads do not find the order.
    if (standing !== 'outsider')
      t.equal(
        standingOf(reader, view, nowMs),
        standing,
        `${name}: the view gives the same standing as the order`,
      )
  }
})

t.test(
  'an asked pharmacy and an offered driver see areas, initials and rounded distances, and a pharmacy sees only its own answer',
  async t => {
    const asked = viewFor({ role: 'vendor', id: 'loser' }, open, 0)
    t.match(asked, {
      delivery_latitude: 27.72,
      delivery_longitude: 85.32,
      customer_name: 'W. X.',
      responses: [{ vendor_id: 'loser' }],
    })
    t.equal(asked.responses.length, 1)
    t.match(viewFor({ role: 'driver', id: 'offered' }, offering, 0), {
      pickup_latitude: 27.71,
      pickup_longitude: 85.31,
      delivery_latitude: 27.72,
      estimated_distance_km: 2.3,
      driver_search: { offers_made: 1, offer: { offer_id: 'offer' } },
    })
    t.same(
      viewFor({ role: 'vendor', id: 'winner' }, full, 0).responses.map(answer => answer.vendor_id),
      ['winner'],
    )
    t.same(wordsOfView(asked), ['ord', 'number01', 'w', 'x', 'the', 'item'])
    t.same(
      ['John Doe', 'zoë', '王伟', ' a  b c d ', '+1 (555)', '«Ann»', '', '—'].map(initialsOf),
      ['J. D.', 'Z.', '王.', 'A. B. C.', '1. 5.', 'A.', '', ''],
    )
  },
)

t.test(
  'an area is a fixed cell: the area of an area is itself, and no place is far from its area',
  async () => {
    const latitude = fc.double({ min: -90, max: 90, noNaN: true })
    const longitude = fc.double({ min: -180, max: 180, noNaN: true })
    fc.assert(
      fc.property(latitude, longitude, (latitude, longitude) => {
        const area = areaOf({ latitude, longitude })
        return (
          areaOf(area).latitude === area.latitude &&
          areaOf(area).longitude === area.longitude &&
          !Object.is(area.latitude, -0) &&
          Math.abs(area.latitude - latitude) <= 0.005 + 1e-9 &&
          Math.abs(area.longitude - longitude) <= 0.005 + 1e-9 &&
          /^-?\d{1,3}(\.\d{1,2})?$/.test(String(area.latitude)) &&
          distanceKm(area.latitude, area.longitude, latitude, longitude) < 0.8
        )
      }),
    )
    fc.assert(
      fc.property(
        fc.double({ min: 0, max: 50, noNaN: true }),
        km =>
          Math.abs(kmToHundredMetres(km) - km) <= 0.05 + 1e-9 &&
          /^\d+(\.\d)?$/.test(String(kmToHundredMetres(km))),
      ),
    )
  },
)
