/** Appointments in a world with an engine: a run that causes each kind of event at least once. */
import { decodeBody, encodeBody } from '../../protocol/bus/codec.ts'
import { ownerSubject } from '../../protocol/bus/subjects.ts'
import { dayMs, minuteMs, textOfLocalMs } from '../../protocol/appointments/zones.ts'
import type { AppointmentReply } from '../../protocol/dispatch/commands.ts'
import type { Principal } from '../../protocol/kernel/principal.ts'
import type { world } from '../fixtures.ts'
import { appointmentId, customer, made, pharmacy, serviceId, terms } from './fixtures.ts'

/** Lets two days pass. `withoutEngine` lets time pass while no engine runs. */
export async function visits(
  w: Awaited<ReturnType<typeof world>>,
  withoutEngine: (ms: number) => Promise<void>,
): Promise<void> {
  type Told = [verb: string, by: Principal, data: object]
  /** Sends commands at the same moment. */
  const tellAll = async (...all: Told[]): Promise<void> => {
    const replies = all.map(([verb, by, data]) =>
      w.bus.request(
        ownerSubject(serviceId),
        encodeBody({ id: w.id(), actor: 'appointment', actor_id: serviceId, verb, by, data }),
        60_000,
      ),
    )
    await w.env.settle()
    for (const [i, reply] of replies.entries()) {
      const answer = decodeBody(await reply) as AppointmentReply
      if (!answer.ok) throw new Error(`${all[i]![0]}: ${answer.problem.code}`)
    }
  }
  const tell = (...one: Told): Promise<void> => tellAll(one)
  const given = {
    ...terms,
    rules: terms.rules.map(rule => ({ ...rule, from: '00:00', to: '24:00' })),
    steps: [{ id: 'talk', name: 'Talk', minutes: 5 }],
    required_documents: ['prescription'],
    reminder_minutes: [60],
    cancel_minutes: 0,
  }
  const startMs = (Math.floor(w.env.nowMs() / dayMs) + 1) * dayMs
  const slot = (n: number): number => startMs + n * 30 * minuteMs
  const of = (n: number): object => ({ appointment_id: appointmentId(n) })
  for (let n = 0; n < 4; n++)
    await tell('book', customer(n), { ...made(n, given), start_ms: slot(n) })
  await tell('settle', pharmacy, { ...of(0), what: 'documents' })
  for (const n of [1, 2]) await tell('confirm', pharmacy, { ...of(n), settles: ['documents'] })
  await tell('reschedule', customer(1), {
    ...of(1),
    vendor_id: made(1).vendor_id,
    terms: given,
    start_ms: slot(5),
  })
  await tell('join_waitlist', customer(6), {
    ...made(6, given),
    from_ms: slot(3),
    to_ms: slot(4),
  })
  // The window of 60 days will reach it while the run lasts.
  const beyond = w.env.nowMs() + given.window_days * dayMs + 60 * minuteMs
  await tell('join_waitlist', customer(7), {
    ...made(7, given),
    from_ms: beyond,
    to_ms: beyond + 60 * minuteMs,
  })
  // A place is closed after it was promised, and before it is offered.
  await tell('book', customer(8), { ...made(8, given), start_ms: slot(10) })
  await tell('join_waitlist', customer(9), {
    ...made(9, given),
    from_ms: slot(10),
    to_ms: slot(11),
  })
  const closures = [{ from: textOfLocalMs(slot(10)), to: textOfLocalMs(slot(11)) }]
  await tellAll(
    ['cancel', customer(8), of(8)],
    [
      'describe',
      pharmacy,
      { vendor_id: made(1).vendor_id, terms: { ...given, revision: 2, closures } },
    ],
  )
  await tell('cancel', customer(3), { ...of(3), reason: 'ill' })
  await w.env.advance(100)
  await tell('confirm', customer(6), { ...of(6), settles: [] })
  await w.env.advance(slot(0) - w.env.nowMs())
  await tell('check_in', customer(0), of(0))
  await tell('check_in', pharmacy, of(0))
  const done = { step_id: 'talk', outcome: 'done', person_id: 'p', person_name: 'Pat' }
  await tell('complete_step', pharmacy, { ...of(0), ...done })
  await tell('complete', pharmacy, of(0))
  await w.env.advance(slot(2) + 30 * minuteMs - w.env.nowMs())
  await tell('no_show', pharmacy, of(2))
  await tell('book', customer(10), { ...made(10, given), start_ms: slot(20) })
  await tell('confirm', pharmacy, { ...of(10), settles: ['documents'] })
  await withoutEngine(slot(20) + minuteMs - w.env.nowMs())
}
