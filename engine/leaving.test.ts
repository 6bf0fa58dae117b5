/**
 * On virtual time, pharmacies end memberships of drivers and administrators suspend pharmacies
 * while work is under way. Such a driver or pharmacy takes no order more, and no order before the
 * pick-up stays with such a driver. Numbers in brackets are the invariants of SPEC.md.
 */
import t from 'tap'
import { encodeBody } from '../protocol/bus/codec.ts'
import { limits } from '../protocol/kernel/limits.ts'
import { subjects } from '../protocol/bus/subjects.ts'
import { heldAppends, pharmacyWorld } from './fixture-pharmacy.ts'
import { here, order, problem } from './fixtures.ts'

type PharmacyWorld = Awaited<ReturnType<typeof pharmacyWorld>>
const end = (w: PharmacyWorld, driverId: string) =>
  w.command('driver', driverId, 'end_membership', w.by)
/**
 * Tells engines of the pharmacy's row with a new status, as an administrator's decision does.
 */
const decide = (w: PharmacyWorld, status: 'active' | 'suspended', revision: number): void => {
  w.bus.publish(
    subjects.directory,
    encodeBody({
      vendor_id: w.pharmacyId,
      name: 'one',
      phone: '1',
      address: 'street',
      ...here,
      status,
      is_active: status === 'active',
      revision,
      proof_required: true,
      dispatch_policy: 'manual',
      time_zone: 'UTC',
      opening_hours: null,
      tariff: null,
    }),
  )
}

t.test(
  'the membership ends during an offer: the acceptance is refused, and the next driver is asked',
  async t => {
    const w = await pharmacyWorld(201)
    const [dora, emil] = [
      await w.driver(w.pharmacyId),
      await w.driver(w.pharmacyId, here.latitude + 0.01),
    ]
    const one = await w.won()
    await w.find(one.id)
    await w.env.advance(100)
    const [offer] = w.offers(dora.driverId)
    await end(w, dora.driverId)
    await w.env.advance(100)
    const late = problem(
      await w.command('order', one.id, 'accept_offer', dora.by, { offer_id: offer!.offer_id }),
    )
    t.ok(['offer_expired', 'offer_not_yours'].includes(late), late)
    t.equal(w.offers(emil.driverId)[0]?.order_id, one.id, 'the next driver is asked')
    t.equal(w.driverState(w.engine, dora.driverId).hold, null)
    await w.engine.stop()
  },
)

t.test(
  'the membership ends while an acceptance is under way: this driver keeps nothing, and the next driver is asked [1] [8]',
  async t => {
    for (const first of ['accepted', 'ended'] as const) {
      const { beforeAppend, hold } = heldAppends()
      const w = await pharmacyWorld(first === 'accepted' ? 202 : 203, { beforeAppend })
      const [dora, emil] = [
        await w.driver(w.pharmacyId),
        await w.driver(w.pharmacyId, here.latitude + 0.01),
      ]
      const one = await w.won()
      await w.find(one.id)
      await w.env.advance(100)
      const [offer] = w.offers(dora.driverId)
      const accept = () =>
        w.command('order', one.id, 'accept_offer', dora.by, { offer_id: offer!.offer_id })
      // The first command is decided, and its append waits while the second one comes.
      const letGo = hold(
        request => request.actorId === (first === 'accepted' ? one.id : dora.driverId),
      )
      const before = first === 'accepted' ? accept() : end(w, dora.driverId)
      await w.env.settle()
      const after = first === 'accepted' ? end(w, dora.driverId) : accept()
      await w.env.advance(200)
      letGo()
      await w.env.advance(1_000)
      t.same(
        [problem(await before), problem(await after)],
        first === 'accepted' ? ['ok', 'ok'] : ['ok', 'driver_not_member'],
        `${first} first`,
      )
      t.same(
        [
          w.driverState(w.engine, dora.driverId).hold,
          w.driverState(w.engine, dora.driverId).activeOrderIds,
        ],
        [null, []],
        `${first} first: the driver has no hold and no order`,
      )
      t.equal(
        w.offers(emil.driverId)[0]?.order_id,
        one.id,
        `${first} first: the next driver is asked`,
      )
      t.same(
        w.types(one.id).filter(type => type.startsWith('driver_') && !type.includes('search')),
        first === 'accepted' ? ['driver_assigned', 'driver_unassigned'] : [],
        `${first} first: the order has no driver`,
      )
      await w.engine.stop()
    }
  },
)

