/**
 * The whole engine on virtual time: the path of an order, its deadlines, and a new engine after a
 * crash. The engine's real code runs over the memory adapters. Numbers in brackets are the
 * invariants of SPEC.md.
 */
import t from 'tap'
import { decodeBody, encodeBody } from '../protocol/bus/codec.ts'
import { limits } from '../protocol/kernel/limits.ts'
import type { Principal } from '../protocol/kernel/principal.ts'
import type { LocationPush } from '../protocol/tracking/positions.ts'
import { subjects } from '../protocol/bus/subjects.ts'
import { here, order, problem, world } from './fixtures.ts'

t.test('a request is won by one pharmacy and delivered by a driver [1] [6]', async t => {
  const w = await world()
  const engine = await w.boot('e1')
  const near = w.pharmacy('near')
  const nearer = w.pharmacy('nearer', here.latitude + 0.001)
  const far = w.pharmacy('far', here.latitude + 1)
  await w.env.settle()
  const opened = order(await w.broadcast())
  t.equal(opened.status, 'pending')
  t.equal(opened.pharmacies_notified, 2)
  await w.env.settle()
  const request = w.pushes.find(p => p.kind === 'new_request')
  t.same(
    request?.kind === 'new_request' && request.vendor_ids,
    [near, nearer],
    'the nearest pharmacy first, the far one is not asked',
  )

  const notAsked = await w.command(
    'order',
    opened.id,
    'respond',
    { role: 'vendor', id: far },
    { response_type: 'ACCEPTED' },
  )
  t.equal(problem(notAsked), 'request_not_offered')
  await w.command(
    'order',
    opened.id,
    'respond',
    { role: 'vendor', id: nearer },
    { response_type: 'REJECTED', text_message: 'no stock' },
  )
  const won = await w.command(
    'order',
    opened.id,
    'respond',
    { role: 'vendor', id: near },
    { response_type: 'ACCEPTED', text_message: 'come' },
  )
  t.equal(won.ok && won.outcome.response, 'won')
  const late = await w.command(
    'order',
    opened.id,
    'respond',
    { role: 'vendor', id: nearer },
    { response_type: 'ACCEPTED' },
  )
  t.equal(problem(late), 'request_already_assigned', '[1] one winner')
  await w.env.settle()
  const taken = w.pushes.find(p => p.kind === 'request_closed')
  t.same(taken?.kind === 'request_closed' && [taken.message.type, taken.vendor_ids], [
    'request_taken',
    [nearer],
  ])

  const dora = await w.driver(near, here.latitude + 0.01, here.longitude)
  const byNear: Principal = { role: 'vendor', id: near }
  const assigned = order(
    await w.command('order', opened.id, 'assign_driver', byNear, { driver_id: dora.driverId }),
  )
  t.equal(assigned.status, 'driver_assigned')
  t.equal(assigned.driver_name, 'Dora')
  t.equal(engine.roster.get(dora.driverId)?.status, 'busy')

  w.bus.publish(
    subjects.interest,
    encodeBody({ edge_id: 'x', full: true, order_ids: [opened.id], vendor_ids: [near] }),
  )
  const seen: LocationPush[] = []
  w.bus.subscribe(subjects.pushEdge('x'), m => seen.push(decodeBody(m.body) as LocationPush))
  await w.env.advance(20_000)
  await dora.at(here.latitude, here.longitude)
  await w.env.settle()
  t.same(
    seen
      .flatMap(push => push.orders)
      .map(o => [o.order_id, o.latitude])
      .at(-1),
    [opened.id, here.latitude],
    'an edge that watches the order is told of the move at once',
  )
  await w.env.advance(300)
  t.equal(
    seen.flatMap(push => push.fleet).at(-1)?.driver_id,
    dora.driverId,
    'an edge that watches the fleet is told with the next round',
  )
  t.equal(w.statusOf(opened.id), 'arrived_at_pickup', 'the geofence recorded the arrival')

  t.equal(
    problem(await w.command('order', opened.id, 'deliver', dora.by, w.signed(dora.driverId))),
    'order_state_conflict',
  )
  t.equal(order(await w.command('order', opened.id, 'pick_up', dora.by)).status, 'picked_up')
  t.equal(
    order(await w.command('order', opened.id, 'out_for_delivery', dora.by)).status,
    'out_for_delivery',
  )
  t.equal(problem(await w.command('order', opened.id, 'deliver', dora.by, {})), 'proof_required')
  t.equal(
    order(await w.command('order', opened.id, 'deliver', dora.by, w.signed(dora.driverId))).status,
    'delivered',
  )
  await w.env.advance(5_000)
  t.equal(engine.roster.get(dora.driverId)?.status, 'available', 'the driver is free again')
  t.equal(engine.actors.peek(opened.id), undefined, 'a finished order leaves memory')
  const bySlot = new Map<number, number>()
  for (const event of w.events) {
    t.equal(event.seq, (bySlot.get(event.slot) ?? 0) + 1, '[6] in order, none missing')
    bySlot.set(event.slot, event.seq)
  }
  t.same(w.logs, [])
  await engine.stop()
})

