/**
 * The simulator's own fold of a calendar: its terms, every appointment that it ever had, and the
 * seats that are promised to customers who wait. The rules by which a seat is free, too late or
 * promised in order are here a second time; nothing comes from engine/appointments.
 */
import type { AppointmentEvent } from '../../../protocol/dispatch/events.ts'
import type { Terms } from '../../../protocol/appointments/terms.ts'

export const minuteMs = 60_000
const dayMs = 24 * 60 * minuteMs

/** A calendar offers a place no later than so long before it begins, for at least this long. */
const offerEndsBeforeMs = 10 * minuteMs
const offerLeastMs = 15 * minuteMs
/** A forgotten appointment counts as fulfilled so long after its end. */
export const closesAfterMs = 24 * 60 * minuteMs
/** Whoever stands there gets a seat that has begun, or one that begins within this time. */
export const admittedAheadMs = 120 * minuteMs
/** The appointments that ended last of which a calendar still knows. */
const endedRemembered = 32

const ends: ReadonlySet<string> = new Set(['fulfilled', 'cancelled', 'noshow'])
/** Nothing changes it any more. */
export const isOver = ({ state }: VisitModel): boolean => ends.has(state)
const hasSeat = (one: VisitModel): one is VisitModel & Period =>
  one.state !== 'waitlist' && !isOver(one)

export interface Period {
  startMs: number
  endMs: number
}
export interface VisitModel {
  id: string
  customerId: string
  state: string
  startMs: number | null
  endMs: number | null
  wish: { fromMs: number; toMs: number } | null
  missing: readonly string[]
  /** A place that was offered and is not accepted. */
  isOffer: boolean
  heldUntilMs: number | null
  remindersMs: readonly number[]
  stepsDone: readonly string[]
  /** Number of changes that calendars show. */
  sequence: number
}
export interface CalendarModel {
  vendorId: string
  terms: Terms
  /** In the order in which they were made. */
  visits: ReadonlyMap<string, VisitModel>
  /** By appointment; `revision`: that of the terms under which it was promised. */
  promised: ReadonlyMap<string, Period & { revision: number }>
  /** The ids of those that ended, in the order of their ends. */
  ended: readonly string[]
}

/** The least time between a promise and the beginning of its slot. */
export const leadMs = ({ offer_minutes, notice_minutes }: Terms): number =>
  Math.max(
    notice_minutes * minuteMs,
    offerEndsBeforeMs + Math.min(offer_minutes * minuteMs, offerLeastMs),
  )
/** The end of an offer that is made now. */
export const offerEndsMs = ({ offer_minutes }: Terms, startMs: number, nowMs: number): number =>
  Math.min(nowMs + offer_minutes * minuteMs, startMs - offerEndsBeforeMs)

/** The seats that are taken or promised at once somewhere in the period, buffers included. */
function busyIn(
  { terms, visits, promised }: CalendarModel,
  period: Period,
  exceptId: string,
): number {
  const [before, after] = [
    terms.buffer_before_minutes * minuteMs,
    terms.buffer_after_minutes * minuteMs,
  ]
  const wide = ({ startMs, endMs }: Period): Period => ({
    startMs: startMs - before,
    endMs: endMs + after,
  })
  const asked = wide(period)
  const near = [
    ...[...visits.values()].filter(hasSeat),
    ...[...promised].map(([id, promise]) => ({ id, ...promise })),
  ]
    .filter(({ id }) => id !== exceptId)
    .map(wide)
    .filter(one => one.startMs < asked.endMs && asked.startMs < one.endMs)
  const moments = [asked.startMs, ...near.map(one => Math.max(one.startMs, asked.startMs))]
  return Math.max(
    ...moments.map(at => near.filter(one => one.startMs <= at && at < one.endMs).length),
  )
}

/** Why the period cannot be given to this appointment; null when it can. Zones here are UTC. */
export function refusalOf(
  calendar: CalendarModel,
  period: Period,
  exceptId: string,
  nowMs: number,
): string | null {
  const { terms } = calendar
  const { startMs, endMs } = period
  if (!terms.active) return 'the service is not offered'
  if (endMs - startMs !== terms.duration_minutes * minuteMs) return 'it has another length'
  if (startMs >= nowMs + terms.window_days * dayMs) return 'it is beyond the window'
  const isClosed = terms.closures.some(
    ({ from, to }) => startMs < Date.parse(`${to}Z`) && Date.parse(`${from}Z`) < endMs,
  )
  if (isClosed) return 'the pharmacy is closed'
  return busyIn(calendar, period, exceptId) >= terms.capacity ? 'every seat is taken' : null
}

/** The customer who should have had the seat, because they wait for it longer than this one. */
export function passedOver(
  { terms, visits, promised }: CalendarModel,
  { startMs, endMs }: Period,
  forId: string,
  nowMs: number,
): VisitModel | undefined {
  if (startMs < nowMs + leadMs(terms)) return undefined
  for (const one of visits.values()) {
    if (one.id === forId) return undefined
    if (one.state !== 'waitlist' || one.wish === null || promised.has(one.id)) continue
    if (one.wish.fromMs <= startMs && endMs <= one.wish.toMs) return one
  }
  return undefined
}

type Change = Exclude<AppointmentEvent, { type: 'calendar_described' | 'window_moved' }>

