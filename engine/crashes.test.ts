/**
 * Crashes on virtual time: an engine dies, sleeps past its lease, stops, or is followed by another
 * one. Each promised command has its effect exactly once. Numbers in brackets are the invariants of
 * SPEC.md.
 */
import t from 'tap'
import { encodeBody } from '../protocol/bus/codec.ts'
import { limits } from '../protocol/kernel/limits.ts'
import { subjects } from '../protocol/bus/subjects.ts'
import { uploadUrl } from '../protocol/uploads/url.ts'
import { holdDoubtMs } from './drivers/wake.ts'
import { heldAppends, pharmacyWorld } from './fixture-pharmacy.ts'
import { here, order } from './fixtures.ts'
import { give, signature } from './orders/fixtures.ts'
import { slotCount } from '../protocol/kernel/slots.ts'

t.test(
  'a crash between an order and its driver: the next engine delivers the promised commands [2] [6]',
  async t => {
    for (const [seed, name, matches] of [
      [111, 'the hold', 'offer_held'],
      [112, 'the assignment', 'order_assigned'],
      [113, 'the completion', 'order_completed'],
    ] as const) {
      const { beforeAppend, hold } = heldAppends()
      const w = await pharmacyWorld(seed, { beforeAppend })
      const dora = await w.driver(w.pharmacyId)
      const one = await w.won()
      hold(request => request.events[0]?.type === matches)
      const assigned = w.assign(one.id, dora.driverId)
      // The caller of the crashed engine gets no answer.
      assigned.catch(() => {})
      if (name === 'the hold') await w.env.settle()
      else order(await assigned)
      if (name === 'the completion') await w.deliver(one.id, dora.by)
      await w.env.settle()
      t.notOk(w.types(dora.driverId).includes(matches), `${name} has not reached the driver`)
      // Snapshots are written. The cursor is not, because the command is not delivered. An order
      // that is finished has left memory by now, and only the outbox still has its command.
      await w.env.advance(limits.snapshotIntervalMs + 100)
      w.engine.crash()
      const heir = await w.boot('e2')
      await w.env.advance(1_000)
      t.ok(w.types(dora.driverId).includes(matches), `${name}: the next owner delivers it`)
      if (name !== 'the completion') {
        t.ok(w.types(one.id).includes('driver_assigned'))
        await w.deliver(one.id, dora.by)
        await w.env.settle()
      }
      t.match(
        w.driverState(heir, dora.driverId),
        { hold: null, activeOrderIds: { length: 0 }, totalDeliveries: 1 },
        `${name}: it had its effect once`,
      )
      await w.env.advance(3 * limits.snapshotIntervalMs)
      t.equal(heir.actors.peek(one.id), undefined, 'the finished order leaves memory')
      await heir.stop()
      await w.bus.close()
    }
  },
)

t.test('a crash before the cursor was stored: a repeated command has no second effect', async t => {
  const w = await pharmacyWorld(114)
  const dora = await w.driver(w.pharmacyId)
  const one = await w.won()
  order(await w.assign(one.id, dora.driverId))
  await w.deliver(one.id, dora.by)
  // The driver gives so many commands that its actor has forgotten the ids of the order's commands.
  for (let i = 0; i < 2 * limits.commandIdsRememberedMax; i++)
    await w.command('driver', dora.driverId, 'set_status', dora.by, {
      status: i % 2 === 0 ? 'offline' : 'available',
    })
  t.ok(
    [...w.store.slots.values()].every(slot => slot.cursorSeq === 0),
    'no cursor was stored yet',
  )
  const before = w.types(dora.driverId)
  w.engine.crash()
  const heir = await w.boot('e2')
  await w.env.advance(1_000)
  t.same(w.types(dora.driverId), before, 'the repeated commands made no event')
  t.match(w.driverState(heir, dora.driverId), {
    activeOrderIds: { length: 0 },
    hold: null,
    totalDeliveries: 1,
  })
  await heir.stop()
})

t.test(
  'engines that crash again and again before they store a cursor: a driver is paid once',
  async t => {
    const w = await pharmacyWorld(121)
    const dora = await w.driver(w.pharmacyId)
    const orders = []
    // More orders than a driver's actor could remember, by their ids or by their commands' ids.
    for (let i = 0; i < 40; i++) {
      const one = await w.won()
      order(await w.assign(one.id, dora.driverId))
      await w.deliver(one.id, dora.by)
      orders.push(one.id)
    }
    t.ok(
      [...w.store.slots.values()].every(slot => slot.cursorSeq === 0),
      'no cursor was stored',
    )
    const before = w.types(dora.driverId)
    w.engine.crash()
    for (const engineId of ['e2', 'e3', 'e4']) {
      const heir = await w.boot(engineId)
      await w.env.settle()
      heir.crash()
    }
    const last = await w.boot('e5')
    await w.env.advance(2_000)
    t.same(w.types(dora.driverId), before, 'the commands that each engine repeated made no event')
    t.match(w.driverState(last, dora.driverId), {
      activeOrderIds: { length: 0 },
      hold: null,
      totalDeliveries: orders.length,
    })
    await last.stop()
  },
)

