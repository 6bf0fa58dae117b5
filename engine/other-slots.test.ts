/**
 * An engine serves the slots that it is given, whatever their numbers. Nothing in it computes the
 * slot of an actor by itself.
 */
import t from 'tap'
import type { Principal } from '../protocol/kernel/principal.ts'
import { allSlots, slotCount, slotOf, type Slots } from '../protocol/kernel/slots.ts'
import { subjects } from '../protocol/bus/subjects.ts'
import { here, order, problem, world } from './fixtures.ts'

/** Slots of another group of engines in the same journal. */
const others: Slots = {
  all: allSlots.map(slot => slotCount + slot),
  of: actorId => slotCount + slotOf(actorId),
}

/** A world whose senders reach the engines of the other slots. */
async function otherWorld(seed: number) {
  const w = await world(seed)
  const bridge = () => {
    for (const slot of allSlots)
      w.bus.subscribe(subjects.slotCommand(slot), ({ body, respond }) => {
        w.bus
          .request(subjects.slotCommand(slotCount + slot), body, 60_000)
          .then(answer => respond?.(answer))
          .catch(() => {})
      })
  }
  return { ...w, bridge }
}

t.test('a delivery in other slots leaves no trace in the usual ones', async t => {
  const w = await otherWorld(1)
  w.bridge()
  const engine = await w.boot('e1', { numbering: others })
  const pharmacy = w.pharmacy('one')
  await w.env.settle()
  const { driverId, by } = await w.driver(pharmacy)
  const vendor: Principal = { role: 'vendor', id: pharmacy }
  const opened = order(await w.broadcast())
  t.equal(
    problem(await w.command('order', opened.id, 'respond', vendor, { response_type: 'ACCEPTED' })),
    'ok',
  )
  await w.command('order', opened.id, 'find_driver', vendor, { search_seconds: 90 })
  await w.env.advance(100)
  const offer = w.pushes.flatMap(p =>
    p.kind === 'topic' && p.message.type === 'offer' ? [String(p.message.offer_id)] : [],
  )[0]
  const accepted = await w.command('order', opened.id, 'accept_offer', by, { offer_id: offer })
  t.equal(order(accepted).driver_id, driverId)
  t.ok(w.events.length >= 4, 'events are published')
  t.ok(
    w.events.every(({ slot }) => slot >= slotCount),
    'under the numbers of their slots',
  )
  const written = [...w.store.slots].filter(([, slot]) => slot.events.length > 0)
  t.ok(written.length > 0)
  t.ok(written.every(([number]) => number >= slotCount))
  t.ok(
    [...w.store.slots].every(([number, slot]) => number >= slotCount || slot.owner === null),
    'and no other slot is taken',
  )
  await engine.stop()
  t.ok(
    [...w.store.slots.values()].every(slot => slot.owner === null),
    'all are given back',
  )
})

t.test('what an engine remembers of other slots leaves with them', async t => {
  const w = await otherWorld(2)
  w.bridge()
  const first = await w.boot('e1', { numbering: others, exclusive: false })
  w.pharmacy('one', here.latitude, here.longitude)
  await w.env.settle()
  const requests = 12
  for (let i = 0; i < requests; i++) t.ok((await w.broadcast()).ok)
  t.equal(first.health().open_requests, requests)
  const second = await w.boot('e2', { numbering: others, exclusive: false })
  await w.env.advance(10_000)
  t.ok(first.health().slots < slotCount && second.health().slots > 0, 'the slots are shared out')
  t.equal(
    first.health().open_requests + second.health().open_requests,
    requests,
    'each request is kept by one engine',
  )
})

t.test('an actor in a slot of other engines is not found, and cannot be written', async t => {
  const w = await otherWorld(3)
  const usual = await w.boot('e1')
  const opened = order(await w.broadcast())
  await usual.stop()
  await w.boot('e2', { numbering: others })
  w.bridge()
  const before = w.store.events.get(opened.id)!.length
  const by: Principal = { role: 'system', id: 't' }
  const reply = await w.command('order', opened.id, 'cancel', by, { reason: 'no' })
  t.equal(problem(reply), 'order_not_found')
  t.equal(w.store.events.get(opened.id)!.length, before)
  t.equal(problem(await w.broadcast(opened.id)), 'order_not_found', 'nor created once more')
  t.equal(w.store.events.get(opened.id)!.length, before)
})