t.test(
  'the membership ends before the pick-up: the order is offered again, and the same driver may come back and take it',
  async t => {
    const w = await pharmacyWorld(204)
    const dora = await w.driver(w.pharmacyId)
    const one = await w.won()
    t.equal(order(await w.assign(one.id, dora.driverId)).status, 'driver_assigned')
    await end(w, dora.driverId)
    await w.env.advance(100)
    t.same(w.types(one.id).slice(-2), ['driver_unassigned', 'driver_search_started'])
    t.same(w.driverState(w.engine, dora.driverId).activeOrderIds, [])
    t.equal(problem(await w.command('order', one.id, 'pick_up', dora.by)), 'order_not_found')
    t.equal(
      problem(
        await w.command('driver', dora.driverId, 'set_status', dora.by, { status: 'available' }),
      ),
      'driver_not_member',
      'the driver cannot go on duty without a membership',
    )
    t.equal(
      problem(await w.command('driver', dora.driverId, 'approve_membership', dora.by)),
      'driver_not_found',
    )
    t.equal(problem(await w.assign(one.id, dora.driverId)), 'driver_not_member')
    for (let round = 0; round < 2; round++) {
      await w.command('driver', dora.driverId, 'ask_membership', dora.by)
      t.equal(
        problem(
          await w.command('driver', dora.driverId, 'set_status', dora.by, { status: 'available' }),
        ),
        'driver_not_member',
        'nor while the membership is pending',
      )
      await w.command('driver', dora.driverId, 'approve_membership', w.by)
      await w.command('driver', dora.driverId, 'set_status', dora.by, { status: 'available' })
      await w.env.advance(limits.driverSearchRetryMs + 1_000)
      await dora.at(here.latitude, here.longitude)
      await w.env.advance(limits.driverSearchRetryMs + 1_000)
      const offer = w.offers(dora.driverId).at(-1)
      t.equal(
        order(
          await w.command('order', one.id, 'accept_offer', dora.by, { offer_id: offer!.offer_id }),
        ).status,
        'driver_assigned',
      )
      t.same(w.driverState(w.engine, dora.driverId).activeOrderIds, [one.id])
      if (round > 0) break
      await end(w, dora.driverId)
      await w.env.advance(100)
      t.same(
        w.driverState(w.engine, dora.driverId).activeOrderIds,
        [],
        'the membership ended a second time',
      )
    }
    await w.deliver(one.id, dora.by)
    await w.env.settle()
    t.match(w.driverState(w.engine, dora.driverId), {
      totalDeliveries: 1,
      activeOrderIds: { length: 0 },
    })
    await w.engine.stop()
  },
)

t.test(
  'the membership ends after the pick-up: the driver delivers this order and is paid, and loses the order that waits',
  async t => {
    const w = await pharmacyWorld(205)
    const dora = await w.driver(w.pharmacyId, here.latitude, here.longitude, 2)
    const [carried, waiting] = [await w.won(), await w.won()]
    for (const one of [carried, waiting])
      t.equal(order(await w.assign(one.id, dora.driverId)).status, 'driver_assigned')
    await w.command('order', carried.id, 'pick_up', dora.by)
    await end(w, dora.driverId)
    await w.env.advance(100)
    t.same(w.driverState(w.engine, dora.driverId).activeOrderIds, [carried.id])
    t.equal(w.types(waiting.id).at(-1), 'driver_search_started')
    const said = () =>
      w.pushes.flatMap(p =>
        p.kind === 'topic' &&
        p.topic === `driver:${dora.driverId}` &&
        p.message.type === 'membership'
          ? [p.message.active_order_ids]
          : [],
      )
    t.same(said().at(-1), [carried.id, waiting.id])
    await w.command('order', carried.id, 'out_for_delivery', dora.by)
    t.equal(
      order(await w.command('order', carried.id, 'deliver', dora.by, w.signed(dora.driverId)))
        .status,
      'delivered',
    )
    await w.env.advance(100)
    t.match(w.driverState(w.engine, dora.driverId), {
      activeOrderIds: { length: 0 },
      totalDeliveries: 1,
      availability: 'offline',
    })
    t.same(said().at(-1), [], 'the driver is told that no order is left')
    await w.engine.stop()
  },
)