t.test('a request expires at once without a pharmacy near, else at its deadline [10]', async t => {
  const w = await world(2)
  const engine = await w.boot('e1')
  const unasked = order(await w.broadcast())
  t.equal(unasked.status, 'expired', 'there is no pharmacy within the radius')
  w.pharmacy('one')
  await w.env.settle()
  const opened = order(await w.broadcast(undefined, undefined, 30))
  await w.env.advance(29_900)
  t.equal(w.statusOf(opened.id), 'broadcast_opened')
  await w.env.advance(300)
  t.equal(w.statusOf(opened.id), 'request_expired')
  t.ok(w.pushes.some(p => p.kind === 'request_closed' && p.message.type === 'request_expired'))
  await engine.stop()
})

t.test('deadlines and answers survive a crash [2] [3] [10]', async t => {
  const w = await world(3)
  const first = await w.boot('e1')
  const pharmacy = w.pharmacy('one')
  await w.env.settle()
  const opened = order(await w.broadcast(undefined, undefined, 60))
  const accepted = order(await w.broadcast(undefined, undefined, 60))
  const commandId = w.id()
  await w.command(
    'order',
    accepted.id,
    'respond',
    { role: 'vendor', id: pharmacy },
    { response_type: 'ACCEPTED' },
    commandId,
  )
  // A crash: nothing is flushed, and the engine is gone.
  first.crash()
  const second = await w.boot('e2')
  const again = await w.command(
    'order',
    accepted.id,
    'respond',
    { role: 'vendor', id: pharmacy },
    { response_type: 'ACCEPTED' },
    commandId,
  )
  t.equal(again.ok && again.order.status, 'accepted')
  t.equal(again.ok && again.outcome.response, 'won')
  await w.env.advance(61_000)
  t.equal(w.statusOf(opened.id), 'request_expired')
  await second.stop()
})

t.test(
  'a command that changed something always gets the same answer; a command that changed nothing gets it until its wish is undone [3] (ADR 8)',
  async t => {
    const w = await world(5)
    const first = await w.boot('e1')
    const pharmacy = w.pharmacy('one')
    await w.env.settle()
    const by: Principal = { role: 'vendor', id: pharmacy }
    const opened = order(await w.broadcast())
    await w.command('order', opened.id, 'respond', by, { response_type: 'ACCEPTED' })
    const [began, found] = [w.id(), w.id()]
    const find = async (commandId: string) =>
      problem(await w.command('order', opened.id, 'find_driver', by, {}, commandId))
    t.same([await find(began), await find(found), await find(found)], ['ok', 'ok', 'ok'])
    await w.command('order', opened.id, 'cancel', { role: 'customer', id: opened.user_id })
    const events = w.store.events.get(opened.id)!.length
    t.same([await find(began), await find(found)], ['ok', 'order_state_conflict'])
    first.crash()
    const second = await w.boot('e2')
    t.same([await find(began), await find(found)], ['ok', 'order_state_conflict'])
    t.equal(w.store.events.get(opened.id)!.length, events, 'neither command made an event')
    await second.stop()
  },
)

