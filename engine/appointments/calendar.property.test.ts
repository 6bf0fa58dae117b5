/**
 * Any commands in any order, with time passing between them: the seats of no moment are given twice,
 * every appointment goes through the table of states below, promises are kept, and a snapshot decides
 * as the state does.
 */
import assert from 'node:assert/strict'
import t from 'tap'
import { Compile } from 'typebox/compile'
import {
  appointmentStatusTable,
  type AppointmentStatus,
} from '../../protocol/appointments/statuses.ts'
import { AppointmentView } from '../../protocol/appointments/view.ts'
import { minuteMs } from '../../protocol/appointments/zones.ts'
import { appointmentEvents } from '../../protocol/dispatch/appointment-events.ts'
import fc from '../../protocol/testing/properties.ts'
import type { AnyKind } from '../actors/kind.ts'
import { decodeSnapshot, encodeSnapshot } from '../actors/snapshot.ts'
import { evolve } from './evolve.ts'
import {
  appointmentId,
  at,
  customer,
  made,
  pharmacy,
  Played,
  serviceId,
  terms,
} from './fixtures.ts'
import { calendarKind } from './kind.ts'
import { absentCalendar, type Calendar, type OpenCalendar } from './state.ts'
import { view } from './view.ts'

/** The states that may follow, besides the same one. */
const table: Record<AppointmentStatus, readonly AppointmentStatus[]> = {
  waitlist: ['proposed', 'cancelled'],
  proposed: ['pending', 'booked', 'cancelled'],
  pending: ['booked', 'cancelled'],
  booked: ['pending', 'arrived', 'checked_in', 'fulfilled', 'cancelled', 'noshow'],
  arrived: ['checked_in', 'fulfilled', 'cancelled'],
  checked_in: ['fulfilled', 'cancelled'],
  fulfilled: [],
  cancelled: [],
  noshow: [],
}
const begins: readonly AppointmentStatus[] = ['waitlist', 'proposed', 'pending', 'booked']

const n = fc.integer({ min: 1, max: 12 })
const slot = fc.integer({ min: 0, max: 11 })
const startOf = (place: number): number =>
  at('09:00', 1 + Math.floor(place / 6)) + (place % 6) * 30 * minuteMs
const step = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constant('book' as const), n, slot }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('wait' as const), n, slot }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('move' as const), n, slot }) },
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constantFrom(
        'cancel',
        'confirm',
        'accept',
        'settle',
        'here',
        'receive',
        'step',
        'complete',
        'miss',
      ),
      n,
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('later' as const),
      minutes: fc.integer({ min: 1, max: 600 }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('meet' as const), n, slot }) },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('describe' as const),
      capacity: fc.integer({ min: 1, max: 3 }),
    }),
  },
)
const given = fc.record({
  capacity: fc.integer({ min: 1, max: 3 }),
  confirmation: fc.constantFrom('automatic' as const, 'manual' as const),
  prepaid: fc.boolean(),
  automatic_no_show: fc.boolean(),
  duration_minutes: fc.constantFrom(30, 60),
  buffer_after_minutes: fc.constantFrom(0, 10),
})
const validView = Compile(AppointmentView)
const validEvents = new Map(
  Object.entries(appointmentEvents).map(([type, { data }]) => [type, Compile(data)]),
)

