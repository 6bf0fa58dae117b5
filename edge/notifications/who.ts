/**
 * The persons who hear of an event, and under which kind. Every type of event has its row, so a new
 * type does not compile before somebody has decided. Pure.
 *
 * An open request and an offer to a driver end within minutes, and terminals and apps show them. So
 * they are in no inbox; they wake devices alone.
 */
import type { ConversationEvent } from '../../protocol/dispatch/conversation-events.ts'
import type { AppointmentEvent, DriverEvent, OrderEvent } from '../../protocol/dispatch/events.ts'
import type { Principal } from '../../protocol/kernel/principal.ts'
import {
  rowOfKind,
  type Hearer,
  type NotificationKind,
  type NotificationSubject,
} from '../../protocol/notifications/kinds.ts'

/** The record of each side; null where there is none. */
export type Parties = Readonly<Record<Hearer, string | null>>
export type OneEvent = OrderEvent | DriverEvent | AppointmentEvent | ConversationEvent
/** The subjects whose news are events; others are told by their rooms. */
export type JournalSubject = Exclude<
  NotificationSubject,
  'document' | 'vendor' | 'payment' | 'account'
>
export interface Hearing {
  side: Hearer
  /** Id of the customer's account, of the pharmacy or of the driver. */
  recordId: string
  kind: NotificationKind
  /** Time when the thing itself ends; null: the kind says how long it is worth something. */
  endsAtMs: number | null
}

type Told = Readonly<Partial<Record<Hearer, NotificationKind>>>
const nobody: Told = {}
/** The same kind to several sides. */
const to = (kind: NotificationKind): Told =>
  Object.fromEntries(rowOfKind(kind).to.map(side => [side, kind]))

export const told: {
  readonly order: Readonly<Record<OrderEvent['type'], Told>>
  readonly driver: Readonly<Record<DriverEvent['type'], Told>>
  readonly appointment: Readonly<Record<AppointmentEvent['type'], Told>>
  readonly conversation: Readonly<Record<ConversationEvent['type'], Told>>
} = {
  order: {
    // Each pharmacy that is asked.
    broadcast_opened: nobody,
    order_placed: to('order.placed'),
    response_recorded: nobody,
    order_accepted: to('order.accepted'),
    order_rejected: to('order.rejected'),
    request_expired: to('order.expired'),
    order_cancelled: to('order.cancelled'),
    tracking_reissued: nobody,
    driver_search_started: nobody,
    offer_made: to('order.offered'),
    offer_closed: nobody,
    driver_search_ended: to('order.no_driver'),
    driver_assigned: { ...to('order.driver_assigned'), ...to('order.assigned_to_you') },
    driver_unassigned: { ...to('order.driver_left'), ...to('order.taken_from_you') },
    assigned_driver_updated: nobody,
    arrived_at_pickup: to('order.driver_at_pickup'),
    picked_up: to('order.picked_up'),
    out_for_delivery: to('order.out_for_delivery'),
    arrived_at_dropoff: to('order.driver_at_door'),
    delivered: to('order.delivered'),
    delivery_failed: to('order.failed'),
    return_started: to('order.returning'),
    returned: to('order.returned'),
    parcel_packed: nobody,
    package_scanned: nobody,
    agent_named: nobody,
    code_refused: nobody,
    code_renewed: nobody,
    // An excursion has a kind of its own.
    chain_broken: to('order.chain_broken'),
    chain_mended: nobody,
  },
  driver: {
    driver_registered: to('driver.registered'),
    driver_updated: nobody,
    status_changed: nobody,
    // The two below depend on what the event says.
    membership_changed: nobody,
    duty_barred: nobody,
    offer_held: nobody,
    offer_released: nobody,
    order_assigned: nobody,
    order_completed: nobody,
  },
  appointment: {
    calendar_described: nobody,
    slot_claimed: to('appointment.requested'),
    waitlist_joined: nobody,
    seat_promised: nobody,
    seat_withdrawn: nobody,
    window_moved: nobody,
    waitlist_offered: to('appointment.offered'),
    waitlist_accepted: to('appointment.accepted'),
    // Of the last thing that was missing: the customer has the place now.
    requirement_met: nobody,
    appointment_confirmed: to('appointment.confirmed'),
    appointment_rescheduled: to('appointment.rescheduled'),
    appointment_arrived: to('appointment.arrived'),
    appointment_checked_in: nobody,
    step_completed: nobody,
    appointment_fulfilled: nobody,
    appointment_cancelled: to('appointment.cancelled'),
    appointment_missed: to('appointment.missed'),
    reminder_due: to('appointment.reminder'),
    reminders_dropped: nobody,
  },
  conversation: {
    conversation_opened: nobody,
    message_sent: to('conversation.message'),
    message_taken_back: nobody,
    messages_read: nobody,
    conversation_frozen: nobody,
    conversation_thawed: nobody,
    support_read: nobody,
    conversation_ending: nobody,
    conversation_closed: nobody,
  },
}

