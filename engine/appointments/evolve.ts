/** Applies an event to a calendar. It never refuses, so a replay gives the same state every time. */
import { appointmentLimits } from '../../protocol/appointments/limits.ts'
import { appointmentStatusTable } from '../../protocol/appointments/statuses.ts'
import type { Terms } from '../../protocol/appointments/terms.ts'
import { dayMs } from '../../protocol/appointments/zones.ts'
import type { AppointmentEvent } from '../../protocol/dispatch/events.ts'
import { unreachable } from '../actors/decision.ts'
import type { Appointment, Calendar, OpenCalendar } from './state.ts'

type Made = Extract<AppointmentEvent, { type: 'slot_claimed' | 'waitlist_joined' }>

/** Throws at an event of a calendar without terms: that is a defect of the journal. */
export function evolve(calendar: Calendar, event: AppointmentEvent, atMs: number): Calendar {
  if (event.type === 'calendar_described') {
    const { service_id: serviceId, vendor_id: vendorId, terms } = event.data
    // Free seats of the new terms are promised with them.
    const openedUntilMs = atMs + terms.window_days * dayMs
    return calendar.kind === 'absent'
      ? {
          kind: 'open',
          serviceId,
          vendorId,
          terms,
          live: [],
          ended: [],
          promised: [],
          openedUntilMs,
          touchedId: null,
        }
      : { ...calendar, terms, openedUntilMs, touchedId: null }
  }
  if (calendar.kind === 'absent')
    throw new Error(`journal defect: event ${event.type} on a calendar that has no terms`)
  if (event.type === 'window_moved')
    return { ...calendar, openedUntilMs: event.data.until_ms, touchedId: null }
  if (event.type === 'slot_claimed' || event.type === 'waitlist_joined') {
    const made = madeBy(calendar, event, atMs)
    return { ...calendar, live: [...calendar.live, made], touchedId: made.id }
  }
  const { appointment_id: id } = event.data
  if (event.type === 'seat_promised') {
    const { start_ms: startMs, end_ms: endMs } = event.data
    return {
      ...calendar,
      promised: [...calendar.promised, { appointmentId: id, startMs, endMs }],
    }
  }
  const place = calendar.live.findIndex(one => one.id === id)
  const before = calendar.live[place]
  if (before === undefined)
    throw new Error(`journal defect: event ${event.type} on an appointment that is not there`)
  const after = { ...before, ...changedBy(before, event, calendar.terms, atMs), updatedAtMs: atMs }
  const promised = calendar.promised.filter(one => one.appointmentId !== id)
  if (appointmentStatusTable[after.status].ended)
    return {
      ...calendar,
      live: calendar.live.toSpliced(place, 1),
      ended: [
        ...calendar.ended.slice(1 - appointmentLimits.endedRememberedMax),
        { ...after, endedAtMs: atMs, heldUntilMs: null, remindersMs: [] },
      ],
      promised,
      touchedId: id,
    }
  return { ...calendar, live: calendar.live.with(place, after), promised, touchedId: id }
}

function madeBy({ terms }: OpenCalendar, { type, data }: Made, atMs: number): Appointment {
  const given: Appointment = {
    id: data.appointment_id,
    status: 'waitlist',
    customerId: data.customer_id,
    customerName: data.customer_name,
    customerPhone: data.customer_phone,
    customerTimeZone: data.customer_time_zone,
    notes: data.notes,
    checkInCode: data.check_in_code,
    serviceName: terms.name,
    priceMinor: terms.price_minor,
    currency: terms.currency,
    timeZone: terms.time_zone,
    startMs: null,
    endMs: null,
    wish: null,
    missing: [],
    offered: false,
    heldUntilMs: null,
    steps: terms.steps.map(({ id, name, minutes }) => ({
      id,
      name,
      minutes,
      outcome: null,
      atMs: null,
      byId: null,
      byName: null,
    })),
    remindersMs: [],
    sequence: 0,
    rescheduledFromMs: null,
    cancelCause: null,
    reason: null,
    createdAtMs: atMs,
    updatedAtMs: atMs,
    bookedAtMs: null,
    arrivedAtMs: null,
    checkedInAtMs: null,
    endedAtMs: null,
  }
  if (type === 'waitlist_joined')
    return { ...given, wish: { fromMs: data.from_ms, toMs: data.to_ms } }
  const { status } = data
  return {
    ...given,
    status,
    startMs: data.start_ms,
    endMs: data.end_ms,
    missing: data.missing,
    heldUntilMs: data.held_until_ms,
    remindersMs: data.reminders_ms,
    bookedAtMs: status === 'booked' ? atMs : null,
  }
}

