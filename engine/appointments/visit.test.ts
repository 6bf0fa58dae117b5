/** The data and the order of a visit: codes, the hours of check-in, steps, and nobody coming. */
import t from 'tap'
import { appointmentLimits } from '../../protocol/appointments/limits.ts'
import type { Principal } from '../../protocol/kernel/principal.ts'
import { appointment, calendar, eventsOf, outcome, states, step } from './fixture-states.ts'
import { appointmentId, at, customer, pharmacy } from './fixtures.ts'
import type { Appointment } from './state.ts'

const about = { appointment_id: appointmentId(1) }

t.test('a visit: codes, hours, and the order of the steps', async t => {
  const checkIn = (
    by: Principal,
    nowMs: number,
    data: object = {},
    one: Appointment = states.booked,
  ) => outcome(calendar([one]), 'check_in', by, { ...about, ...data }, nowMs)
  const early = at('09:00') - appointmentLimits.checkInEarlyMs
  for (const [by, done] of [
    [customer(1), 'appointment_arrived'],
    [pharmacy, 'appointment_checked_in'],
  ] as const) {
    t.equal(checkIn(by, early - 1), 'appointment_too_early')
    t.equal(checkIn(by, early), done)
    t.equal(checkIn(by, at('09:30') - 1), done)
    for (const gone of [{ startMs: null }, { endMs: null }])
      t.equal(checkIn(by, early, {}, appointment(gone)), 'appointment_state_conflict')
  }
  t.equal(checkIn(customer(1), at('09:30')), 'appointment_too_late')
  t.equal(checkIn(pharmacy, at('09:30')), 'appointment_checked_in')
  t.equal(checkIn(pharmacy, early, { code: 'code-of-2' }), 'code_wrong')
  t.equal(checkIn(pharmacy, early, { code: 'code-of-2' }, states.checked_in), 'code_wrong')
  t.equal(checkIn(pharmacy, early, { code: 'app:code-of-1' }), 'appointment_checked_in')
  t.strictSame(eventsOf(calendar([states.booked]), 'check_in', pharmacy, about, early), [
    { type: 'appointment_checked_in', data: about },
  ])
  t.strictSame(eventsOf(calendar([states.booked]), 'check_in', customer(1), about, early), [
    { type: 'appointment_arrived', data: about },
  ])

  const visit = (...steps: Appointment['steps']) => ({ ...states.checked_in, steps })
  const done = { ...about, step_id: 'two', outcome: 'done', person_id: 'p', person_name: 'Pat' }
  const complete = (one: Appointment, given: object = {}) =>
    outcome(calendar([one]), 'complete_step', pharmacy, { ...done, ...given })
  t.strictSame(
    eventsOf(
      calendar([visit(step('one', 'skipped'), step('two'))]),
      'complete_step',
      pharmacy,
      done,
    ),
    [{ type: 'step_completed', data: done }],
  )
  t.equal(complete(visit(step('one'), step('two'))), 'step_out_of_order')
  t.equal(complete(visit(step('two', 'skipped'), step('three'))), 'step_out_of_order')
  t.equal(complete(visit(step('two', 'skipped'))), 'step_out_of_order', 'every step is done')
  t.equal(complete(visit(step('two', 'done'))), '')
  t.equal(complete({ ...states.fulfilled, steps: [step('two', 'done')] }), '')
  t.equal(complete(visit(step('one'))), 'not_found')
  t.equal(
    outcome(calendar([visit(step('one', 'done'), step('two'))]), 'complete', pharmacy, about),
    'step_out_of_order',
  )
  t.strictSame(eventsOf(calendar([visit(step('one', 'skipped'))]), 'complete', pharmacy, about), [
    { type: 'appointment_fulfilled', data: about },
  ])
})

t.test('no_show: from the end of the grace on', async t => {
  const missed = (nowMs: number, one: Appointment = states.booked) =>
    outcome(calendar([one], { grace_minutes: 15 }), 'no_show', pharmacy, about, nowMs)
  t.equal(missed(at('09:15') - 1), 'appointment_too_early')
  t.equal(missed(at('09:15')), 'appointment_missed')
  t.equal(missed(at('09:15'), appointment({ startMs: null })), 'appointment_state_conflict')
  t.strictSame(eventsOf(calendar([states.booked]), 'no_show', pharmacy, about, at('10:00')), [
    { type: 'appointment_missed', data: about },
  ])
})
