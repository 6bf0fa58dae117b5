/** The persons who hear of each event, as a table, and what holds for every event. */
import t from 'tap'
import fc from '../../protocol/testing/properties.ts'
import { appointmentEvents } from '../../protocol/dispatch/appointment-events.ts'
import { conversationEvents } from '../../protocol/dispatch/conversation-events.ts'
import { driverEvents } from '../../protocol/dispatch/driver-events.ts'
import { orderEvents } from '../../protocol/dispatch/order-events.ts'
import { ids } from '../../protocol/kernel/examples.ts'
import type { Principal } from '../../protocol/kernel/principal.ts'
import { hearers, notificationKindNames, rowOfKind } from '../../protocol/notifications/kinds.ts'
import {
  overWith,
  told,
  whoHears,
  type JournalSubject,
  type OneEvent,
  type Parties,
} from './who.ts'

const parties = { customer: ids.customer, vendor: ids.pharmacy, driver: ids.driver }
const by = (role: keyof typeof parties): Principal => ({ role, id: parties[role] })
const system: Principal = { role: 'system', id: 'timer' }
const rows = {
  order: orderEvents,
  driver: driverEvents,
  appointment: appointmentEvents,
  conversation: conversationEvents,
} as const
const examples = (Object.keys(rows) as JournalSubject[]).flatMap(actor =>
  Object.entries(rows[actor]).map(([type, { example }]) => ({
    actor,
    event: { type, data: example } as unknown as OneEvent,
  })),
)
/** Such as `customer order.accepted, vendor order.placed`. */
const heard = (
  actor: JournalSubject,
  event: OneEvent,
  acting: Principal | null,
  now: Parties = parties,
): string =>
  whoHears(actor, event, acting, now)
    .map(({ side, kind }) => `${side} ${kind}`)
    .toSorted()
    .join(', ')

t.test('each event is told to these sides when the system acted', async t => {
  const all = Object.fromEntries(
    examples
      .map(({ actor, event }) => [event.type, heard(actor, event, system)] as const)
      .filter(([, sides]) => sides !== ''),
  )
  t.same(all, {
    broadcast_opened: 'vendor order.requested',
    offer_made: 'driver order.offered',
    order_placed: 'vendor order.placed',
    order_accepted: 'customer order.accepted',
    order_rejected: 'customer order.rejected',
    request_expired: 'customer order.expired',
    order_cancelled: 'customer order.cancelled, driver order.cancelled, vendor order.cancelled',
    driver_search_ended: 'vendor order.no_driver',
    driver_assigned:
      'customer order.driver_assigned, driver order.assigned_to_you, vendor order.driver_assigned',
    driver_unassigned: 'driver order.taken_from_you, vendor order.driver_left',
    arrived_at_pickup: 'vendor order.driver_at_pickup',
    picked_up: 'customer order.picked_up',
    out_for_delivery: 'customer order.out_for_delivery',
    arrived_at_dropoff: 'customer order.driver_at_door',
    delivered: 'customer order.delivered, vendor order.delivered',
    delivery_failed: 'customer order.failed, vendor order.failed',
    return_started: 'vendor order.returning',
    returned: 'customer order.returned, vendor order.returned',
    chain_broken: 'vendor order.chain_broken',
    driver_registered: 'vendor driver.registered',
    membership_changed: 'driver driver.membership_ended, vendor driver.membership_ended',
    duty_barred: 'driver driver.off_duty',
    slot_claimed: 'vendor appointment.requested',
    waitlist_offered: 'customer appointment.offered',
    waitlist_accepted: 'vendor appointment.accepted',
    requirement_met: 'customer appointment.confirmed',
    appointment_confirmed: 'customer appointment.confirmed',
    appointment_rescheduled: 'customer appointment.rescheduled, vendor appointment.rescheduled',
    appointment_arrived: 'vendor appointment.arrived',
    appointment_cancelled: 'customer appointment.cancelled, vendor appointment.cancelled',
    appointment_missed: 'customer appointment.missed',
    reminder_due: 'customer appointment.reminder',
    message_sent: 'driver conversation.message, vendor conversation.message',
  })
})