/** True for a kind of actor whose events are told. */
export const isTold = (actor: string): actor is JournalSubject => Object.hasOwn(told, actor)

function kindsOf(actor: JournalSubject, event: OneEvent): Told {
  switch (event.type) {
    case 'membership_changed':
      return {
        pending: to('driver.asks_to_join'),
        active: to('driver.membership_active'),
        ended: to('driver.membership_ended'),
      }[event.data.membership]
    case 'duty_barred':
      return to(event.data.barred ? 'driver.off_duty' : 'driver.duty_allowed')
    case 'chain_broken':
      return to(event.data.kind === 'excursion' ? 'order.excursion' : 'order.chain_broken')
    case 'requirement_met':
      return event.data.status === 'booked' ? to('appointment.confirmed') : nobody
    default: {
      const rows: Readonly<Record<string, Told>> = told[actor]
      return rows[event.type] ?? nobody
    }
  }
}

/**
 * The parties at the time of the event. A catch-up sees yesterday's events beside today's record,
 * so what the event itself names wins.
 */
function partiesAt(event: OneEvent, now: Parties): Parties {
  switch (event.type) {
    case 'order_placed':
    case 'order_accepted':
      return { ...now, vendor: event.data.vendor.vendor_id }
    case 'driver_assigned':
      return { ...now, driver: event.data.driver.driver_id }
    case 'offer_made':
      // A driver whom the pharmacy picked is not asked, and hears of the order next.
      return { ...now, driver: event.data.mode === 'offer' ? event.data.driver_id : null }
    case 'driver_unassigned':
      return { ...now, driver: event.data.driver_id }
    default:
      return now
  }
}

function endOf(event: OneEvent): number | null {
  switch (event.type) {
    case 'offer_made':
      return event.data.expires_at_ms
    case 'waitlist_offered':
      return event.data.held_until_ms
    case 'reminder_due':
      return event.data.start_ms
    default:
      return null
  }
}

/**
 * The kinds about the same order that are over with this event: nobody is woken for an offer that
 * somebody has taken.
 */
export function overWith(event: OneEvent): readonly NotificationKind[] {
  switch (event.type) {
    case 'order_accepted':
    case 'request_expired':
      return ['order.requested']
    case 'offer_closed':
    case 'driver_assigned':
      return ['order.offered']
    case 'order_cancelled':
      return ['order.requested', 'order.offered']
    default:
      return []
  }
}

/**
 * The persons who hear of the event. Who did it hears only of a broken chain. `now` are the present parties
 * of the record; `by` is the acting principal, null when an older release did not record it.
 */
export function whoHears(
  actor: JournalSubject,
  event: OneEvent,
  by: Principal | null,
  now: Parties,
): Hearing[] {
  // A pharmacist decides upon a broken chain, and may not be who reported it for the pharmacy.
  const didIt = (side: Hearer, recordId: string): boolean =>
    event.type !== 'chain_broken' &&
    ((by?.role === side && by.id === recordId) ||
      (event.type === 'message_sent' && event.data.side === side))
  if (event.type === 'broadcast_opened')
    return event.data.candidates
      .filter(({ vendor_id }) => !didIt('vendor', vendor_id))
      .map(({ vendor_id }) => ({
        side: 'vendor',
        recordId: vendor_id,
        kind: 'order.requested',
        endsAtMs: event.data.expires_at_ms,
      }))
  const parties = partiesAt(event, now)
  const endsAtMs = endOf(event)
  return Object.entries(kindsOf(actor, event)).flatMap(([name, kind]) => {
    const side = name as Hearer
    const recordId = parties[side]
    return recordId === null || didIt(side, recordId) ? [] : [{ side, recordId, kind, endsAtMs }]
  })
}