t.test('assign_driver that is repeated after the pick-up gets the same answer [3]', async t => {
  const w = await pharmacyWorld(122)
  const dora = await w.driver(w.pharmacyId)
  const one = await w.won()
  const assign = () =>
    w.command(
      'order',
      one.id,
      'assign_driver',
      { role: 'vendor', id: w.pharmacyId },
      { driver_id: dora.driverId },
      'the same',
    )
  t.match(order(await assign()), { status: 'driver_assigned', driver_id: dora.driverId })
  order(await w.command('order', one.id, 'pick_up', dora.by))
  const before = w.types(one.id)
  t.match(
    order(await assign()),
    { status: 'picked_up', driver_id: dora.driverId },
    'a command that was granted stays granted',
  )
  w.engine.crash()
  const heir = await w.boot('e2')
  await w.env.settle()
  t.match(order(await assign()), { driver_id: dora.driverId }, 'another engine answers the same')
  order(await w.command('order', one.id, 'out_for_delivery', dora.by))
  order(await w.command('order', one.id, 'deliver', dora.by, w.signed(dora.driverId)))
  t.match(order(await assign()), { status: 'delivered', driver_id: dora.driverId })
  t.same(w.types(one.id), [...before, 'out_for_delivery', 'delivered'])
  await w.env.advance(1_000)
  await heir.stop()
})

t.test('a hold that comes after its release ends when the journal was asked [8]', async t => {
  const w = await pharmacyWorld(115)
  const dora = await w.driver(w.pharmacyId)
  const one = await w.won()
  await w.find(one.id)
  await w.env.advance(100)
  const held = w.driverState(w.engine, dora.driverId).hold!
  const made = w.store.events.get(one.id)!.find(stored => stored.event.type === 'offer_made')!
  const hold = (id: string, source: { slot: number; seq: number } | null) =>
    w.engine.actors.tell('driver', dora.driverId, id, {
      verb: 'hold_offer',
      by: { role: 'system', id: 'order' },
      vendorId: w.pharmacyId,
      offer: held,
      source,
    })
  await w.env.advance(holdDoubtMs)
  t.equal(
    w.driverState(w.engine, dora.driverId).hold?.offer_id,
    held.offer_id,
    'a hold whose offer is open stays',
  )
  await w.cancel(one)
  await w.env.settle()
  // A paused engine sends this hold when it wakes, before it knows that another engine owns the
  // slot.
  const repeated = await hold('repeated', { slot: made.slot, seq: made.seq })
  t.equal(!repeated.ok && repeated.code, 'offer_expired', 'no offer is held twice')
  // An older release sends this hold; it does not name the event that caused it.
  await hold('stale', null)
  t.equal(w.driverState(w.engine, dora.driverId).hold?.offer_id, held.offer_id)
  await w.env.advance(limits.offerTtlMs + 2 * holdDoubtMs)
  t.equal(w.driverState(w.engine, dora.driverId).hold, null)
  const late = await hold('later still', null)
  t.equal(!late.ok && late.code, 'offer_expired')
  await w.engine.stop()
})

t.test('an arrival that the journal could not store is raised again by the next frame', async t => {
  let refuse = true
  const w = await pharmacyWorld(116, {
    beforeAppend: request => {
      if (refuse && request.events[0]?.type === 'arrived_at_pickup')
        throw Object.assign(new Error('full'), { code: 'overloaded' })
    },
  })
  const dora = await w.driver(w.pharmacyId, here.latitude + 0.01)
  const one = await w.won()
  await w.assign(one.id, dora.driverId)
  await w.env.advance(60_000)
  await dora.at(here.latitude, here.longitude)
  t.equal(w.types(one.id).at(-1), 'driver_assigned')
  refuse = false
  await w.env.advance(1_000)
  await dora.at(here.latitude + 0.0001, here.longitude)
  t.equal(w.types(one.id).at(-1), 'arrived_at_pickup')
  await w.engine.stop()
})

t.test('a request whose deadline passed while no engine ran expires at the start [10]', async t => {
  const w = await pharmacyWorld(117)
  const opened = order(await w.broadcast(undefined, undefined, 30))
  w.engine.crash()
  await w.env.advance(120_000)
  const heir = await w.boot('e2')
  await w.env.advance(200)
  t.equal(w.types(opened.id).at(-1), 'request_expired')
  await heir.stop()
})

