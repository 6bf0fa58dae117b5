/**
 * Stories of races between actors on virtual time: two commands are under way at once, and the
 * states agree whichever comes first. Numbers in brackets are the invariants of SPEC.md.
 */
import t from 'tap'
import { encodeBody } from '../protocol/bus/codec.ts'
import { limits } from '../protocol/kernel/limits.ts'
import { subjects } from '../protocol/bus/subjects.ts'
import { hurdles, pharmacy } from './fixture-pharmacy.ts'
import { here, order, problem } from './fixtures.ts'

t.test('cancelled while the driver is being asked: the hold ends with the order [8]', async t => {
  const { beforeAppend, hold } = hurdles()
  const w = await pharmacy(101, { beforeAppend })
  const dora = await w.driver(w.shop)
  const one = await w.won()
  const letGo = hold(request => request.actorId === dora.driverId)
  await w.find(one.id)
  await w.env.advance(200)
  t.equal(w.types(one.id).at(-1), 'offer_made', 'the order asks')
  t.equal(order(await w.cancel(one)).status, 'cancelled')
  letGo()
  await w.env.settle()
  t.same(w.types(dora.driverId).slice(-2), ['offer_held', 'offer_released'])
  t.equal(w.books(w.engine, dora.driverId).hold, null)
  t.equal(
    order(await w.assign((await w.won()).id, dora.driverId)).status,
    'driver_assigned',
    'free for the next',
  )
  await w.engine.stop()
})

t.test(
  'the acceptance is under way when the offer expires: accepted once, and it stays [1]',
  async t => {
    const { beforeAppend, hold } = hurdles()
    const w = await pharmacy(102, { beforeAppend })
    const dora = await w.driver(w.shop)
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
    t.same(w.books(w.engine, dora.driverId).activeOrderIds, [one.id])
    await w.engine.stop()
  },
)

t.test(
  'the expiry is under way when the driver accepts: the driver is told that the offer is over',
  async t => {
    const { beforeAppend, hold } = hurdles()
    const w = await pharmacy(103, { beforeAppend })
    const dora = await w.driver(w.shop)
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
    t.equal(w.books(w.engine, dora.driverId).hold, null)
    await w.engine.stop()
  },
)

t.test('off duty during an offer: the next driver is asked', async t => {
  const w = await pharmacy(104)
  const near = await w.driver(w.shop)
  const far = await w.driver(w.shop, here.latitude + 0.02)
  const one = await w.won()
  await w.find(one.id)
  await w.env.advance(100)
  const [offer] = w.offers(near.driverId)
  await w.command('driver', near.driverId, 'set_status', near.by, { status: 'offline' })
  await w.env.advance(200)
  t.equal(w.books(w.engine, near.driverId).hold, null)
  t.equal(w.offers(far.driverId).length, 1, 'without waiting for the expiry')
  t.equal(
    problem(
      await w.command('order', one.id, 'accept_offer', near.by, { offer_id: offer!.offer_id }),
    ),
    'offer_expired',
  )
  await w.engine.stop()
})

t.test(
  'accepted and off duty at the same moment: the states agree, whichever comes first [8]',
  async t => {
    const { beforeAppend, hold } = hurdles()
    const w = await pharmacy(105, { beforeAppend })
    const dora = await w.driver(w.shop)
    const one = await w.won()
    await w.find(one.id)
    await w.env.advance(100)
    const [offer] = w.offers(dora.driverId)
    const letGo = hold(request => request.actorId === one.id)
    const accepted = w.command('order', one.id, 'accept_offer', dora.by, {
      offer_id: offer!.offer_id,
    })
    // The acceptance is decided and its append waits: from here on both are under way.
    await w.env.settle()
    await w.command('driver', dora.driverId, 'set_status', dora.by, { status: 'offline' })
    letGo()
    t.equal(order(await accepted).status, 'driver_assigned')
    await w.env.settle()
    t.match(w.books(w.engine, dora.driverId), { hold: null, activeOrderIds: [one.id] })
    await w.engine.stop()
  },
)

