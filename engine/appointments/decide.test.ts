/** The calendar of a service, command by command. Times are of June 2027 in UTC. */
import t from 'tap'
import { wordTable } from '../actors/packed.ts'
import { evolve } from './evolve.ts'
import { appointmentId, at, customer, made, pharmacy, Played, terms } from './fixtures.ts'
import { words } from './words.ts'

const morning = at('06:00')
const played = () => new Played(morning)
const of = (n: number) => ({ appointment_id: appointmentId(n) })

t.test('the first to ask for a seat has it, and the next is told that it is taken', async t => {
  const p = played()
  t.equal(p.book(1, at('09:00')), 'calendar_described slot_claimed')
  t.equal(p.one(1).status, 'booked')
  t.equal(p.book(2, at('09:00')), 'slot_taken')
  t.equal(p.book(3, at('09:30')), 'slot_claimed')
  t.equal(p.book(1, at('09:00')), '', 'a repeat changes nothing')
})

t.test('a slot that is past, too soon, too far or closed is refused with its code', async t => {
  const p = played()
  t.equal(p.book(1, at('05:00')), 'slot_past')
  t.equal(p.book(1, at('06:30')), 'slot_too_soon')
  t.equal(p.book(1, at('09:00') + 90 * 86_400_000), 'slot_too_far')
  t.equal(p.book(1, at('09:10')), 'slot_closed')
  t.equal(p.book(1, at('13:00')), 'slot_closed')
  t.equal(p.state.kind, 'absent', 'a refusal leaves nothing behind')
})

t.test('a customer has five appointments of a service at a time', async t => {
  const p = played()
  for (let n = 1; n <= 5; n++) t.match(p.book(n, at('09:00', n), terms, 1), 'slot_claimed')
  t.equal(p.book(6, at('09:00', 6), terms, 1), 'appointment_limit_reached')
  t.equal(p.book(6, at('09:00', 6), terms, 2), 'slot_claimed')
})

t.test('a slot is held while papers and payment are missing, until the deadline', async t => {
  const needy = { ...terms, required_documents: ['prescription'], prepaid: true }
  const p = played()
  p.book(1, at('09:00'), needy)
  t.match(p.one(1), { status: 'proposed', missing: ['documents', 'payment'] })
  t.equal(p.book(2, at('09:00'), needy), 'slot_taken', 'the hold takes the seat')
  t.equal(p.send('confirm', customer(1), { ...of(1), settles: [] }), 'appointment_incomplete')
  t.equal(
    p.send('confirm', pharmacy, { ...of(1), settles: ['documents'] }),
    'appointment_incomplete',
  )
  t.equal(p.send('settle', customer(1), { ...of(1), what: 'payment' }), 'forbidden')
  t.equal(p.send('settle', pharmacy, { ...of(1), what: 'payment' }), 'requirement_met')
  t.equal(p.one(1).heldUntilMs, at('07:00'), 'the deadline does not move')
  t.equal(p.send('settle', pharmacy, { ...of(1), what: 'documents' }), 'requirement_met')
  t.match(p.one(1), { status: 'booked', heldUntilMs: null })

  p.book(3, at('09:30'), needy)
  t.same(p.later(59), [])
  t.same(p.later(1), ['appointment_cancelled'])
  t.match(p.one(3), { status: 'cancelled', cancelCause: 'hold_expired' })
  t.equal(p.book(4, at('09:30'), needy), 'slot_claimed')
})

t.test('the pharmacy confirms where it wants to, or the request ends at its beginning', async t => {
  const p = played()
  const manual = { ...terms, confirmation: 'manual' as const }
  p.book(1, at('09:00'), manual)
  p.book(2, at('09:30'), manual)
  t.equal(p.one(1).status, 'pending')
  t.equal(p.send('confirm', customer(1), { ...of(1), settles: [] }), 'forbidden')
  t.equal(p.send('confirm', customer(9), { ...of(1), settles: [] }), 'appointment_not_found')
  t.equal(p.send('confirm', pharmacy, { ...of(1), settles: [] }), 'appointment_confirmed')
  t.equal(p.send('confirm', pharmacy, { ...of(1), settles: [] }), '')
  p.until(at('09:30'))
  t.match(p.one(2), { status: 'cancelled', cancelCause: 'not_confirmed' })
})

