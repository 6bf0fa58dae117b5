/** One appointment in each state, a calendar around it, and what a command does to it. */
import { dayMs } from '../../protocol/appointments/zones.ts'
import type { Principal } from '../../protocol/kernel/principal.ts'
import type { CalendarCommand } from './commands.ts'
import { decide } from './decide.ts'
import { appointmentId, at, customer, pharmacy, serviceId, terms } from './fixtures.ts'
import type { Appointment, Calendar, OpenCalendar, Step } from './state.ts'

/** Appointment 1 of customer 1 at 09:00, made at 06:00. */
export const appointment = (given: Partial<Appointment> = {}): Appointment => ({
  id: appointmentId(1),
  status: 'booked',
  customerId: customer(1).id,
  customerName: 'Customer 1',
  customerPhone: '555',
  customerTimeZone: null,
  notes: null,
  checkInCode: 'code-of-1',
  serviceName: 'Flu vaccination',
  priceMinor: null,
  currency: 'USD',
  timeZone: 'UTC',
  startMs: at('09:00'),
  endMs: at('09:30'),
  wish: null,
  missing: [],
  offered: false,
  heldUntilMs: null,
  steps: [],
  remindersMs: [],
  sequence: 3,
  rescheduledFromMs: null,
  cancelCause: null,
  reason: null,
  createdAtMs: at('06:00'),
  updatedAtMs: at('06:00'),
  bookedAtMs: null,
  arrivedAtMs: null,
  checkedInAtMs: null,
  endedAtMs: null,
  ...given,
})

export const step = (id: string, outcome: Step['outcome'] = null): Step => ({
  id,
  name: id,
  minutes: 5,
  outcome,
  atMs: null,
  byId: null,
  byName: null,
})

const wish = { fromMs: at('09:00'), toMs: at('10:00') }
/** The appointment in each state; `offered` is a proposal to a customer who waited. */
export const states = {
  waitlist: appointment({ status: 'waitlist', startMs: null, endMs: null, wish }),
  proposed: appointment({
    status: 'proposed',
    missing: ['documents'],
    heldUntilMs: at('08:50'),
  }),
  offered: appointment({ status: 'proposed', offered: true, wish, heldUntilMs: at('08:50') }),
  pending: appointment({ status: 'pending' }),
  booked: appointment({ status: 'booked', bookedAtMs: at('06:00') }),
  arrived: appointment({ status: 'arrived' }),
  checked_in: appointment({ status: 'checked_in' }),
  fulfilled: appointment({ status: 'fulfilled', endedAtMs: at('08:00') }),
  cancelled: appointment({ status: 'cancelled', cancelCause: 'customer', endedAtMs: at('08:00') }),
  noshow: appointment({ status: 'noshow', endedAtMs: at('08:00') }),
} as const satisfies Record<string, Appointment>
export type StateName = keyof typeof states
export const stateNames = Object.keys(states) as StateName[]

/** A calendar with these appointments. Its window has been opened as far as it reaches. */
export const calendarOf = (
  all: readonly Appointment[],
  given: Partial<OpenCalendar> = {},
): OpenCalendar => ({
  kind: 'open',
  serviceId,
  vendorId: pharmacy.id,
  terms: { ...terms, notice_minutes: 0, cancel_minutes: 0 },
  live: all.filter(({ endedAtMs }) => endedAtMs === null),
  ended: all.filter(({ endedAtMs }) => endedAtMs !== null),
  promised: [],
  openedUntilMs: at('06:00') + 100 * dayMs,
  touchedId: null,
  ...given,
})

/** A calendar without notice, with these terms beside. */
export const calendar = (all: readonly Appointment[] = [], given: object = {}): OpenCalendar =>
  calendarOf(all, { terms: { ...terms, notice_minutes: 0, cancel_minutes: 0, ...given } })

/** The decision upon a command; at 06:00 unless another time is given. */
export const tell = (
  state: Calendar,
  verb: string,
  by: Principal,
  data: object,
  nowMs = at('06:00'),
) => decide(state, { verb, by, serviceId, data } as CalendarCommand, nowMs)
/** The events of an accepted command. Throws the code of a refusal. */
export const eventsOf = (...args: Parameters<typeof tell>) => {
  const decision = tell(...args)
  if (!decision.ok) throw new Error(decision.code)
  return decision.events
}
/** The types of the events, or the code of the refusal. */
export const outcome = (...args: Parameters<typeof tell>): string => {
  const decision = tell(...args)
  return decision.ok ? decision.events.map(({ type }) => type).join(' ') : decision.code
}