t.test('two engines: a search and an open request change hands [5] [9] [10]', async t => {
  const w = await pharmacyWorld(118, { exclusive: false })
  const dora = await w.driver(w.pharmacyId)
  const one = await w.won()
  await w.find(one.id)
  await w.env.advance(100)
  const [offer] = w.offers(dora.driverId)
  const opened = order(await w.broadcast(undefined, undefined, 60))
  const second = await w.boot('e2', { exclusive: false })
  await w.env.advance(limits.slotLeaseMsDefault)
  t.ok(second.health().slots > 0, 'the first engine hands slots over')
  w.engine.pause()
  await w.env.advance(2 * limits.slotLeaseMsDefault)
  t.equal(second.health().slots, slotCount, 'the second engine takes the slots of the paused one')
  t.equal(
    order(await w.command('order', one.id, 'accept_offer', dora.by, { offer_id: offer!.offer_id }))
      .status,
    'driver_assigned',
  )
  await w.env.settle()
  t.match(
    w.driverState(second, dora.driverId),
    { hold: null, activeOrderIds: [one.id] },
    'one engine made the offer, and the other one took the acceptance',
  )
  w.pushes.length = 0
  w.bus.publish(subjects.terminals, encodeBody({ vendor_ids: [w.pharmacyId] }))
  await w.env.settle()
  t.ok(
    w.pushes.some(p => p.kind === 'new_request' && p.body.request_id === opened.id),
    '[9]',
  )
  const stored = () => [...w.store.events.values()].flat().length
  const before = stored()
  const reply = await w.engine.actors.tell('order', opened.id, 'asleep', {
    verb: 'cancel',
    by: { role: 'customer', id: opened.user_id },
    data: {},
  })
  t.same(
    [reply.ok ? 'ok' : reply.code, stored()],
    ['moved', before],
    '[5] the paused engine writes nothing',
  )
  w.engine.resume()
  await w.env.advance(60_000)
  t.equal(w.types(opened.id).at(-1), 'request_expired', '[10]')
  t.equal(w.types(opened.id).filter(type => type === 'request_expired').length, 1)
  for (const [slot, { events }] of w.store.slots)
    t.same(
      events.map(event => event.seq),
      events.map((_, i) => i + 1),
      `[6] slot ${slot}`,
    )
  await Promise.all([w.engine.stop(), second.stop()])
})

t.test(
  'an engine that continues after its lease refuses no command from its old memory [5]',
  async t => {
    const w = await pharmacyWorld(131, { exclusive: false })
    const dora = await w.driver(w.pharmacyId)
    const one = await w.won()
    await w.assign(one.id, dora.driverId)
    await w.env.settle()
    const old = w.engine
    old.pause()
    await w.env.advance(limits.slotLeaseMsDefault + 1_000)
    // Meanwhile another engine serves the order. The order is picked up and out for delivery, and
    // the paused engine does not know it.
    const next = await w.boot('e2', { exclusive: false })
    await w.env.advance(limits.slotLeaseMsDefault)
    for (const verb of ['pick_up', 'out_for_delivery'])
      t.equal(
        (await next.actors.tell('order', one.id, `x-${verb}`, { verb, by: dora.by, data: {} })).ok,
        true,
        verb,
      )
    const late = give.deliver(dora.by, { signature_url: uploadUrl(signature.id) }, [
      { ...signature, driverId: dora.driverId, orderId: one.id, atMs: w.env.nowMs() },
    ])
    const reply = await old.actors.tell('order', one.id, 'late', late)
    t.equal(
      reply.ok ? 'ok' : reply.code,
      'moved',
      'not order_state_conflict, although in its memory the order is not picked up',
    )
    t.equal((await next.actors.tell('order', one.id, 'late', late)).ok, true)
    old.resume()
    await w.env.advance(limits.slotLeaseMsDefault)
    t.ok(
      w.logs.some(line => /writes nothing to it/.test(line)),
      'the engine logs that it lost its slots',
    )
    await Promise.all(
      [old, next].map(async engine => {
        const stopping = engine.stop()
        await w.env.advance(1_000)
        await stopping
      }),
    )
  },
)

t.test(
  'an engine that stops answers its commands, releases its slots and serves nothing more',
  async t => {
    const { beforeAppend, hold } = heldAppends()
    const w = await pharmacyWorld(120, { beforeAppend })
    const dora = await w.driver(w.pharmacyId)
    const one = await w.won()
    const letGo = hold(request => request.actorId === dora.driverId)
    const assigned = w.assign(one.id, dora.driverId)
    await w.env.settle()
    const stopping = w.engine.stop()
    await w.env.advance(50)
    letGo()
    await w.env.advance(500)
    await stopping
    t.equal(order(await assigned).status, 'driver_assigned')
    t.ok([...w.store.slots.values()].every(slot => slot.owner === null))
    t.equal(w.engine.actors.size, 0)
    await t.rejects(
      w.bus.request(subjects.slotCommand(0), encodeBody({}), 60_000),
      'no engine answers',
    )
  },
)
