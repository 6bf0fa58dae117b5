/**
 * Races between actors on virtual time: two commands are under way at once, and the states of the
 * actors agree afterwards. Numbers in brackets are the invariants of SPEC.md.
 */
import t from 'tap'
import { encodeBody } from '../protocol/bus/codec.ts'
import { limits } from '../protocol/kernel/limits.ts'
import { subjects } from '../protocol/bus/subjects.ts'
import { heldAppends, pharmacyWorld } from './fixture-pharmacy.ts'
import { here, order, problem } from './fixtures.ts'

t.test('cancelled while the driver is being asked: the hold ends with the order [8]', async t => {
  const { beforeAppend, hold } = heldAppends()
  const w = await pharmacyWorld(101, { beforeAppend })
  const dora = await w.driver(w.pharmacyId)
  const one = await w.won()
  const letGo = hold(request => request.actorId === dora.driverId)
  await w.find(one.id)
  await w.env.advance(200)
  t.equal(w.types(one.id).at(-1), 'offer_made', 'the order asks the driver')
  t.equal(order(await w.cancel(one)).status, 'cancelled')
  letGo()
  await w.env.settle()
  t.same(w.types(dora.driverId).slice(-2), ['offer_held', 'offer_released'])
  t.equal(w.driverState(w.engine, dora.driverId).hold, null)
  t.equal(
    order(await w.assign((await w.won()).id, dora.driverId)).status,
    'driver_assigned',
    'the driver is free for the next order',
  )
  await w.engine.stop()
})

t.test(
  'the acceptance is under way when the offer expires: the driver is assigned once, and stays [1]',
  async t => {
    const { beforeAppend, hold } = heldAppends()
    const w = await pharmacyWorld(102, { beforeAppend })
    const dora = await w.driver(w.pharmacyId)
    const one = await w.won()
    await w.find(one.id)
    await w.env.advance(100)
    const [offer] = w.offers(dora.driverId)
    const { expires_at } = order(await w.find(one.id)).driver_search.offer!
    await w.env.advance(Date.parse(expires_at) - w.env.nowMs() - 1)
    const letGo = hold(request => request.actorId === one.id)
    const accepted = w.command('order', one.id, 'accept_offer', dora.by, {
      offer_id: offer!.offer_id,
    })
    await w.env.advance(2_000)
    letGo()
    t.equal(order(await accepted).status, 'driver_assigned')
    await w.env.advance(5_000)
    t.equal(
      w
        .types(one.id)
        .filter(type => type === 'driver_assigned' || type === 'offer_closed')
        .join(),
      'driver_assigned',
    )
    t.same(w.driverState(w.engine, dora.driverId).activeOrderIds, [one.id])
    await w.engine.stop()
  },
)

t.test(
  'the expiry is under way when the driver accepts: the driver is told that the offer is over',
  async t => {
    const { beforeAppend, hold } = heldAppends()
    const w = await pharmacyWorld(103, { beforeAppend })
    const dora = await w.driver(w.pharmacyId)
    const one = await w.won()
    await w.find(one.id)
    await w.env.advance(100)
    const [offer] = w.offers(dora.driverId)
    const letGo = hold(request => request.events[0]?.type === 'offer_closed')
    await w.env.advance(limits.offerTtlMs)
    const late = w.command('order', one.id, 'accept_offer', dora.by, { offer_id: offer!.offer_id })
    letGo()
    t.equal(problem(await late), 'offer_expired')
    await w.env.settle()
    t.equal(w.driverState(w.engine, dora.driverId).hold, null)
    await w.engine.stop()
  },
)

t.test('a driver goes off duty during an offer: the next driver is asked', async t => {
  const w = await pharmacyWorld(104)
  const near = await w.driver(w.pharmacyId)
  const far = await w.driver(w.pharmacyId, here.latitude + 0.02)
  const one = await w.won()
  await w.find(one.id)
  await w.env.advance(100)
  const [offer] = w.offers(near.driverId)
  await w.command('driver', near.driverId, 'set_status', near.by, { status: 'offline' })
  await w.env.advance(200)
  t.equal(w.driverState(w.engine, near.driverId).hold, null)
  t.equal(w.offers(far.driverId).length, 1, 'at once, before the offer expires')
  t.equal(
    problem(
      await w.command('order', one.id, 'accept_offer', near.by, { offer_id: offer!.offer_id }),
    ),
    'offer_expired',
  )
  await w.engine.stop()
})

