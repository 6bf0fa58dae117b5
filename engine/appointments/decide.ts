/** Decides whether a command may happen to this calendar now. All seats are counted here. */
import {
  immediateSlot,
  verdictOn,
  type SlotVerdict,
} from '../../protocol/appointments/availability.ts'
import { appointmentLimits } from '../../protocol/appointments/limits.ts'
import {
  appointmentStatusTable,
  type AppointmentStatus,
  type CancelCause,
  type Requirement,
} from '../../protocol/appointments/statuses.ts'
import type { Terms } from '../../protocol/appointments/terms.ts'
import { dayMs, minuteMs } from '../../protocol/appointments/zones.ts'
import type { AppointmentEvent } from '../../protocol/dispatch/events.ts'
import type { ErrorCode } from '../../protocol/kernel/errors.ts'
import type { Principal } from '../../protocol/kernel/principal.ts'
import { type Decision, emit, reject } from '../actors/decision.ts'
import { concerns } from '../actors/decision-scope.ts'
import type { CalendarCommand, CommandOf } from './commands.ts'
import { evolve } from './evolve.ts'
import { plannedReminders } from './planning.ts'
import {
  appointmentIn,
  takenIn,
  type Appointment,
  type Calendar,
  type OpenCalendar,
} from './state.ts'
import { attend } from './visit.ts'
import { offerOf, opensAtMs, promises } from './waiting.ts'
import { nextDue } from './wake.ts'

type CalendarDecision = Decision<AppointmentEvent>

const notFound = () => reject('appointment_not_found', 'no such appointment')

/** `nowMs`: time of the decision, ms since the epoch. Never throws. */
export function decide(
  calendar: Calendar,
  command: CalendarCommand,
  nowMs: number,
): CalendarDecision {
  switch (command.verb) {
    case 'describe':
      return emit(...beforehand(calendar, command, nowMs))
    case 'book':
    case 'admit':
    case 'join_waitlist': {
      const first = beforehand(calendar, command, nowMs)
      const open = after(calendar, first, nowMs)
      const decision =
        command.verb === 'book'
          ? book(open, command, nowMs)
          : command.verb === 'admit'
            ? admit(open, command, nowMs)
            : join(open, command, nowMs)
      return decision.ok && decision.events.length > 0
        ? emit(...first, ...decision.events)
        : decision
    }
  }
  if (calendar.kind === 'absent' || !concerns(command, calendar.vendorId)) return notFound()
  if (command.verb === 'look') return look(calendar, nowMs)
  const found = appointmentIn(calendar, command.data.appointment_id)
  if (found === undefined) return notFound()
  if (command.verb === 'offer') {
    const event = offerOf(calendar, found, nowMs)
    if (event === null) return emit()
    return event.type === 'seat_withdrawn' ? freeing(calendar, event, nowMs) : emit(event)
  }
  if (!mayTouch(calendar, found, command.by)) return notFound()
  switch (command.verb) {
    case 'confirm':
      return confirm(calendar, found, command, nowMs)
    case 'settle':
      return settle(calendar, found, command, nowMs)
    case 'reschedule': {
      const first = beforehand(calendar, command, nowMs)
      const open = after(calendar, first, nowMs)
      const decision = reschedule(open, found, command, nowMs)
      return decision.ok && decision.events.length > 0
        ? emit(...first, ...decision.events)
        : decision
    }
    case 'cancel':
      return cancel(calendar, found, command, nowMs)
    default:
      return attend(calendar, found, command, nowMs)
  }
}

const isCustomer = (by: Principal): boolean => by.role === 'customer'
const mayTouch = (calendar: OpenCalendar, { customerId }: Appointment, by: Principal): boolean =>
  by.role === 'admin' ||
  by.role === 'system' ||
  by.role === 'service' ||
  (by.role === 'customer' && by.id === customerId) ||
  (by.role === 'vendor' && by.id === calendar.vendorId)

/** The window has moved on, and the seats that it reaches are promised. */
function opened(calendar: OpenCalendar, nowMs: number): AppointmentEvent[] {
  const until_ms = nowMs + calendar.terms.window_days * dayMs
  const moved: AppointmentEvent = {
    type: 'window_moved',
    data: { service_id: calendar.serviceId, until_ms },
  }
  return [moved, ...promises(calendar, nowMs)]
}

/**
 * The events that come before those of the command, because whoever waits comes before it: newer
 * terms that it brings, and a window that has moved on while nobody looked, each with the promises
 * for the seats that it makes free.
 */