t.test('the pharmacy picks a driver while the search runs', async t => {
  const w = await pharmacy(106)
  const one = await w.won()
  await w.find(one.id)
  const other = w.pharmacy('other')
  await w.env.settle()
  const [foreign, busy, free] = [
    await w.driver(other),
    await w.driver(w.shop, here.latitude + 1),
    await w.driver(w.shop, here.latitude + 1),
  ]
  t.equal(order(await w.assign((await w.won()).id, busy.driverId)).status, 'driver_assigned')
  const finished = await w.won()
  await w.cancel(finished)
  await w.env.advance(3 * limits.snapshotIntervalMs)
  t.equal(w.engine.actors.peek(finished.id), undefined)
  for (const [driverId, code, why] of [
    [foreign.driverId, 'driver_not_of_vendor', "another pharmacy's"],
    [busy.driverId, 'driver_at_capacity', 'at capacity'],
    [w.id(), 'driver_not_found', 'nobody'],
    [one.id, 'driver_not_found', 'an order under way'],
    [finished.id, 'driver_not_found', 'an order that is over: must not be asked for ever'],
  ] as const) {
    t.equal(problem(await w.assign(one.id, driverId)), code, why)
    t.equal(order(await w.find(one.id)).driver_search.state, 'searching', 'the search goes on')
  }
  t.equal(w.engine.health().outbox_pending, 0)
  t.equal(order(await w.assign(one.id, free.driverId)).status, 'driver_assigned')
  t.same(w.logs, [])
  await w.engine.stop()
})

t.test('two orders race for one driver [8]', async t => {
  const { beforeAppend, hold } = hurdles()
  const w = await pharmacy(107, { beforeAppend })
  const dora = await w.driver(w.shop)
  const [a, b] = [await w.won(), await w.won()]
  const letGo = hold(request => request.actorId === dora.driverId)
  await Promise.all([w.find(a.id), w.find(b.id)])
  await w.env.advance(200)
  t.same([w.types(a.id).at(-1), w.types(b.id).at(-1)], ['offer_made', 'offer_made'], 'both ask')
  letGo()
  await w.env.advance(200)
  t.equal(w.offers(dora.driverId).length, 1, 'one offer reaches the driver')
  const [offer] = w.offers(dora.driverId)
  await w.command('order', offer!.order_id, 'decline_offer', dora.by, { offer_id: offer!.offer_id })
  await w.env.advance(2 * limits.driverSearchRetryMs)
  const second = w.offers(dora.driverId)[1]
  t.ok(
    second !== undefined && second.order_id !== offer!.order_id,
    'then the other order asks again: being slower is no refusal',
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

t.test('two orders race for a driver with room for two [8]', async t => {
  const w = await pharmacy(108)
  const dora = await w.driver(w.shop, here.latitude, here.longitude, 2)
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
    const { activeOrderIds, hold } = w.books(w.engine, dora.driverId)
    t.ok(activeOrderIds.length + (hold === null ? 0 : 1) <= 2, `[8] ${activeOrderIds.length}`)
  }
  t.equal(w.books(w.engine, dora.driverId).activeOrderIds.length, 2)
  t.equal(w.offers(dora.driverId).length, 2, 'a full driver is not asked')
  await w.engine.stop()
})

t.test("accepted before the driver's actor was asked: not past its capacity [8]", async t => {
  const { beforeAppend, hold } = hurdles()
  const w = await pharmacy(121, { beforeAppend })
  const dora = await w.driver(w.shop)
  const [a, b] = [await w.won(), await w.won()]
  const letGo = hold(request => request.events[0]?.type === 'order_assigned')
  order(await w.assign(a.id, dora.driverId))
  const assigned = w.assign(b.id, dora.driverId)
  await w.env.settle()
  const { offer } = order(await w.command('order', b.id, 'find_driver', w.by)).driver_search
  t.equal(
    offer?.driver_id,
    dora.driverId,
    'her id is on the list, her actor still has the other order in work',
  )
  const accepted = w.command('order', b.id, 'accept_offer', dora.by, { offer_id: offer!.offer_id })
  await w.env.settle()
  letGo()
  t.equal(problem(await accepted), 'unavailable', 'not yet')
  t.equal(problem(await assigned), 'driver_at_capacity')
  t.same(w.books(w.engine, dora.driverId).activeOrderIds, [a.id])
  t.equal(
    problem(await w.command('order', b.id, 'accept_offer', dora.by, { offer_id: offer!.offer_id })),
    'offer_expired',
    'and then no more',
  )
  await w.engine.stop()
})

t.test('cancelled and accepted at the same moment: only one happens [1]', async t => {
  for (const [seed, first] of [
    [109, 'cancel'],
    [110, 'accept'],
  ] as const) {
    const w = await pharmacy(seed)
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

t.test('an id in capital letters is the same order', async t => {
  const w = await pharmacy(119)
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

t.test('a driver who becomes free is proposed at once, not at the next look', async t => {
  const w = await pharmacy(190)
  const one = await w.won()
  await w.find(one.id)
  await w.env.advance(1_000)
  const dora = await w.driver(w.shop)
  await w.command('driver', dora.driverId, 'set_status', dora.by, { status: 'on_break' })
  await w.command('driver', dora.driverId, 'set_status', dora.by, { status: 'available' })
  await w.env.advance(200)
  t.equal(
    w.offers(dora.driverId).length,
    1,
    `before the ${limits.driverSearchRetryMs} ms of a look without news`,
  )
  await w.engine.stop()
})