t.test('who acted hears nothing of it, and the others do', async t => {
  const cancelled: OneEvent = { type: 'order_cancelled', data: { by: 'x', reason: null } }
  for (const side of hearers) {
    const sides = whoHears('order', cancelled, by(side), parties).map(one => one.side)
    t.same(
      sides,
      hearers.filter(other => other !== side),
    )
  }
  t.equal(whoHears('order', cancelled, null, parties).length, 3, 'an older release did not say')
  const other = { role: 'vendor', id: ids.driver } as const
  t.equal(whoHears('order', cancelled, other, parties).length, 3, 'another pharmacy')
  const admin = { role: 'admin', id: ids.customer } as const
  t.equal(whoHears('order', cancelled, admin, parties).length, 3, 'an administrator')
})

t.test('a pharmacy hears of a broken chain, whoever of its people reported it', async t => {
  const { example } = orderEvents.chain_broken
  for (const kind of ['other_seal', 'excursion'] as const) {
    const event: OneEvent = { type: 'chain_broken', data: { ...example, kind } }
    t.match(heard('order', event, by('vendor')), /^vendor order\.(chain_broken|excursion)$/)
  }
})

t.test('a decision on one break leaves the notices of the others', async t => {
  const event: OneEvent = { type: 'chain_mended', data: orderEvents.chain_mended.example }
  t.same(overWith(event), [])
})

t.test('what the event itself names wins over the present record', async t => {
  const now = { customer: ids.customer, vendor: null, driver: null }
  for (const [type, side, id] of [
    ['order_placed', 'vendor', ids.pharmacy],
    ['driver_assigned', 'driver', ids.driver],
    ['driver_unassigned', 'driver', ids.driver],
  ] as const) {
    const event = { type, data: orderEvents[type].example } as OneEvent
    const one = whoHears('order', event, system, now).find(hearing => hearing.side === side)
    t.equal(one?.recordId, id, type)
  }
})

t.test('what a membership and a bar from duty say decides', async t => {
  for (const [event, expected] of [
    [{ membership: 'pending' }, 'vendor driver.asks_to_join'],
    [{ membership: 'active' }, 'driver driver.membership_active'],
    [{ barred: false }, 'driver driver.duty_allowed'],
  ] as const) {
    const type = 'barred' in event ? 'duty_barred' : 'membership_changed'
    t.equal(heard('driver', { type, data: event } as OneEvent, system), expected)
  }
})

t.test('only the last thing that was missing confirms an appointment', async t => {
  const data = { ...appointmentEvents.requirement_met.example, status: 'proposed' }
  const event = { type: 'requirement_met', data } as OneEvent
  t.equal(heard('appointment', event, system), '')
})

t.test('every type of event has its row, and every kind has an event', async t => {
  for (const actor of Object.keys(rows) as JournalSubject[])
    t.same(Object.keys(told[actor]).toSorted(), Object.keys(rows[actor]).toSorted())
  const kinds = new Set(
    [
      ...examples,
      ...['pending', 'active'].map(membership => ({
        actor: 'driver' as const,
        event: { type: 'membership_changed', data: { membership } } as OneEvent,
      })),
      {
        actor: 'driver' as const,
        event: { type: 'duty_barred', data: { barred: false } } as OneEvent,
      },
      {
        actor: 'order' as const,
        event: {
          type: 'chain_broken',
          data: { ...orderEvents.chain_broken.example, kind: 'excursion' },
        } as OneEvent,
      },
    ].flatMap(({ actor, event }) => whoHears(actor, event, system, parties).map(one => one.kind)),
  )
  // The others are told by rooms, without an event.
  const ofEvents = notificationKindNames.filter(
    kind => rowOfKind(kind).about in told && kind !== 'appointment.paper_revoked',
  )
  t.same([...kinds].toSorted(), ofEvents.toSorted())
})

t.test('for every event, acting person and record: nobody twice, nobody unasked', async t => {
  const party = fc.constantFrom(null, ids.customer, ids.pharmacy, ids.driver)
  fc.assert(
    fc.property(
      fc.constantFrom(...examples),
      fc.option(fc.constantFrom(system, ...hearers.map(by))),
      fc.record({ customer: party, vendor: party, driver: party }),
      ({ actor, event }, acting, now) => {
        const hearings = whoHears(actor, event, acting, now)
        return (
          new Set(hearings.map(one => `${one.side} ${one.recordId}`)).size === hearings.length &&
          hearings.every(
            ({ side, recordId, kind }) =>
              recordId !== null &&
              rowOfKind(kind).about === actor &&
              rowOfKind(kind).to.includes(side) &&
              // An assistant may have handed in the logger; a pharmacist decides.
              (event.type === 'chain_broken' || !(acting?.role === side && acting.id === recordId)),
          )
        )
      },
    ),
  )
  t.pass()
})
