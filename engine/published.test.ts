/**
 * Every event that an engine publishes, and every message that it sends to sockets, matches its
 * schema in protocol/, and the schema knows all of its fields. The run below causes each kind of
 * event and message at least once.
 */
import t from 'tap'
import type { TSchema } from 'typebox'
import { Check, Clean, Errors } from 'typebox/value'
import { decodeBody } from '../protocol/bus/codec.ts'
import { appointmentEvents } from '../protocol/dispatch/appointment-events.ts'
import { driverEvents } from '../protocol/dispatch/driver-events.ts'
import { PublishedEvent } from '../protocol/dispatch/events.ts'
import { orderEvents } from '../protocol/dispatch/order-events.ts'
import { limits } from '../protocol/kernel/limits.ts'
import {
  DriverLocationsUpdated,
  OlderMessage,
  olderTopics,
} from '../protocol/dispatch/older-topics.ts'
import type { Principal } from '../protocol/kernel/principal.ts'
import { Push } from '../protocol/dispatch/pushes.ts'
import type { MessageDefinition } from '../protocol/kernel/messages.ts'
import { OrderView } from '../protocol/orders/view.ts'
import { socketMessages } from '../protocol/dispatch/messages.ts'
import { subjects } from '../protocol/bus/subjects.ts'
import { here, order, world } from './fixtures.ts'
import { visits } from './appointments/fixture-visits.ts'
import { trackingLimits } from './tracking/limits.ts'

/** Null when the value matches the schema and has no further field; otherwise the first error. */
function wrong(schema: TSchema, value: unknown): string | null {
  if (!Check(schema, value)) return JSON.stringify(Errors(schema, value)[0])
  const known = JSON.stringify(Clean(schema, structuredClone(value)))
  return known === JSON.stringify(value)
    ? null
    : `has fields that the schema does not know: ${JSON.stringify(value)}, known ${known}`
}

/** Two messages share a type, and three share a definition. The push tells which one is meant. */
const ended = { request_closed: 'request_ended', topic: 'request_over' }
const namesOfPushed: Readonly<Record<string, Partial<Record<Push['kind'], string>>>> = {
  request_taken: ended,
  request_expired: ended,
  request_cancelled: ended,
}
/** The messages that only engines send; the edge makes the other messages of sockets. */
const pushedByEngines = [
  'appointment',
  'appointment_reminder',
  'assigned',
  'assignment_ended',
  'custody',
  'driver_membership',
  'driver_search_ended',
  'driver_status',
  'membership',
  'new_order',
  'new_request',
  'offer',
  'offer_withdrawn',
  'pharmacy_response',
  'request_ended',
  'request_over',
  'status',
  'tracking_reissued',
]

