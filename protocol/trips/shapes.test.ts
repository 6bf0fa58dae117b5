/** The messages of trips, and an order in the shape of a trip. */
import t from 'tap'
import { channelNames } from '../kernel/channels.ts'
import { orderStatuses } from '../orders/statuses.ts'
import type { OrderView } from '../orders/view.ts'
import { looseIn } from '../testing/loose.ts'
import { tripMessages } from './messages.ts'
import { TripView, tripStatusOf, tripView } from './view.ts'

const driver = [
  'driver_id: null',
  'driver_name: null, any text, a long text',
  'driver_phone: null, any text, a long text',
]

t.test('each message is of the trips, and its schema is as strict as its example', async t => {
  t.ok(channelNames.includes('trips'))
  const loose: Record<keyof typeof tripMessages, readonly string[] | null> = {
    subscribe_trip: [': more fields'],
    // The trip itself is below.
    trip_subscribed: null,
    trip_requested: [': more fields'],
    trip_assigned: [': more fields', ...driver],
    trip_started: [': more fields', ...driver],
    trip_completed: [': more fields', ...driver],
    trip_cancelled: [': more fields', 'reason: null, any text, a long text'],
  }
  t.strictSame(Object.keys(tripMessages), Object.keys(loose))
  for (const [name, { schema, example, heardOn, saidOn }] of Object.entries(tripMessages)) {
    const isSaid = name === 'subscribe_trip'
    t.strictSame([heardOn, saidOn], isSaid ? [[], ['trips']] : [['trips'], []], name)
    const should = loose[name as keyof typeof loose]
    if (should !== null) t.strictSame(looseIn(schema, example), should, name)
  }
  const { subscribe_trip, trip_subscribed } = tripMessages
  t.strictSame(looseIn(subscribe_trip.schema, { ...subscribe_trip.example, id: 'a' }), [
    ': more fields, no id',
    'id: any text',
  ])
  t.match(looseIn(trip_subscribed.schema, { ...trip_subscribed.example, id: 'a' }), [
    ': more fields, no id',
    'trip: more fields',
  ])
  for (const status of ['assigned', 'started', 'completed'] as const)
    t.equal(tripMessages[`trip_${status}`].example.type, `trip_${status}`)
})

t.test('a trip has every field', async t => {
  t.strictSame(looseIn(TripView, tripMessages.trip_subscribed.example.trip), [
    ': more fields',
    'order_number: any text, a long text',
    ...driver,
    'vendor_id: null',
    'vendor_name: null, any text, a long text',
    'pickup_address: null, any text, a long text',
    'pickup_latitude: null, a negative number, a fraction',
    'pickup_longitude: null, a negative number, a fraction',
    'dropoff_address: null, any text, a long text',
    'dropoff_latitude: a negative number, a fraction',
    'dropoff_longitude: a negative number, a fraction',
    'distance_km: null, a negative number, a fraction, a great number',
    'fare: null, a negative number, a fraction, a great number',
    'currency: any text, a long text',
    'tracking_token: any text, a long text',
    'pharmacies_notified: null, a negative number, a great number',
    ...['assigned_at', 'started_at', 'completed_at', 'ended_at'].map(name => `${name}: null`),
  ])
})

t.test('every status of an order is one of a trip', async t => {
  t.strictSame(Object.fromEntries(orderStatuses.map(status => [status, tripStatusOf(status)])), {
    pending: 'requested',
    accepted: 'requested',
    driver_assigned: 'assigned',
    picked_up: 'started',
    out_for_delivery: 'started',
    delivered: 'completed',
    cancelled: 'cancelled',
    rejected: 'cancelled',
    expired: 'cancelled',
    failed: 'started',
    returning: 'started',
    returned: 'cancelled',
  })
})

t.test('an order is a trip in other words', async t => {
  const order = {
    id: 'id',
    status: 'driver_assigned',
    order_number: 'ORD-1',
    user_id: 'user',
    driver_id: 'driver',
    driver_name: 'Dora',
    driver_phone: '3',
    vendor_id: 'vendor',
    vendor_name: 'City Pharmacy',
    pickup_address: 'Here',
    pickup_latitude: 1,
    pickup_longitude: 2,
    delivery_address: 'There',
    delivery_latitude: 3,
    delivery_longitude: 4,
    actual_distance_km: null,
    estimated_distance_km: 1.5,
    delivery_fee: 3,
    currency: 'USD',
    tracking_token: 'token',
    pharmacies_notified: 2,
    created_at: 'made',
    driver_assigned_at: 'assigned',
    picked_up_at: 'picked up',
    delivered_at: 'delivered',
    ended_at: 'ended',
  }
  const trip = (given: object = {}) => tripView({ ...order, ...given } as unknown as OrderView)
  t.strictSame(trip(), {
    id: 'id',
    trip_id: 'id',
    status: 'assigned',
    order_status: 'driver_assigned',
    order_number: 'ORD-1',
    user_id: 'user',
    driver_id: 'driver',
    driver_name: 'Dora',
    driver_phone: '3',
    vendor_id: 'vendor',
    vendor_name: 'City Pharmacy',
    pickup_address: 'Here',
    pickup_latitude: 1,
    pickup_longitude: 2,
    dropoff_address: 'There',
    dropoff_latitude: 3,
    dropoff_longitude: 4,
    distance_km: 1.5,
    fare: 3,
    currency: 'USD',
    tracking_token: 'token',
    pharmacies_notified: 2,
    requested_at: 'made',
    assigned_at: 'assigned',
    started_at: 'picked up',
    completed_at: 'delivered',
    ended_at: 'ended',
  })
  t.equal(trip({ actual_distance_km: 0 }).distance_km, 0, 'the way that was driven')
  t.equal(trip({ actual_distance_km: 2 }).distance_km, 2)
})