t.test(
  'a driver goes off duty while the acceptance is under way: the driver is assigned, and the states agree [8]',
  async t => {
    const { beforeAppend, hold } = heldAppends()
    const w = await pharmacyWorld(105, { beforeAppend })
    const dora = await w.driver(w.pharmacyId)
    const one = await w.won()
    await w.find(one.id)
    await w.env.advance(100)
    const [offer] = w.offers(dora.driverId)
    const letGo = hold(request => request.actorId === one.id)
    const accepted = w.command('order', one.id, 'accept_offer', dora.by, {
      offer_id: offer!.offer_id,
    })
    // The acceptance is decided and its append waits, so both commands are under way from here on.
    await w.env.settle()
    await w.command('driver', dora.driverId, 'set_status', dora.by, { status: 'offline' })
    letGo()
    t.equal(order(await accepted).status, 'driver_assigned')
    await w.env.settle()
    t.match(w.driverState(w.engine, dora.driverId), { hold: null, activeOrderIds: [one.id] })
    await w.engine.stop()
  },
)

t.test(
  'an assignment by hand that is refused leaves the search running, and a free driver is assigned',
  async t => {
    const w = await pharmacyWorld(106)
    const one = await w.won()
    await w.find(one.id)
    const other = w.pharmacy('other')
    await w.env.settle()
    const [foreign, busy, free] = [
      await w.driver(other),
      await w.driver(w.pharmacyId, here.latitude + 1),
      await w.driver(w.pharmacyId, here.latitude + 1),
    ]
    t.equal(order(await w.assign((await w.won()).id, busy.driverId)).status, 'driver_assigned')
    const finished = await w.won()
    await w.cancel(finished)
    await w.env.advance(3 * limits.snapshotIntervalMs)
    t.equal(w.engine.actors.peek(finished.id), undefined)
    for (const [driverId, code, why] of [
      [foreign.driverId, 'driver_not_of_vendor', "another pharmacy's"],
      [busy.driverId, 'driver_at_capacity', 'at capacity'],
      [w.id(), 'driver_not_found', 'an id of no actor'],
      [one.id, 'driver_not_found', 'an order under way'],
      [finished.id, 'driver_not_found', 'an order that is over and has left memory'],
    ] as const) {
      t.equal(problem(await w.assign(one.id, driverId)), code, why)
      t.equal(order(await w.find(one.id)).driver_search.state, 'searching', 'the search goes on')
    }
    t.equal(w.engine.health().outbox_pending, 0, 'no command is sent again and again')
    t.equal(order(await w.assign(one.id, free.driverId)).status, 'driver_assigned')
    t.same(w.logs, [])
    await w.engine.stop()
  },
)

t.test('two orders ask one driver at once: one offers, and the other asks later [8]', async t => {
  const { beforeAppend, hold } = heldAppends()
  const w = await pharmacyWorld(107, { beforeAppend })
  const dora = await w.driver(w.pharmacyId)
  const [a, b] = [await w.won(), await w.won()]
  const letGo = hold(request => request.actorId === dora.driverId)
  await Promise.all([w.find(a.id), w.find(b.id)])
  await w.env.advance(200)
  t.same(
    [w.types(a.id).at(-1), w.types(b.id).at(-1)],
    ['offer_made', 'offer_made'],
    'both orders ask',
  )
  letGo()
  await w.env.advance(200)
  t.equal(w.offers(dora.driverId).length, 1, 'one offer reaches the driver')
  const [offer] = w.offers(dora.driverId)
  await w.command('order', offer!.order_id, 'decline_offer', dora.by, { offer_id: offer!.offer_id })
  await w.env.advance(2 * limits.driverSearchRetryMs)
  const second = w.offers(dora.driverId)[1]
  t.ok(
    second !== undefined && second.order_id !== offer!.order_id,
    'the other order asks again, because its first offer was not declined',
  )
  t.equal(
    order(
      await w.command('order', second!.order_id, 'accept_offer', dora.by, {
        offer_id: second!.offer_id,
      }),
    ).status,
    'driver_assigned',
  )
  await w.engine.stop()
})

