/**
 * Hundreds of racers on the seats of one slot, over real engines, bus and journal: as many have a
 * seat as there are seats, and everybody else is told so. The calendar moves between engines
 * meanwhile.
 */
import t from 'tap'
import { decodeBody, encodeBody } from '../../protocol/bus/codec.ts'
import { ownerSubject } from '../../protocol/bus/subjects.ts'
import type { AppointmentReply } from '../../protocol/dispatch/commands.ts'
import { minuteMs } from '../../protocol/appointments/zones.ts'
import { world } from '../fixtures.ts'
import { at, customer, made, terms } from './fixtures.ts'

type World = Awaited<ReturnType<typeof world>>

/** 500 customers ask for the slot at once. Returns the number of each answer. */
async function race(w: World, serviceId: string, startMs: number, capacity: number) {
  const replies = Array.from({ length: 500 }, (_, n) =>
    w.bus.request(
      ownerSubject(serviceId),
      encodeBody({
        id: w.id(),
        actor: 'appointment',
        actor_id: serviceId,
        verb: 'book',
        by: customer(n % 400),
        data: {
          ...made(n % 400, { ...terms, capacity }),
          appointment_id: w.id(),
          start_ms: startMs,
        },
      }),
      60_000,
    ),
  )
  await w.env.settle()
  const counts: Record<string, number> = {}
  for (const reply of await Promise.all(replies)) {
    const answer = decodeBody(reply) as AppointmentReply
    const name = answer.ok ? 'made' : answer.problem.code
    counts[name] = (counts[name] ?? 0) + 1
  }
  return counts
}

/** Brings the virtual clock to the morning of the fixtures. */
const dawn = (w: World) => w.env.advance(at('06:00') - w.env.nowMs())

t.test('500 racers on one slot, 100 times: exactly as many have it as there are seats', async t => {
  const w = await world(41)
  await dawn(w)
  const engine = await w.boot('e1')
  for (let round = 0; round < 100; round++) {
    const capacity = 1 + (round % 7)
    const counts = await race(w, w.id(), at('09:00', 1), capacity)
    if (counts['made'] !== capacity || counts['slot_taken'] !== 500 - capacity)
      t.fail(`round ${round}: ${JSON.stringify(counts)}`)
  }
  const rows = [...w.store.table('appointments').rows.values()]
  t.equal(
    rows.length,
    Array.from({ length: 100 }, (_, i) => 1 + (i % 7)).reduce((a, b) => a + b),
  )
  t.ok(rows.every(row => row['status'] === 'booked'))
  await engine.stop()
})

t.test('two engines share the calendars, and a late fenced one gives no seat', async t => {
  const w = await world(42)
  await dawn(w)
  const first = await w.boot('e1', { exclusive: false })
  const second = await w.boot('e2', { exclusive: false })
  await w.env.advance(30_000)
  const services = Array.from({ length: 20 }, w.id)
  for (const id of services) {
    const counts = await race(w, id, at('09:00', 1), 3)
    t.same(counts, { made: 3, slot_taken: 497 })
  }
  first.crash()
  await w.env.advance(60_000)
  for (const id of services) {
    const taken = await race(w, id, at('09:00', 1), 3)
    t.same(taken, { slot_taken: 500 }, 'the heir knows every seat')
    t.same(await race(w, id, at('09:30', 1), 3), { made: 3, slot_taken: 497 })
  }
  await second.stop()
})

t.test(
  'the calendar acts at its deadlines by itself, and facts are named by appointment',
  async t => {
    const w = await world(43)
    await w.env.advance(at('07:50') - w.env.nowMs())
    const engine = await w.boot('e1')
    const [serviceId, id] = [w.id(), w.id()]
    const reminding = { ...terms, reminder_minutes: [60], automatic_no_show: true }
    const subjects: string[] = []
    w.bus.subscribe('caduceus.v1.event.appointment.*.*', m => subjects.push(m.subject))
    const reply = w.bus.request(
      ownerSubject(serviceId),
      encodeBody({
        id: w.id(),
        actor: 'appointment',
        actor_id: serviceId,
        verb: 'book',
        by: customer(1),
        data: { ...made(1, reminding), appointment_id: id, start_ms: at('09:00') },
      }),
      60_000,
    )
    await w.env.settle()
    t.match(decodeBody(await reply), { ok: true, appointment: { id, status: 'booked' } })
    await w.env.advance(at('08:00') - w.env.nowMs() + 1)
    t.same(
      w.pushes.map(push => push.kind === 'topic' && push.message.type),
      ['appointment', 'appointment', 'appointment_reminder'],
    )
    await w.env.advance(90 * minuteMs)
    t.match(w.store.table('appointments').rows.get(id), { status: 'noshow' })
    t.same(
      subjects.map(subject => subject.split('.').slice(3)),
      [
        ['appointment', 'calendar_described', serviceId],
        ['appointment', 'slot_claimed', id],
        ['appointment', 'reminder_due', id],
        ['appointment', 'appointment_missed', id],
      ],
    )
    t.same(
      w.logs.filter(line => line.startsWith('error')),
      [],
    )
    await engine.stop()
  },
)