/** The calendar after the event; null when the event is of an appointment that cannot have it. */
export function folded(
  before: CalendarModel | null,
  event: AppointmentEvent,
  atMs: number,
): CalendarModel | null {
  if (event.type === 'calendar_described') {
    const { vendor_id: vendorId, terms } = event.data
    return before === null
      ? { vendorId, terms, visits: new Map(), promised: new Map(), ended: [] }
      : { ...before, terms }
  }
  if (before === null || event.type === 'window_moved') return before
  const { appointment_id: id } = event.data
  const promised = new Map(before.promised)
  if (event.type === 'seat_promised') {
    const { start_ms: startMs, end_ms: endMs } = event.data
    promised.set(id, { startMs, endMs, revision: before.terms.revision })
    return { ...before, promised }
  }
  const visit = visitAfter(before.visits.get(id) ?? null, event, atMs)
  if (visit === null) return null
  promised.delete(id)
  return {
    ...before,
    promised,
    visits: new Map(before.visits).set(id, visit),
    ended: isOver(visit) ? [...before.ended, id] : before.ended,
  }
}

/** Does the calendar still know the appointment? */
export const isKnown = ({ visits, ended }: CalendarModel, id: string): boolean =>
  visits.has(id) && (!isOver(visits.get(id)!) || ended.slice(-endedRemembered).includes(id))

/** The states from which each event may come. */
const froms: Readonly<Partial<Record<Change['type'], readonly string[]>>> = {
  seat_withdrawn: ['waitlist'],
  waitlist_offered: ['waitlist'],
  waitlist_accepted: ['proposed'],
  requirement_met: ['proposed'],
  appointment_confirmed: ['proposed', 'pending'],
  appointment_rescheduled: ['proposed', 'pending', 'booked'],
  appointment_arrived: ['booked'],
  appointment_checked_in: ['booked', 'arrived'],
  step_completed: ['checked_in'],
  appointment_fulfilled: ['booked', 'arrived', 'checked_in'],
  appointment_cancelled: ['waitlist', 'proposed', 'pending', 'booked', 'arrived', 'checked_in'],
  appointment_missed: ['booked'],
  reminder_due: ['booked'],
  reminders_dropped: ['booked'],
}

function visitAfter(before: VisitModel | null, event: Change, atMs: number): VisitModel | null {
  if (event.type === 'slot_claimed' || event.type === 'waitlist_joined') {
    if (before !== null) return null
    const made: VisitModel = {
      id: event.data.appointment_id,
      customerId: event.data.customer_id,
      state: 'waitlist',
      startMs: null,
      endMs: null,
      wish: null,
      missing: [],
      isOffer: false,
      heldUntilMs: null,
      remindersMs: [],
      stepsDone: [],
      sequence: 0,
    }
    if (event.type === 'waitlist_joined')
      return { ...made, wish: { fromMs: event.data.from_ms, toMs: event.data.to_ms } }
    const { start_ms, end_ms, status, missing, held_until_ms, reminders_ms } = event.data
    return {
      ...made,
      state: status,
      startMs: start_ms,
      endMs: end_ms,
      missing,
      heldUntilMs: held_until_ms,
      remindersMs: reminders_ms,
    }
  }
  if (before === null || froms[event.type]?.includes(before.state) !== true) return null
  const shown = { ...before, sequence: before.sequence + 1 }
  const over = (state: string) => ({ ...before, state, heldUntilMs: null, remindersMs: [] })
  switch (event.type) {
    case 'waitlist_offered': {
      const { start_ms: startMs, end_ms: endMs, held_until_ms: heldUntilMs } = event.data
      return { ...shown, state: 'proposed', isOffer: true, startMs, endMs, heldUntilMs }
    }
    case 'waitlist_accepted':
      return {
        ...shown,
        state: event.data.status,
        isOffer: false,
        wish: null,
        missing: event.data.missing,
        heldUntilMs: event.data.held_until_ms,
        remindersMs: event.data.reminders_ms,
      }
    case 'requirement_met':
      return {
        ...shown,
        state: event.data.status,
        missing: before.missing.filter(what => what !== event.data.what),
        heldUntilMs: event.data.held_until_ms,
        remindersMs: event.data.reminders_ms,
      }
    case 'appointment_confirmed':
      return {
        ...shown,
        state: 'booked',
        missing: [],
        heldUntilMs: null,
        remindersMs: event.data.reminders_ms,
      }
    case 'appointment_rescheduled':
      return {
        ...shown,
        state: event.data.status,
        startMs: event.data.start_ms,
        endMs: event.data.end_ms,
        heldUntilMs: event.data.held_until_ms,
        remindersMs: event.data.reminders_ms,
      }
    case 'appointment_arrived':
      return { ...before, state: 'arrived', remindersMs: [] }
    case 'appointment_checked_in':
      return { ...before, state: 'checked_in', remindersMs: [] }
    case 'step_completed':
      return { ...before, stepsDone: [...before.stepsDone, event.data.step_id] }
    case 'appointment_fulfilled':
      return over('fulfilled')
    case 'appointment_missed':
      return over('noshow')
    case 'appointment_cancelled':
      return { ...over('cancelled'), sequence: before.sequence + 1 }
    case 'reminder_due':
      return { ...before, remindersMs: before.remindersMs.filter(ms => ms > atMs) }
    case 'reminders_dropped':
      return { ...before, remindersMs: [] }
    default:
      return before
  }
}