t.test('all messages of a run match their schemas', async t => {
  const w = await world(31)
  const older: { subject: string; message: OlderMessage }[] = []
  const locations: DriverLocationsUpdated[] = []
  for (const filter of [subjects.tripFilter, subjects.paymentFilter])
    w.bus.subscribe(filter, m =>
      older.push({ subject: m.subject, message: decodeBody(m.body) as OlderMessage }),
    )
  w.bus.subscribe(subjects.driverLocations, m =>
    locations.push(decodeBody(m.body) as DriverLocationsUpdated),
  )
  let engine = await w.boot('e1')
  const near = w.pharmacy('near')
  const nearer = w.pharmacy('nearer', here.latitude + 0.001)
  await w.env.settle()
  const by: Principal = { role: 'vendor', id: near }
  const dora = await w.driver(near, here.latitude + 0.01, here.longitude)
  await w.command('driver', dora.driverId, 'set_status', dora.by, { status: 'on_break' })
  await w.command('driver', dora.driverId, 'set_status', dora.by, { status: 'available' })
  const accepted = async () => {
    const { id } = order(await w.broadcast())
    await w.command('order', id, 'respond', by, { response_type: 'ACCEPTED', text_message: 'come' })
    return id
  }
  const offered = () =>
    w.pushes
      .flatMap(p => (p.kind === 'topic' && p.message.type === 'offer' ? [p.message.offer_id] : []))
      .at(-1)

  // One request expires and one is cancelled. One becomes a delivery by its second offer, after the
  // first one was declined.
  await w.broadcast(undefined, undefined, 5)
  const cancelled = order(await w.broadcast())
  await w.command(
    'order',
    cancelled.id,
    'cancel',
    { role: 'customer', id: cancelled.user_id },
    { reason: 'ordered twice' },
  )
  const { id } = order(await w.broadcast())
  await w.command(
    'order',
    id,
    'respond',
    { role: 'vendor', id: nearer },
    { response_type: 'REJECTED', text_message: 'no stock' },
  )
  await w.command('order', id, 'respond', by, { response_type: 'ACCEPTED' })
  await w.command('order', id, 'reissue_tracking', { role: 'admin', id: 'a' })
  await w.command('order', id, 'find_driver', by, { search_seconds: 20 })
  await w.env.advance(100)
  await w.command('order', id, 'decline_offer', dora.by, { offer_id: offered(), reason: 'too far' })
  await w.env.advance(21_000)
  t.equal(w.statusOf(id), 'driver_search_ended')
  await w.command('order', id, 'find_driver', by)
  await w.env.advance(100)
  await w.command('order', id, 'accept_offer', dora.by, { offer_id: offered() })
  await w.env.advance(20_000)
  await dora.at(here.latitude, here.longitude)
  await w.env.advance(300)
  await w.command('order', id, 'pick_up', dora.by)
  await w.command('order', id, 'out_for_delivery', dora.by)
  await w.env.advance(20_000)
  await dora.at(here.latitude, here.longitude + 0.00001)
  await w.env.advance(300)
  t.equal(
    order(await w.command('order', id, 'deliver', dora.by, w.signed(dora.driverId))).status,
    'delivered',
  )

  // Orders to a chosen pharmacy: one is rejected and one is returned.
  const place = async () => {
    const order_id = w.id()
    await w.command(
      'order',
      order_id,
      'create',
      { role: 'service', id: 's' },
      {
        order_id,
        customer_id: w.id(),
        customer_name: 'Cleo',
        customer_phone: '3',
        vendor_id: near,
        delivery_address: 'home',
        delivery_latitude: here.latitude + 0.02,
        delivery_longitude: here.longitude,
        items: [{ name: 'Aspirin', quantity: 1 }],
      },
    )
    return order_id
  }
  await w.command('order', await place(), 'reject', by, { reason: 'closed' })
  const back = await place()
  await w.command('order', back, 'accept', by)
  await w.command('order', back, 'assign_driver', by, { driver_id: dora.driverId })
  await w.command('order', back, 'pack', by, { seal_number: 'S-1', packages: ['RX-1'] })
  await w.command('order', back, 'name_agent', by, { name: 'Ann', relationship: 'family' })
  await w.command('order', back, 'scan', dora.by, { code: 'RX-1' })
  for (const verb of ['pick_up', 'out_for_delivery']) await w.command('order', back, verb, dora.by)
  const code = { method: 'pin', right: false, assignment_id: 'a', generation: 0 }
  await w.command('order', back, 'deliver', dora.by, { custody: { code } })
  await w.command('order', back, 'renew_code', { role: 'service', id: 's' }, { generation: 1 })
  await w.command('order', back, 'report_break', dora.by, { kind: 'damaged' })
  await w.command('order', back, 'mend', by, { number: 1, outcome: 'return', reason: 'wet' })
  await w.command('driver', dora.driverId, 'update', dora.by, { phone: '22' })
  await w.command('order', back, 'fail', dora.by, { reason: 'nobody at home' })
  await w.command('order', back, 'return', dora.by)
  const returned = order(await w.command('order', back, 'complete_return', by))
  t.equal(wrong(OrderView, returned), null)
  await w.command('order', await accepted(), 'cancel', by)

  // An order is cancelled while a driver holds its offer.
  const offering = await accepted()
  await w.command('order', offering, 'find_driver', by)
  await w.env.advance(100)
  await w.command('order', offering, 'cancel', by)
  await w.env.advance(100)

  // The pharmacy ends the membership of its driver before a pick-up.
  const left = await accepted()
  await w.command('order', left, 'assign_driver', by, { driver_id: dora.driverId })
  await w.command('driver', dora.driverId, 'end_membership', by)
  await w.env.advance(100)
  t.match(
    w.pushes.filter(
      p =>
        p.kind === 'topic' &&
        ['membership', 'assignment_ended', 'driver_membership'].includes(p.message.type),
    ),
    { length: 4 },
  )
  await w.command('order', left, 'cancel', by)
  await w.command('driver', dora.driverId, 'ask_membership', dora.by)
  await w.command('driver', dora.driverId, 'approve_membership', by)
  await w.command('driver', dora.driverId, 'set_status', by, { status: 'offline' })
  await w.env.advance(trackingLimits.positionSaveIntervalMs + limits.requestTtlSecondsMin * 1_000)
  await visits(w, async ms => {
    await engine.stop()
    await w.env.advance(ms)
    engine = await w.boot('e2')
    await w.env.advance(1_000)
  })
  await engine.stop()

  const tables: Record<string, Readonly<Record<string, { data: TSchema }>>> = {
    order: orderEvents,
    driver: driverEvents,
    appointment: appointmentEvents,
  }
  for (const event of w.events) {
    const row = tables[event.actor]?.[event.type]
    t.equal(wrong(PublishedEvent, { ...event, data: null }), null, event.type)
    t.equal(row === undefined ? 'no such event' : wrong(row.data, event.data), null, event.type)
  }
  const happened = new Set(w.events.map(event => event.type))
  t.same(
    Object.values(tables)
      .flatMap(table => Object.keys(table))
      .filter(type => !happened.has(type)),
    [],
    'each kind of event was published',
  )

  const facts = new Map(w.events.map(event => [event.id, event]))
  for (const { subject, message } of older) {
    const { type } = message
    t.equal(wrong(OlderMessage, { ...message, data: null }), null, type)
    t.equal(wrong(olderTopics[type as keyof typeof olderTopics].data, message.data), null, type)
    const trip = (message.data as { trip_id: string }).trip_id
    t.equal(subject, subjects.olderTopic(type, trip))
    t.equal(message.id, `${message.slot}.${message.seq}.${type}`)
    t.equal(
      facts.get(`${message.slot}.${message.seq}`)?.order_seq,
      message.order_seq,
      'an event with the same number was published',
    )
  }
  const tripOf = (trip: string) =>
    older
      .filter(one => (one.message.data as { trip_id: string }).trip_id === trip)
      .map(one => one.message.type)
  t.same(tripOf(id), ['trip.requested', 'trip.assigned', 'trip.started', 'trip.completed'])
  t.same(
    tripOf(back),
    ['trip.requested', 'trip.assigned', 'trip.started'],
    'an order that is returned is not completed',
  )
  t.match(older.find(one => one.message.type === 'trip.started')?.message.data, {
    driver_id: dora.driverId,
  })

  for (const message of locations) t.equal(wrong(DriverLocationsUpdated, message), null)
  t.match(locations.at(-1), {
    data: [
      { driver_id: dora.driverId, latitude: here.latitude, longitude: here.longitude + 0.00001 },
    ],
  })

  const told = new Set<string>()
  for (const push of w.pushes) {
    t.ok(Check(Push, push), push.kind)
    const message =
      push.kind === 'new_request'
        ? { type: 'new_request', ...push.body, distance_km: push.distances_km[0] }
        : push.message
    const name = namesOfPushed[message.type]?.[push.kind] ?? message.type
    told.add(name)
    const definition = (socketMessages as Record<string, MessageDefinition | undefined>)[name]
    t.equal(
      definition === undefined ? 'no such message' : wrong(definition.schema, message),
      null,
      name,
    )
  }
  t.same([...told].toSorted(), pushedByEngines, 'each kind of message was sent')
  t.same(w.logs, [])
})