t.test('any run of commands', async t => {
  const seen = new Set<string>()
  fc.assert(
    fc.property(given, fc.array(step, { maxLength: 60 }), (some, steps) => {
      const p = new Played(at('06:00'))
      let now = { ...terms, ...some, steps: [{ id: 'one', name: 'One', minutes: 1 }] }
      let checked = 0
      let before: Calendar = absentCalendar
      let most = some.capacity
      for (const one of steps) {
        run(one)
        // Each event, as a reader of the journal sees it.
        for (; checked < p.events.length; checked++) {
          const event = p.events[checked]!
          assert.ok(validEvents.get(event.type)!.Check(event.data), JSON.stringify(event))
          const after = evolve(before, event, p.timesMs[checked]!)
          if ('appointment_id' in event.data && event.type !== 'seat_promised') {
            const find = (calendar: Calendar) =>
              calendar.kind === 'absent'
                ? undefined
                : [...calendar.live, ...calendar.ended].find(
                    ({ id }) => id === (event.data as { appointment_id: string }).appointment_id,
                  )
            const [was, is] = [find(before), find(after)!]
            if (was === undefined) assert.ok(begins.includes(is.status), is.status)
            else if (was.status !== is.status)
              assert.ok(table[was.status].includes(is.status), `${was.status} to ${is.status}`)
            assert.ok(is.sequence >= (was?.sequence ?? 0))
            assert.ok(validView.Check(view(after as OpenCalendar, is)))
            seen.add(event.type)
          }
          before = after
        }
        if (p.state.kind === 'open') check(p.state)
      }

      function run(one: (typeof steps)[number]): void {
        if ('minutes' in one) return void p.later(one.minutes)
        if ('capacity' in one) {
          most = Math.max(most, one.capacity)
          now = { ...now, capacity: one.capacity, revision: now.revision + 1 }
          return void p.send('describe', pharmacy, { vendor_id: made(1).vendor_id, terms: now })
        }
        const about = { appointment_id: appointmentId(one.n) }
        const own = customer(one.n)
        switch (one.do) {
          case 'book':
            return void p.book(one.n, startOf(one.slot), now)
          case 'wait':
            return void p.wait(one.n, startOf(one.slot), startOf(one.slot) + 90 * minuteMs, now)
          case 'move':
            return void p.send('reschedule', own, {
              ...about,
              vendor_id: made(1).vendor_id,
              terms: now,
              start_ms: startOf(one.slot),
            })
          // Time passes until shortly before the slot, and the customer comes.
          case 'meet':
            p.until(Math.max(p.nowMs, startOf(one.slot) - 20 * minuteMs))
            return void p.send('check_in', own, about)
          case 'cancel':
            return void p.send('cancel', own, about)
          case 'confirm':
            return void p.send('confirm', pharmacy, { ...about, settles: ['payment'] })
          case 'accept':
            return void p.send('confirm', own, { ...about, settles: [] })
          case 'settle':
            return void p.send('settle', pharmacy, { ...about, what: 'payment' })
          case 'here':
            return void p.send('check_in', own, about)
          case 'receive':
            return void p.send('check_in', pharmacy, about)
          case 'step':
            return void p.send('complete_step', pharmacy, {
              ...about,
              step_id: 'one',
              outcome: 'done',
              person_id: 'p',
              person_name: 'P',
            })
          case 'complete':
            return void p.send('complete', pharmacy, about)
          case 'miss':
            return void p.send('no_show', pharmacy, about)
        }
      }

      function check(state: OpenCalendar): void {
        assert.deepEqual(state, before, 'a replay gives the same state')
        const taken = state.live.filter(one => appointmentStatusTable[one.status].seat)
        for (const { startMs } of taken)
          assert.ok(
            taken.filter(other => other.startMs! <= startMs! && startMs! < other.endMs!).length <=
              most,
            'no seat is given twice',
          )
        for (const { appointmentId: id } of state.promised)
          assert.equal(state.live.find(one => one.id === id)?.status, 'waitlist')
        assert.equal(state.promised.length, 0, 'each promise was followed by its offer')
        const { state: unpacked } = decodeSnapshot(
          serviceId,
          encodeSnapshot(
            serviceId,
            { state, acceptedIds: [], updatedAtMs: 0 },
            calendarKind as AnyKind,
            { version: 1, wakeAtMs: null, attentive: false },
          ),
          calendarKind as AnyKind,
        )
        assert.deepEqual(unpacked, state, 'a snapshot keeps all of it')
      }
    }),
    { numRuns: 600, seed: 25 },
  )
  t.same(
    Object.keys(appointmentEvents).filter(
      type =>
        !seen.has(type) &&
        ![
          'calendar_described',
          'seat_promised',
          'reminder_due',
          // They need time that passes unnoticed, or a wish beyond the window: waiting.test.ts.
          'seat_withdrawn',
          'window_moved',
          'reminders_dropped',
        ].includes(type),
    ),
    [],
    'every other event occurs',
  )
})