t.test('a reschedule claims the new seat and frees the old one at once', async t => {
  const p = played()
  const reschedule = (n: number, start_ms: number, by = customer(n)) =>
    p.send('reschedule', by, { ...made(n), ...of(n), start_ms } as never)
  p.book(1, at('09:00', 1))
  p.book(2, at('09:30', 1))
  t.equal(reschedule(1, at('09:30', 1)), 'slot_taken')
  t.equal(p.one(1).startMs, at('09:00', 1), 'a refused one changes nothing')
  t.equal(reschedule(1, at('10:00', 2)), 'appointment_rescheduled')
  t.match(p.one(1), { sequence: 1, rescheduledFromMs: at('09:00', 1) })
  t.equal(p.book(3, at('09:00', 1)), 'slot_claimed')
  t.equal(reschedule(1, at('10:00', 2)), '', 'a repeat changes nothing')
  p.until(at('08:00', 2) + 1)
  t.equal(reschedule(1, at('11:00', 3)), 'appointment_too_late')
  t.equal(reschedule(1, at('11:00', 3), pharmacy), 'appointment_rescheduled')
})

t.test('an appointment may move by less than its own length', async t => {
  const long = { ...terms, duration_minutes: 60 }
  const p = played()
  p.book(1, at('09:00'), long)
  t.equal(
    p.send('reschedule', pharmacy, { ...made(1, long), ...of(1), start_ms: at('09:30') } as never),
    'appointment_rescheduled',
  )
})

t.test('a customer cancels until two hours before, the pharmacy always', async t => {
  const p = played()
  p.book(1, at('09:00'))
  p.book(2, at('09:30'))
  p.until(at('07:00') + 1)
  t.equal(p.send('cancel', customer(1), of(1)), 'appointment_too_late')
  t.equal(p.send('cancel', customer(2), { ...of(2), reason: 'ill' }), 'appointment_cancelled')
  t.match(p.one(2), { status: 'cancelled', cancelCause: 'customer', reason: 'ill', sequence: 1 })
  t.equal(p.send('cancel', customer(2), of(2)), '')
  t.equal(p.send('cancel', pharmacy, of(1)), 'appointment_cancelled')
})

t.test('a free seat goes to the customer who waited longest, one at a time', async t => {
  const p = played()
  p.book(1, at('09:00', 1))
  t.equal(p.wait(2, at('09:00', 1), at('09:30', 1)), 'waitlist_joined')
  t.equal(p.wait(3, at('09:00', 1), at('09:30', 1)), 'waitlist_joined')
  t.equal(
    p.send('cancel', customer(1), of(1)),
    'appointment_cancelled seat_promised waitlist_offered',
  )
  t.match(p.one(2), { status: 'proposed', offered: true, startMs: at('09:00', 1) })
  t.equal(p.one(3).status, 'waitlist', 'the second waits on')
  t.equal(p.book(4, at('09:00', 1)), 'slot_taken', 'nobody else gets the seat')
  t.equal(p.send('confirm', pharmacy, { ...of(2), settles: [] }), 'forbidden')
  t.same(p.later(60), ['appointment_cancelled seat_promised waitlist_offered'])
  t.match(p.one(2), { status: 'cancelled', cancelCause: 'offer_lapsed' })
  t.equal(p.send('confirm', customer(3), { ...of(3), settles: [] }), 'waitlist_accepted')
  t.match(p.one(3), { status: 'booked', offered: false })
})

t.test('the seat is kept from the commit that frees it, before it is offered', async t => {
  const p = played()
  p.book(1, at('09:00', 1))
  p.wait(2, at('09:00', 1), at('09:30', 1))
  // The offer of this promise is still on its way.
  const before = p.state
  p.send('cancel', customer(1), of(1))
  const [cancelled, promised] = p.events.slice(-3)
  p.state = evolve(evolve(before, cancelled!, p.nowMs), promised!, p.nowMs)
  t.equal(p.book(3, at('09:00', 1)), 'slot_taken')
})

t.test('who waits is offered a seat that new terms make, and one that is free already', async t => {
  const p = played()
  p.book(1, at('09:00', 1))
  p.wait(2, at('09:00', 1), at('09:30', 1))
  const two = { ...terms, revision: 2, capacity: 2 }
  t.equal(
    p.send('describe', pharmacy, { vendor_id: made(1).vendor_id, terms: two }),
    'calendar_described seat_promised waitlist_offered',
  )
  t.equal(
    p.wait(3, at('10:00', 1), at('12:00', 1)),
    'waitlist_joined seat_promised waitlist_offered',
  )
  t.equal(p.wait(4, at('03:00'), at('05:00')), 'slot_past')
  p.wait(5, at('07:00'), at('08:00'))
  t.same(p.until(at('07:30')).at(-1), 'appointment_cancelled')
  t.equal(p.one(5).cancelCause, 'not_offered')
})