function beforehand(
  calendar: Calendar,
  { serviceId, data }: CommandOf<'describe' | 'book' | 'admit' | 'join_waitlist' | 'reschedule'>,
  nowMs: number,
): AppointmentEvent[] {
  if (calendar.kind === 'open' && data.terms.revision <= calendar.terms.revision)
    return (opensAtMs(calendar) ?? Infinity) <= nowMs ? opened(calendar, nowMs) : []
  const described: AppointmentEvent = {
    type: 'calendar_described',
    data: { service_id: serviceId, vendor_id: data.vendor_id, terms: data.terms },
  }
  return [described, ...promises(after(calendar, [described], nowMs), nowMs)]
}

const after = (
  calendar: Calendar,
  events: readonly AppointmentEvent[],
  nowMs: number,
): OpenCalendar =>
  events.reduce((state, event) => evolve(state, event, nowMs), calendar) as OpenCalendar

const refusals: Record<Exclude<SlotVerdict, 'free'>, [ErrorCode, string]> = {
  past: ['slot_past', 'the slot is over'],
  too_soon: ['slot_too_soon', 'the slot begins sooner than the service can be booked'],
  too_far: ['slot_too_far', 'the slot is further ahead than the service can be booked'],
  closed: ['slot_closed', 'no slot of the service begins then'],
  taken: ['slot_taken', 'every seat of the slot is taken'],
}

/** The state, deadline and reminders of an appointment with these things missing. */
function standing(
  terms: Terms,
  missing: readonly Requirement[],
  zone: string,
  startMs: number,
  nowMs: number,
) {
  const status: AppointmentStatus =
    missing.length > 0 ? 'proposed' : terms.confirmation === 'manual' ? 'pending' : 'booked'
  return {
    status,
    held_until_ms:
      status === 'proposed' ? Math.min(nowMs + terms.hold_minutes * minuteMs, startMs) : null,
    reminders_ms: status === 'booked' ? plannedReminders(terms, zone, startMs, nowMs) : [],
  }
}

const missingAtFirst = ({ required_documents, prepaid }: Terms): Requirement[] => [
  ...(required_documents.length > 0 ? (['documents'] as const) : []),
  ...(prepaid ? (['payment'] as const) : []),
]

/** The refusal of one more appointment; null when there may be one. */
function tooMany(calendar: OpenCalendar, customerId: string): CalendarDecision | null {
  if (calendar.live.length >= appointmentLimits.liveMax)
    return reject('overloaded', 'the calendar of this service is full')
  const own = calendar.live.filter(one => one.customerId === customerId).length
  return own >= appointmentLimits.liveOfCustomerMax
    ? reject('appointment_limit_reached', `a customer may have ${own} of a service at a time`)
    : null
}

const whoOf = ({ data }: CommandOf<'book' | 'admit' | 'join_waitlist'>) => ({
  appointment_id: data.appointment_id,
  customer_id: data.customer_id,
  customer_name: data.customer_name,
  customer_phone: data.customer_phone,
  customer_time_zone: data.customer_time_zone ?? null,
  notes: data.notes ?? null,
  check_in_code: data.check_in_code,
})

function book(calendar: OpenCalendar, command: CommandOf<'book'>, nowMs: number): CalendarDecision {
  const { terms } = calendar
  const { appointment_id: id, customer_id, start_ms } = command.data
  if (appointmentIn(calendar, id) !== undefined) return emit()
  const refusal = tooMany(calendar, customer_id)
  if (refusal !== null) return refusal
  const verdict = verdictOn(terms, takenIn(calendar), start_ms, nowMs)
  if (verdict !== 'free') return reject(...refusals[verdict])
  const missing = missingAtFirst(terms)
  const zone = command.data.customer_time_zone ?? terms.time_zone
  return emit({
    type: 'slot_claimed',
    data: {
      ...whoOf(command),
      start_ms,
      end_ms: start_ms + terms.duration_minutes * minuteMs,
      missing,
      ...standing(terms, missing, zone, start_ms, nowMs),
    },
  })
}

/**
 * A person who stands in the pharmacy. Seats that are promised to customers who wait stay theirs,
 * and so do those that are held.
 */
function admit(
  calendar: OpenCalendar,
  command: CommandOf<'admit'>,
  nowMs: number,
): CalendarDecision {
  const { terms } = calendar
  const { by, data } = command
  const { appointment_id: id, settles } = data
  if (by.role !== 'admin' && !(by.role === 'vendor' && by.id === calendar.vendorId))
    return reject('forbidden', 'only the pharmacy receives people without an appointment')
  if (appointmentIn(calendar, id) !== undefined) return emit()
  const refusal = tooMany(calendar, data.customer_id)
  if (refusal !== null) return refusal
  const open = missingAtFirst(terms).filter(what => !settles.includes(what))
  if (open.length > 0) return reject('appointment_incomplete', `still missing: ${open.join(', ')}`)
  const slot = immediateSlot(
    terms,
    takenIn(calendar),
    data.start_ms,
    nowMs,
    appointmentLimits.checkInEarlyMs,
  )
  if ('verdict' in slot)
    return data.start_ms === null && slot.verdict === 'taken'
      ? reject('slot_taken', 'no seat is free within the next two hours')
      : slot.verdict === 'too_far'
        ? reject('slot_too_far', 'the slot begins in more than two hours')
        : reject(...refusals[slot.verdict])
  return emit(
    {
      type: 'slot_claimed',
      data: {
        ...whoOf(command),
        start_ms: slot.startMs,
        end_ms: slot.startMs + terms.duration_minutes * minuteMs,
        status: 'booked',
        missing: [],
        held_until_ms: null,
        reminders_ms: [],
      },
    },
    { type: 'appointment_checked_in', data: { appointment_id: id } },
  )
}