t.test('a driver whom the pharmacy took off duty cannot go on duty', async t => {
  const w = await pharmacyWorld(206)
  const dora = await w.driver(w.pharmacyId)
  await w.command('driver', dora.driverId, 'set_status', w.by, { status: 'offline' })
  for (const status of ['available', 'on_break'])
    t.equal(
      problem(await w.command('driver', dora.driverId, 'set_status', dora.by, { status })),
      'driver_taken_off_duty',
    )
  const one = await w.won()
  await w.find(one.id)
  await w.env.advance(limits.driverSearchRetryMs + 1_000)
  t.same(w.offers(dora.driverId), [])
  await w.command('driver', dora.driverId, 'set_status', w.by, { status: 'available' })
  await w.env.advance(limits.driverSearchRetryMs + 1_000)
  t.equal(w.offers(dora.driverId).length, 1)
  await w.engine.stop()
})

t.test('a driver who only asks to belong to the pharmacy is offered nothing', async t => {
  const w = await pharmacyWorld(207)
  const mallory = w.id()
  await w.command(
    'driver',
    mallory,
    'register',
    { role: 'system', id: 't' },
    {
      vendor_id: w.pharmacyId,
      full_name: 'M',
      phone: '2',
      vehicle_type: 'bike',
      capacity: 1,
      membership: 'pending',
    },
  )
  t.equal(
    problem(
      await w.command(
        'driver',
        mallory,
        'set_status',
        { role: 'driver', id: mallory },
        { status: 'available' },
      ),
    ),
    'driver_not_member',
  )
  const one = await w.won()
  await w.find(one.id)
  await w.env.advance(limits.driverSearchRetryMs + 1_000)
  t.same(w.offers(mallory), [])
  await w.engine.stop()
})

t.test(
  'a pharmacy is suspended while its acceptance is on its way: the acceptance that came first counts, a later one is refused',
  async t => {
    for (const first of ['accepted', 'suspended'] as const) {
      const { beforeAppend, hold } = heldAppends()
      const w = await pharmacyWorld(first === 'accepted' ? 208 : 209, { beforeAppend })
      const opened = order(await w.broadcast())
      const letGo = hold(request => request.actorId === opened.id)
      if (first === 'suspended') decide(w, 'suspended', 2)
      const accept = w.command(
        'order',
        opened.id,
        'respond',
        w.by,
        { response_type: 'ACCEPTED' },
        'the accept',
      )
      if (first === 'accepted') decide(w, 'suspended', 2)
      letGo()
      if (first === 'accepted')
        t.equal(order(await accept).status, 'accepted', 'its append had begun')
      else t.equal(problem(await accept), 'vendor_not_active')
      for (const [verb, data] of [
        ['respond', { response_type: 'ACCEPTED' }],
        ['find_driver', {}],
        ['cancel', {}],
      ] as const)
        t.equal(
          problem(await w.command('order', opened.id, verb, w.by, data)),
          'vendor_not_active',
          `${verb} afterwards`,
        )
      t.equal(
        order(await w.broadcast()).pharmacies_notified,
        0,
        'the pharmacy is not asked any more',
      )
      decide(w, 'active', 3)
      decide(w, 'suspended', 2)
      t.equal(
        order(await w.broadcast()).pharmacies_notified,
        1,
        'an older decision that comes late does not undo a newer one',
      )
      await w.engine.stop()
    }
  },
)