t.test('an order is offered to one driver after the other until the search ends [8]', async t => {
  const w = await world(4)
  const engine = await w.boot('e1')
  const pharmacy = w.pharmacy('one')
  await w.env.settle()
  const near = await w.driver(pharmacy, here.latitude + 0.001, here.longitude)
  const far = await w.driver(pharmacy, here.latitude + 0.02, here.longitude)
  const by: Principal = { role: 'vendor', id: pharmacy }
  const opened = order(await w.broadcast())
  await w.command('order', opened.id, 'respond', by, { response_type: 'ACCEPTED' })
  await w.command('order', opened.id, 'find_driver', by, { search_seconds: 90 })
  await w.env.advance(100)
  const offers = () =>
    w.pushes.flatMap(p =>
      p.kind === 'topic' && p.message.type === 'offer'
        ? [{ topic: p.topic, offer: String(p.message.offer_id) }]
        : [],
    )
  t.equal(offers()[0]?.topic, `driver:${near.driverId}`, 'nearest first')
  t.equal(
    problem(
      await w.command('order', opened.id, 'accept_offer', far.by, { offer_id: offers()[0]!.offer }),
    ),
    'offer_not_yours',
  )
  await w.env.advance(limits.offerTtlMs + 200)
  t.equal(
    offers()[1]?.topic,
    `driver:${far.driverId}`,
    'the next driver, when the first one is silent',
  )
  t.ok(
    w.pushes.some(
      p =>
        p.kind === 'topic' &&
        p.topic === `driver:${near.driverId}` &&
        p.message.type === 'offer_withdrawn',
    ),
  )
  t.equal(
    problem(
      await w.command('order', opened.id, 'accept_offer', near.by, {
        offer_id: offers()[0]!.offer,
      }),
    ),
    'offer_expired',
  )
  await w.command('order', opened.id, 'decline_offer', far.by, { offer_id: offers()[1]!.offer })
  await w.env.advance(61_000)
  t.ok(
    w.pushes.some(p => p.kind === 'topic' && p.message.type === 'driver_search_ended'),
    'the pharmacy is told that the search ended',
  )
  await w.command('order', opened.id, 'find_driver', by, {})
  await near.at(here.latitude + 0.001, here.longitude)
  await w.env.advance(6_000)
  const third = offers()[2]!
  t.equal(third.topic, `driver:${near.driverId}`)
  t.equal(
    order(await w.command('order', opened.id, 'accept_offer', near.by, { offer_id: third.offer }))
      .status,
    'driver_assigned',
  )
  const second = order(await w.broadcast())
  await w.command('order', second.id, 'respond', by, { response_type: 'ACCEPTED' })
  t.equal(
    problem(await w.command('order', second.id, 'assign_driver', by, { driver_id: near.driverId })),
    'driver_at_capacity',
    '[8] capacity',
  )
  t.equal(
    order(await w.command('order', opened.id, 'cancel', { role: 'customer', id: opened.user_id }))
      .status,
    'cancelled',
  )
  await w.env.settle()
  t.equal(
    order(await w.command('order', second.id, 'assign_driver', by, { driver_id: near.driverId }))
      .status,
    'driver_assigned',
    'the driver is free after the cancellation',
  )
  t.same(w.logs, [])
  await engine.stop()
})

t.test('an engine whose slot has a new owner writes nothing [5]', async t => {
  const w = await world(5)
  const first = await w.boot('e1')
  w.pharmacy('one')
  await w.env.settle()
  const opened = order(await w.broadcast())
  const second = await w.boot('e2')
  const stored = () => [...w.store.events.values()].flat().length
  const before = stored()
  const reply = await first.actors.tell('order', opened.id, 'x', {
    verb: 'cancel',
    by: { role: 'customer', id: opened.user_id },
    data: {},
  })
  t.equal(reply.ok ? 'ok' : reply.code, 'moved')
  t.equal(stored(), before)
  await w.env.settle()
  await second.stop()
})