function join(
  calendar: OpenCalendar,
  command: CommandOf<'join_waitlist'>,
  nowMs: number,
): CalendarDecision {
  const { appointment_id: id, customer_id, from_ms, to_ms } = command.data
  if (appointmentIn(calendar, id) !== undefined) return emit()
  const refusal = tooMany(calendar, customer_id)
  if (refusal !== null) return refusal
  const { terms, live } = calendar
  if (live.filter(({ status }) => status === 'waitlist').length >= appointmentLimits.waitingMax)
    return reject('overloaded', 'the waiting list of this service is full')
  if (to_ms <= nowMs + terms.duration_minutes * minuteMs)
    return reject('slot_past', 'the times that suit are over')
  const days = Math.max(terms.window_days, appointmentLimits.wishDaysMax)
  if (to_ms > nowMs + days * dayMs)
    return reject('slot_too_far', `the times that suit must lie within the next ${days} days`)
  const joined: AppointmentEvent = {
    type: 'waitlist_joined',
    data: { ...whoOf(command), from_ms, to_ms },
  }
  return emit(joined, ...promises(after(calendar, [joined], nowMs), nowMs))
}

/** The event, and the promises for the seats that it makes free. */
function freeing(calendar: OpenCalendar, event: AppointmentEvent, nowMs: number): CalendarDecision {
  return emit(event, ...promises(after(calendar, [event], nowMs), nowMs))
}

const conflict = ({ status }: Appointment, wish: string): CalendarDecision =>
  reject('appointment_state_conflict', `the appointment is ${status}, so it cannot be ${wish}`)

function confirm(
  { terms }: OpenCalendar,
  one: Appointment,
  { by, data }: CommandOf<'confirm'>,
  nowMs: number,
): CalendarDecision {
  const { id, status, startMs } = one
  if (status === 'booked' || status === 'arrived' || status === 'checked_in') return emit()
  if ((status !== 'proposed' && status !== 'pending') || startMs === null)
    return conflict(one, 'confirmed')
  const zone = one.customerTimeZone ?? one.timeZone
  if (one.offered) {
    if (!isCustomer(by) && by.role !== 'admin')
      return reject('forbidden', 'the place was offered to the customer, who accepts it')
    const missing = missingAtFirst(terms)
    const rest = standing(terms, missing, zone, startMs, nowMs)
    return emit({ type: 'waitlist_accepted', data: { appointment_id: id, missing, ...rest } })
  }
  if (isCustomer(by))
    return one.missing.length > 0
      ? reject('appointment_incomplete', `still missing: ${one.missing.join(', ')}`)
      : reject('forbidden', 'the pharmacy confirms the appointments of this service')
  const open = one.missing.filter(what => !data.settles.includes(what))
  if (open.length > 0) return reject('appointment_incomplete', `still missing: ${open.join(', ')}`)
  return emit({
    type: 'appointment_confirmed',
    data: {
      appointment_id: id,
      reminders_ms: plannedReminders(terms, zone, startMs, nowMs),
    },
  })
}

function settle(
  { terms }: OpenCalendar,
  one: Appointment,
  { by, data: { what } }: CommandOf<'settle'>,
  nowMs: number,
): CalendarDecision {
  const { id, status, startMs, missing } = one
  if (isCustomer(by)) return reject('forbidden', 'a customer cannot say that')
  if (appointmentStatusTable[status].ended) return conflict(one, 'completed')
  if (status !== 'proposed' || startMs === null || !missing.includes(what)) return emit()
  const rest = standing(
    terms,
    missing.filter(other => other !== what),
    one.customerTimeZone ?? one.timeZone,
    startMs,
    nowMs,
  )
  // The first deadline stays: each paper that comes would prolong the hold otherwise.
  const held_until_ms = rest.held_until_ms === null ? null : one.heldUntilMs
  return emit({
    type: 'requirement_met',
    data: { appointment_id: id, what, ...rest, held_until_ms },
  })
}