t.test('a visit: here, received, step after step, done', async t => {
  const p = played()
  const steps = ['consent', 'injection'].map(id => ({ id, name: id, minutes: 5 }))
  p.book(1, at('09:00'), { ...terms, steps })
  const step = (step_id: string, outcome: 'done' | 'skipped' = 'done', by = pharmacy) =>
    p.send('complete_step', by, { ...of(1), step_id, outcome, person_id: 'x', person_name: 'Pat' })
  t.equal(p.send('check_in', customer(1), of(1)), 'appointment_too_early')
  p.until(at('08:50'))
  t.equal(step('consent'), 'appointment_state_conflict')
  t.equal(p.send('check_in', customer(1), of(1)), 'appointment_arrived')
  t.equal(p.send('complete', pharmacy, of(1)), 'appointment_state_conflict')
  t.equal(p.send('no_show', pharmacy, of(1)), 'appointment_state_conflict')
  t.equal(p.send('check_in', pharmacy, { ...of(1), code: 'code-of-2' }), 'code_wrong')
  t.equal(p.send('check_in', pharmacy, { ...of(1), code: 'x:code-of-1' }), 'appointment_checked_in')
  t.equal(step('injection'), 'step_out_of_order')
  t.equal(step('nothing'), 'not_found')
  t.equal(step('consent', 'done', customer(1)), 'forbidden')
  t.equal(step('consent', 'skipped'), 'step_completed')
  t.equal(step('consent', 'done'), 'step_out_of_order', 'a step is not done twice')
  t.equal(p.send('complete', pharmacy, of(1)), 'step_out_of_order')
  t.equal(step('injection'), 'step_completed')
  t.match(p.one(1).steps[1], { outcome: 'done', atMs: at('08:50'), byName: 'Pat' })
  t.equal(p.send('complete', pharmacy, of(1)), 'appointment_fulfilled')
  t.equal(p.send('cancel', pharmacy, of(1)), 'appointment_state_conflict')
})

t.test('nobody came: the pharmacy says so after the grace, or the calendar by itself', async t => {
  const p = played()
  p.book(1, at('09:00'))
  p.until(at('09:14'))
  t.equal(p.send('no_show', pharmacy, of(1)), 'appointment_too_early')
  p.until(at('09:15'))
  t.equal(p.send('no_show', customer(1), of(1)), 'forbidden')
  t.equal(p.send('no_show', pharmacy, of(1)), 'appointment_missed')
  const automatic = played()
  automatic.book(1, at('09:00'), { ...terms, automatic_no_show: true })
  t.same(automatic.until(at('09:15')), ['appointment_missed'])
  const forgotten = played()
  forgotten.book(1, at('09:00'))
  t.same(forgotten.until(at('09:30', 1)), ['appointment_fulfilled'])
})

t.test('reminders keep out of the quiet hours, and are planned anew', async t => {
  const reminding = {
    ...terms,
    reminder_minutes: [24 * 60, 120],
    quiet_hours: { from: '21:00', to: '08:00' },
  }
  const p = played()
  p.book(1, at('09:00', 3), reminding)
  // Two hours before would be at 07:00, so it comes before the night begins.
  t.same(p.one(1).remindersMs, [at('09:00', 2), at('20:59', 2)])
  p.send('reschedule', customer(1), {
    ...made(1, reminding),
    ...of(1),
    start_ms: at('11:00', 5),
  } as never)
  t.same(p.one(1).remindersMs, [at('11:00', 4), at('09:00', 5)])
  t.same(p.until(at('12:00', 4)), ['reminder_due'])
  p.send('cancel', customer(1), of(1))
  t.same(p.until(at('12:00', 6)), [], 'a cancelled one reminds nobody')
  // The quiet hours are those of the customer.
  const far = played()
  far.send('book', customer(1), {
    ...made(1, reminding),
    customer_time_zone: 'Australia/Lord_Howe',
    start_ms: at('09:00', 3),
  })
  t.same(far.one(1).remindersMs, [at('09:00', 2), at('07:00', 3)])
})

t.test('older terms change nothing, and newer ones do not move appointments', async t => {
  const p = played()
  p.book(1, at('09:00'), { ...terms, revision: 5 })
  t.equal(p.book(2, at('09:30'), { ...terms, revision: 4, name: 'older' }), 'slot_claimed')
  t.equal(p.one(2).serviceName, 'Flu vaccination')
  const closed = {
    ...terms,
    revision: 6,
    closures: [{ from: '2027-06-07T00:00', to: '2027-06-08T00:00' }],
  }
  t.equal(p.book(3, at('10:00'), closed), 'slot_closed')
  t.equal(
    p.send('describe', pharmacy, { vendor_id: made(1).vendor_id, terms: closed }),
    'calendar_described',
  )
  t.equal(p.one(1).status, 'booked')
  t.equal(p.book(3, at('10:00')), 'slot_closed')
})

t.test('the words of snapshots fit into one byte each', async t => {
  t.equal(wordTable(words.list).numbers.size, words.list.length, 'no word is there twice')
})