t.test('a terminal that connects later is told of open requests [9]', async t => {
  const w = await world(6)
  const engine = await w.boot('e1')
  const [one, two] = [w.pharmacy('one'), w.pharmacy('two')]
  w.pharmacy('silent')
  await w.env.settle()
  const opened = [order(await w.broadcast()).id, order(await w.broadcast()).id]
  await w.env.settle()
  w.pushes.length = 0
  w.bus.publish(subjects.terminals, encodeBody({ vendor_ids: [two, w.id(), one] }))
  await w.env.settle()
  t.same(
    w.pushes.map(
      push =>
        push.kind === 'new_request' && [
          push.body.request_id,
          push.vendor_ids.toSorted(),
          push.distances_km.length,
        ],
    ),
    opened.toSorted().map(id => [id, [one, two].toSorted(), 2]),
    'each request once, the oldest first, and only to the terminals that connected',
  )
  await engine.stop()
})

t.test('an engine does not start on a journal of a newer release, and says why', async t => {
  const w = await world()
  const engine = await w.boot('e1')
  const opened = order(await w.broadcast())
  engine.crash()
  const [row] = w.store.events.get(opened.id)!
  row!.v = 99
  await t.rejects(
    w.boot('e2'),
    /holds events of version 99 and this release reads up to \d+: start a release at least as new/,
  )
})

t.test('an order of an older release continues in this one', async t => {
  const w = await world()
  const engine = await w.boot('e1')
  w.pharmacy('near')
  const opened = order(await w.broadcast())
  engine.crash()
  const [row] = w.store.events.get(opened.id)!
  row!.v = 1
  delete (row!.event.data as { fee?: unknown }).fee
  await w.boot('e2')
  t.equal(
    order(await w.command('order', opened.id, 'cancel', { role: 'admin', id: w.id() })).status,
    'cancelled',
  )
  t.same(
    w.logs.filter(line => line.startsWith('error')),
    [],
  )
})

t.test('an idle engine sets few timers, and serves as soon as something happens [6]', async t => {
  const w = await world()
  const engine = await w.boot('e1')
  const near = w.pharmacy('near')
  const dora = await w.driver(near)
  await w.broadcast()
  await w.env.advance(600_000)
  const after = w.env.after.bind(w.env)
  let timers = 0
  w.env.after = (ms, run) => {
    timers++
    return after(ms, run)
  }
  await w.env.advance(60_000)
  t.ok(
    timers < 5 * 60,
    `${timers} timers in a minute; leases, polls and digests need about four a second`,
  )
  const opened = order(await w.broadcast())
  w.env.after = after
  await w.env.advance(limits.cursorSaveIntervalMs + 10)
  const { slot, seq } = w.events.findLast(event => event.actor_id === opened.id)!
  t.equal(w.store.slot(slot).cursorSeq, seq, '[6] the event of a new request is published')
  w.bus.publish(
    subjects.interest,
    encodeBody({ edge_id: 'x', full: true, order_ids: [], vendor_ids: [near] }),
  )
  const seen: { atMs: number; latitude: number }[] = []
  w.bus.subscribe(subjects.pushEdge('x'), m => {
    for (const { latitude } of (decodeBody(m.body) as LocationPush).fleet)
      seen.push({ atMs: w.env.nowMs(), latitude })
  })
  for (let i = 1; i <= 20; i++) {
    await dora.at(here.latitude + i / 100_000, here.longitude)
    await w.env.advance(50)
  }
  await w.env.advance(limits.pushIntervalMs)
  t.equal(seen.at(-1)?.latitude, here.latitude + 20 / 100_000, 'the last position is told')
  t.ok(
    seen.every(({ atMs }, i) => i === 0 || atMs - seen[i - 1]!.atMs >= limits.pushIntervalMs),
    'positions of a fleet keep their pace',
  )
  await engine.stop()
})