t.test(
  'a driver with room for two takes two of three orders and is not asked again [8]',
  async t => {
    const w = await pharmacyWorld(108)
    const dora = await w.driver(w.pharmacyId, here.latitude, here.longitude, 2)
    const orders = [await w.won(), await w.won(), await w.won()]
    for (const one of orders) await w.find(one.id)
    for (let i = 0; i < 4; i++) {
      await w.env.advance(limits.driverSearchRetryMs + 500)
      await dora.at(here.latitude, here.longitude)
      const offer = w.offers(dora.driverId)[i]
      if (offer !== undefined)
        await w.command('order', offer.order_id, 'accept_offer', dora.by, {
          offer_id: offer.offer_id,
        })
      await w.env.settle()
      const { activeOrderIds, hold } = w.driverState(w.engine, dora.driverId)
      t.ok(activeOrderIds.length + (hold === null ? 0 : 1) <= 2, `[8] ${activeOrderIds.length}`)
    }
    t.equal(w.driverState(w.engine, dora.driverId).activeOrderIds.length, 2)
    t.equal(w.offers(dora.driverId).length, 2, 'a full driver is not asked')
    await w.engine.stop()
  },
)

t.test("an acceptance before the driver's actor was asked exceeds no capacity [8]", async t => {
  const { beforeAppend, hold } = heldAppends()
  const w = await pharmacyWorld(121, { beforeAppend })
  const dora = await w.driver(w.pharmacyId)
  const [a, b] = [await w.won(), await w.won()]
  const letGo = hold(request => request.events[0]?.type === 'order_assigned')
  order(await w.assign(a.id, dora.driverId))
  const assigned = w.assign(b.id, dora.driverId)
  await w.env.settle()
  const { offer } = order(await w.command('order', b.id, 'find_driver', w.by)).driver_search
  t.equal(
    offer?.driver_id,
    dora.driverId,
    "the order shows the offer, and the driver's actor still works on the other order",
  )
  const accepted = w.command('order', b.id, 'accept_offer', dora.by, { offer_id: offer!.offer_id })
  await w.env.settle()
  letGo()
  t.equal(problem(await accepted), 'unavailable', 'the driver may try again')
  t.equal(problem(await assigned), 'driver_at_capacity')
  t.same(w.driverState(w.engine, dora.driverId).activeOrderIds, [a.id])
  t.equal(
    problem(await w.command('order', b.id, 'accept_offer', dora.by, { offer_id: offer!.offer_id })),
    'offer_expired',
    'the offer is over after the refusal',
  )
  await w.engine.stop()
})

t.test('a cancelled request cannot be accepted, an accepted one can be cancelled [1]', async t => {
  for (const [seed, first] of [
    [109, 'cancel'],
    [110, 'accept'],
  ] as const) {
    const w = await pharmacyWorld(seed)
    const opened = order(await w.broadcast())
    const accept = () =>
      w.command('order', opened.id, 'respond', w.by, { response_type: 'ACCEPTED' })
    const cancel = () => w.cancel(opened)
    const [one, other] = await Promise.all(
      first === 'cancel' ? [cancel(), accept()] : [accept(), cancel()],
    )
    if (first === 'cancel') t.same([problem(one), problem(other)], ['ok', 'request_cancelled'])
    else
      t.same(
        [problem(one), problem(other), order(other).status],
        ['ok', 'ok', 'cancelled'],
        'an accepted order can still be cancelled',
      )
    t.equal(w.types(opened.id).filter(type => type === 'order_cancelled').length, 1)
    await w.engine.stop()
  }
})

t.test('an id in capital letters means the same order', async t => {
  const w = await pharmacyWorld(119)
  const opened = order(await w.broadcast())
  const body = {
    id: w.id(),
    actor_id: opened.id.toUpperCase(),
    by: { role: 'service', id: 'desk' },
    data: {},
  }
  await w.bus.request(subjects.command('order', 'cancel'), encodeBody(body), 60_000)
  t.equal(w.types(opened.id).at(-1), 'order_cancelled')
  t.equal(w.store.events.get(opened.id.toUpperCase()), undefined)
  await w.env.settle()
  await w.engine.stop()
})

t.test('a search offers an order at once to a driver who becomes available', async t => {
  const w = await pharmacyWorld(190)
  const one = await w.won()
  await w.find(one.id)
  await w.env.advance(1_000)
  const dora = await w.driver(w.pharmacyId)
  await w.command('driver', dora.driverId, 'set_status', dora.by, { status: 'on_break' })
  await w.command('driver', dora.driverId, 'set_status', dora.by, { status: 'available' })
  await w.env.advance(200)
  t.equal(
    w.offers(dora.driverId).length,
    1,
    `sooner than the ${limits.driverSearchRetryMs} ms after which a search looks again`,
  )
  await w.engine.stop()
})
