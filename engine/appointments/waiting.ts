/**
 * The waiting list: the seats that are promised to customers who wait, the longest wait first, the
 * offers that follow, and the time at which the booking window reaches places that they wait for.
 */
import { FreeSlots, verdictOn } from '../../protocol/appointments/availability.ts'
import { appointmentLimits } from '../../protocol/appointments/limits.ts'
import type { Terms } from '../../protocol/appointments/terms.ts'
import { dayMs, minuteMs } from '../../protocol/appointments/zones.ts'
import type { AppointmentEvent } from '../../protocol/dispatch/events.ts'
import { takenIn, type Appointment, type OpenCalendar } from './state.ts'

type Waiting = Appointment & { wish: NonNullable<Appointment['wish']> }

/** The customers who wait and have no promise yet, the longest wait first. */
function waitingIn({ live, promised }: OpenCalendar): Waiting[] {
  const served = new Set(promised.map(({ appointmentId }) => appointmentId))
  return live.filter(
    (one): one is Waiting => one.status === 'waitlist' && one.wish !== null && !served.has(one.id),
  )
}

/** An offer of a slot that begins earlier could not be accepted in time. */
const soonestMs = ({ offer_minutes }: Terms, nowMs: number): number =>
  nowMs +
  appointmentLimits.offerEndsBeforeMs +
  Math.min(offer_minutes * minuteMs, appointmentLimits.offerLeastMs)

/** The end of the beginnings that leave time for the service. */
const lastMs = ({ duration_minutes }: Terms, { wish }: Waiting): number =>
  wish.toMs - duration_minutes * minuteMs + 1

/** The seats that are free for customers who wait, the longest wait first, as promises. */
export function promises(calendar: OpenCalendar, nowMs: number): AppointmentEvent[] {
  const waiting = waitingIn(calendar)
  if (waiting.length === 0) return []
  const { terms } = calendar
  const free = new FreeSlots(terms, takenIn(calendar), nowMs)
  const fromMs = soonestMs(terms, nowMs)
  return waiting.flatMap((one): AppointmentEvent[] => {
    const start_ms = free.first(Math.max(one.wish.fromMs, fromMs), lastMs(terms, one))
    if (start_ms === undefined) return []
    free.take(start_ms)
    const end_ms = start_ms + terms.duration_minutes * minuteMs
    return [{ type: 'seat_promised', data: { appointment_id: one.id, start_ms, end_ms } }]
  })
}

/**
 * The offer of the promised seat. Its end, if the offer comes so late that nobody could accept it or
 * the seat is gone: an offer that lapses at once would take the customer out of the list. None when
 * there is no promise, because the offer ends it.
 */
export function offerOf(
  { terms, promised, ...rest }: OpenCalendar,
  { id }: Appointment,
  nowMs: number,
): Extract<AppointmentEvent, { type: 'waitlist_offered' | 'seat_withdrawn' }> | null {
  const promise = promised.find(({ appointmentId }) => appointmentId === id)
  if (promise === undefined) return null
  const { startMs, endMs } = promise
  const others = takenIn({ ...rest, terms, promised: promised.filter(one => one !== promise) })
  if (
    startMs < soonestMs(terms, nowMs) ||
    verdictOn(terms, others, startMs, nowMs) !== 'free' ||
    endMs - startMs !== terms.duration_minutes * minuteMs
  )
    return { type: 'seat_withdrawn', data: { appointment_id: id } }
  return {
    type: 'waitlist_offered',
    data: {
      appointment_id: id,
      start_ms: startMs,
      end_ms: endMs,
      held_until_ms: Math.min(
        nowMs + terms.offer_minutes * minuteMs,
        startMs - appointmentLimits.offerEndsBeforeMs,
      ),
    },
  }
}

/**
 * When the booking window reaches a free place that a customer waits for, ms since the epoch; null
 * for never. Places within the window were promised when the customer came, or when they became
 * free.
 */
export function opensAtMs(calendar: OpenCalendar): number | null {
  const { terms, openedUntilMs = 0 } = calendar
  const windowMs = terms.window_days * dayMs
  if (terms.notice_minutes * minuteMs >= windowMs) return null
  const beyond = waitingIn(calendar).flatMap(one => {
    const fromMs = Math.max(openedUntilMs, one.createdAtMs + windowMs, one.wish.fromMs)
    const toMs = lastMs(terms, one)
    return fromMs < toMs ? [{ fromMs, toMs }] : []
  })
  if (beyond.length === 0) return null
  const nowMs = Math.min(...beyond.map(({ fromMs }) => fromMs))
  const unlimited = { ...terms, notice_minutes: 0, window_days: 2 * 366 }
  const free = new FreeSlots(unlimited, takenIn(calendar), nowMs)
  let first = Infinity
  for (const { fromMs, toMs } of beyond)
    first = Math.min(first, free.first(fromMs, Math.min(toMs, first)) ?? Infinity)
  return first === Infinity ? null : first - windowMs + 1
}