/** May a customer still cancel or reschedule? The pharmacy always may. */
const inTime = ({ terms }: OpenCalendar, startMs: number, by: Principal, nowMs: number): boolean =>
  !isCustomer(by) || nowMs <= startMs - terms.cancel_minutes * minuteMs

function reschedule(
  calendar: OpenCalendar,
  one: Appointment,
  { by, data: { start_ms } }: CommandOf<'reschedule'>,
  nowMs: number,
): CalendarDecision {
  const { id, status, startMs, offered, missing } = one
  const canMove = status === 'booked' || status === 'pending' || (status === 'proposed' && !offered)
  if (!canMove || startMs === null) return conflict(one, 'rescheduled')
  if (start_ms === startMs) return emit()
  if (nowMs >= startMs || !inTime(calendar, startMs, by, nowMs))
    return reject('appointment_too_late', 'it is too late to reschedule this appointment')
  const { terms } = calendar
  // The pharmacy arranges it with the customer, so the notice is theirs to give.
  const asked = isCustomer(by) ? terms : { ...terms, notice_minutes: 0 }
  const verdict = verdictOn(asked, takenIn(calendar, id), start_ms, nowMs)
  if (verdict !== 'free') return reject(...refusals[verdict])
  const zone = one.customerTimeZone ?? one.timeZone
  const rest = standing(terms, missing, zone, start_ms, nowMs)
  const keepsBooked = status === 'booked' && !isCustomer(by)
  return freeing(
    calendar,
    {
      type: 'appointment_rescheduled',
      data: {
        appointment_id: id,
        start_ms,
        end_ms: start_ms + terms.duration_minutes * minuteMs,
        previous_start_ms: startMs,
        ...rest,
        held_until_ms:
          rest.held_until_ms === null ? null : Math.min(one.heldUntilMs ?? start_ms, start_ms),
        ...(keepsBooked && {
          status: 'booked' as const,
          reminders_ms: plannedReminders(terms, zone, start_ms, nowMs),
        }),
      },
    },
    nowMs,
  )
}

const cancelled = (
  { id }: Appointment,
  cause: CancelCause,
  reason: string | null = null,
): AppointmentEvent => ({
  type: 'appointment_cancelled',
  data: { appointment_id: id, cause, reason },
})

function cancel(
  calendar: OpenCalendar,
  one: Appointment,
  { by, data }: CommandOf<'cancel'>,
  nowMs: number,
): CalendarDecision {
  const { status, startMs, wish } = one
  // Whoever accepts an offer wishes for nothing more.
  if (data.if_waiting === true && wish === null)
    return reject(
      'appointment_state_conflict',
      `it is no entry of the waiting list: it is ${status}`,
    )
  if (status === 'cancelled') return emit()
  if (appointmentStatusTable[status].ended) return conflict(one, 'cancelled')
  if (isCustomer(by)) {
    if (status === 'arrived' || status === 'checked_in') return conflict(one, 'cancelled')
    const isFirm = status === 'booked' || status === 'pending'
    if (isFirm && startMs !== null && !inTime(calendar, startMs, by, nowMs))
      return reject('appointment_too_late', 'it is too late to cancel this appointment')
  }
  const { role } = by
  const cause: CancelCause =
    role === 'customer' || role === 'vendor' || role === 'admin' ? role : 'service'
  return freeing(calendar, cancelled(one, cause, data.reason ?? null), nowMs)
}

/** What has come due by itself: one thing at a time, because a commit writes one row. */
function look(calendar: OpenCalendar, nowMs: number): CalendarDecision {
  const due = nextDue(calendar)
  if (due === null || due.atMs > nowMs) return emit()
  if (due.why === 'open') return emit(...opened(calendar, nowMs))
  const { appointment: one, why } = due
  const about = { appointment_id: one.id }
  switch (why) {
    case 'lapse':
      return freeing(calendar, cancelled(one, one.offered ? 'offer_lapsed' : 'hold_expired'), nowMs)
    case 'unconfirmed':
      return freeing(calendar, cancelled(one, 'not_confirmed'), nowMs)
    case 'unmet':
      return freeing(calendar, cancelled(one, 'not_offered'), nowMs)
    case 'remind':
      if (nowMs >= one.startMs!) return emit({ type: 'reminders_dropped', data: about })
      return emit({
        type: 'reminder_due',
        data: {
          ...about,
          start_ms: one.startMs!,
          due_ms: one.remindersMs.filter(ms => ms <= nowMs).at(-1)!,
        },
      })
    case 'miss':
      return emit({ type: 'appointment_missed', data: about })
    // The customer's record must not suffer because the pharmacy was busy.
    case 'close':
      return emit({ type: 'appointment_fulfilled', data: about })
  }
}