type Later = Exclude<
  AppointmentEvent,
  Made | { type: 'calendar_described' | 'window_moved' | 'seat_promised' }
>

function changedBy(
  before: Appointment,
  event: Later,
  { time_zone: timeZone }: Terms,
  atMs: number,
): Partial<Appointment> {
  const sequence = before.sequence + 1
  const bookedAt = (status: Appointment['status']) =>
    status === 'booked' && before.bookedAtMs === null ? { bookedAtMs: atMs } : {}
  switch (event.type) {
    case 'waitlist_offered': {
      const { start_ms: startMs, end_ms: endMs, held_until_ms: heldUntilMs } = event.data
      const place = { startMs, endMs, timeZone }
      return { status: 'proposed', offered: true, ...place, heldUntilMs, sequence }
    }
    case 'waitlist_accepted': {
      const { status, missing, held_until_ms: heldUntilMs, reminders_ms: remindersMs } = event.data
      const taken = { status, missing, heldUntilMs, remindersMs, offered: false, wish: null }
      return { ...taken, sequence, ...bookedAt(status) }
    }
    case 'requirement_met': {
      const { what, status, held_until_ms: heldUntilMs, reminders_ms: remindersMs } = event.data
      const missing = before.missing.filter(one => one !== what)
      return { missing, status, heldUntilMs, remindersMs, sequence, ...bookedAt(status) }
    }
    case 'appointment_confirmed':
      return {
        status: 'booked',
        missing: [],
        heldUntilMs: null,
        remindersMs: event.data.reminders_ms,
        sequence,
        ...bookedAt('booked'),
      }
    case 'appointment_rescheduled': {
      const { start_ms: startMs, end_ms: endMs, status } = event.data
      return {
        startMs,
        endMs,
        timeZone,
        status,
        heldUntilMs: event.data.held_until_ms,
        remindersMs: event.data.reminders_ms,
        rescheduledFromMs: event.data.previous_start_ms,
        sequence,
      }
    }
    case 'appointment_arrived':
      return { status: 'arrived', arrivedAtMs: atMs, remindersMs: [] }
    case 'appointment_checked_in':
      return {
        status: 'checked_in',
        arrivedAtMs: before.arrivedAtMs ?? atMs,
        checkedInAtMs: atMs,
        remindersMs: [],
      }
    case 'step_completed': {
      const { step_id, outcome, person_id: byId, person_name: byName } = event.data
      return {
        steps: before.steps.map(step =>
          step.id === step_id ? { ...step, outcome, atMs, byId, byName } : step,
        ),
      }
    }
    case 'appointment_fulfilled':
      return { status: 'fulfilled' }
    case 'appointment_cancelled':
      return {
        status: 'cancelled',
        cancelCause: event.data.cause,
        reason: event.data.reason,
        sequence,
      }
    case 'appointment_missed':
      return { status: 'noshow' }
    case 'reminder_due':
      return { remindersMs: before.remindersMs.filter(ms => ms > event.data.due_ms) }
    case 'reminders_dropped':
      return { remindersMs: [] }
    // Only the promise ends.
    case 'seat_withdrawn':
      return {}
    default:
      return unreachable(event)
  }
}
