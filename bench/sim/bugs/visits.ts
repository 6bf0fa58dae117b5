/** Deliberate bugs of calendars: each loses a seat, a place in the line, or a promise. */
import type { OpenCalendar } from '../../../engine/appointments/state.ts'
import type { AppointmentEvent } from '../../../protocol/dispatch/events.ts'
import { calendars, withCalendar, type Bug } from './bug.ts'

const verbOf = (command: unknown): string => (command as { verb: string }).verb
/** Changes the calendar as a command sees it. */
const seeing = (
  verbs: readonly string[],
  change: (calendar: OpenCalendar, nowMs: number) => OpenCalendar,
) =>
  withCalendar({
    decide: (state, command, nowMs) =>
      calendars.decide(
        verbs.includes(verbOf(command)) && (state as { kind: string }).kind === 'open'
          ? change(state as OpenCalendar, nowMs)
          : state,
        command,
        nowMs,
      ),
  })
/** Changes events as they are decided. */
const deciding = (change: (event: AppointmentEvent, nowMs: number) => AppointmentEvent[]) =>
  withCalendar({
    decide(state, command, nowMs) {
      const decision = calendars.decide(state, command, nowMs)
      return decision.ok
        ? {
            ok: true,
            events: decision.events.flatMap(event => change(event as AppointmentEvent, nowMs)),
          }
        : decision
    },
  })

const row = (about: string, rule: string, kinds: NonNullable<Bug['kinds']>): Bug => ({
  about,
  rule,
  seed: 1,
  visits: true,
  kinds,
})

export const visitBugs: Readonly<Record<string, Bug>> = {
  'hold-takes-no-seat': row(
    'an appointment that waits for papers or a payment does not count when somebody books',
    '[seat]',
    () =>
      seeing(['book'], calendar => ({
        ...calendar,
        live: calendar.live.filter(({ status }) => status !== 'proposed'),
      })),
  ),
  'promise-takes-no-seat': row(
    'a promised seat is given to whoever books or moves before the offer',
    '[seat]',
    () => seeing(['book', 'reschedule', 'offer'], calendar => ({ ...calendar, promised: [] })),
  ),
  'counter-takes-all': row(
    'whoever stands at the counter gets a seat that somebody else has',
    '[seat]',
    () => seeing(['admit'], calendar => ({ ...calendar, live: [], promised: [] })),
  ),
  'freed-for-anybody': row(
    'a seat that becomes free is for whoever comes first, and not for whoever waits',
    '[line]',
    () => deciding(event => (event.type === 'seat_promised' ? [] : [event])),
  ),
  'last-comes-first': row('the last of the waiting list is served first', '[line]', () =>
    seeing(['cancel', 'look', 'describe', 'reschedule', 'book'], calendar => ({
      ...calendar,
      live: calendar.live.toReversed(),
    })),
  ),
  'offer-of-a-moment': row('an offer lapses before anybody can accept it', '[kept]', () =>
    deciding((event, nowMs) => [
      event.type === 'waitlist_offered'
        ? { ...event, data: { ...event.data, held_until_ms: nowMs + 1_000 } }
        : event,
    ]),
  ),
  'promise-forgotten': row('a promise is never followed by its offer', '[kept]', () =>
    withCalendar({
      react: (event, state, atMs, source) =>
        event.type === 'seat_promised' ? [] : calendars.react(event, state, atMs, source),
    }),
  ),
  'promise-withdrawn-at-once': row(
    'a promise is withdrawn where it should become an offer',
    '[kept]',
    () =>
      deciding(event => {
        const { appointment_id } = event.data as { appointment_id: string }
        return [
          event.type === 'waitlist_offered'
            ? { type: 'seat_withdrawn', data: { appointment_id } }
            : event,
        ]
      }),
  ),
  'reminder-swallowed': row(
    'a reminder that is due is dropped as if it came too late',
    '[said]',
    () =>
      deciding(event => {
        const { appointment_id } = event.data as { appointment_id: string }
        return [
          event.type === 'reminder_due'
            ? { type: 'reminders_dropped', data: { appointment_id } }
            : event,
        ]
      }),
  ),
  'hold-without-end': row('a calendar never looks at what has come due', '[live]', () =>
    withCalendar({ wakeAtMs: () => null }),
  ),
  'lapse-at-once': row('a hold ends a minute before its deadline', '[said]', () =>
    seeing(['look'], calendar => ({
      ...calendar,
      live: calendar.live.map(one => ({
        ...one,
        heldUntilMs: one.heldUntilMs === null ? null : one.heldUntilMs - 60_000,
      })),
    })),
  ),
  'fold-loses-a-move': row('the fold of an appointment that moved keeps the old time', '[4]', () =>
    withCalendar({
      evolve(state, event, atMs) {
        const next = calendars.evolve(state, event, atMs) as OpenCalendar
        if (event.type !== 'appointment_rescheduled') return next
        const { live } = state as OpenCalendar
        const { appointment_id: id } = (event as { data: { appointment_id: string } }).data
        const { startMs = null, endMs = null } = live.find(one => one.id === id) ?? {}
        return {
          ...next,
          live: next.live.map(one => (one.id === id ? { ...one, startMs, endMs } : one)),
        }
      },
    }),
  ),
}
