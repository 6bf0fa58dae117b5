/**
 * A service acts for the pharmacies that the configuration gives it: it sends commands for them,
 * and it gets their events.
 */
import t from 'tap'
import { decodeBody, encodeBody } from '../../protocol/bus/codec.ts'
import type { DriverReply, OrderReply } from '../../protocol/dispatch/commands.ts'
import type { PublishedEvent } from '../../protocol/dispatch/events.ts'
import { ofService, subjects } from '../../protocol/bus/subjects.ts'
import { here, problem, world } from '../fixtures.ts'
import { readServices, Services } from '../../protocol/bus/services.ts'

const [a, b, c] = [
  '01977e8c-5c6f-7d2e-8e5b-3a1f0c9d7b42',
  '01977e8c-6a10-7c44-9b1d-2f6e8d0a5c13',
  '01977e8c-7b21-7d55-8c2e-3f7a9e1b6d24',
]

t.test('the configuration names the pharmacies of each service', async t => {
  const services = readServices({
    SERVICE_PHARMACIES: `  dispatch=${a.toUpperCase()},${b}\n billing=* `,
  })
  t.same(services.scopeOf('dispatch'), new Set([a, b]), 'ids in small letters')
  t.equal(services.scopeOf('billing'), null, 'all pharmacies')
  t.same(services.scopeOf('stranger'), new Set(), 'no pharmacy')
  t.same(services.hearing(a), ['dispatch', 'billing'])
  t.same(services.hearing(null), ['billing'], 'an order that no pharmacy has')
  t.same(services.hearing(c), ['billing'], 'a pharmacy of no other service')
  const longest = 'x'.repeat(64)
  t.equal(readServices({ SERVICE_PHARMACIES: `${longest}=*` }).scopeOf(longest), null)
  t.same(readServices({}).hearing(a), [])
  t.same(readServices({}).hearing(null), [])
  t.same(new Services().scopeOf('dispatch'), new Set())
  t.same(readServices({}).scopeOf('dispatch'), new Set())
  for (const wrong of [
    'dispatch',
    'dispatch=',
    `dispatch=${a},`,
    'dispatch=*,*',
    `dispatch=${a} dispatch=${b}`,
    `a.b=${a}`,
    `dispatch=>`,
    `=${a}`,
    'dispatch=5',
    `${'x'.repeat(65)}=*`,
    `dispatch=${a},5`,
    `billing=* dispatch`,
  ])
    t.throws(() => readServices({ SERVICE_PHARMACIES: wrong }), /SERVICE_PHARMACIES/, wrong)
})

/** Two pharmacies, `own` and `other`, and the service `dispatch` with this configuration. */
async function city(list: (own: string) => string) {
  const w = await world()
  const [own, other] = [w.pharmacy('own'), w.pharmacy('other')]
  const boot = (id: string) =>
    w.boot(id, { services: readServices({ SERVICE_PHARMACIES: list(own) }) })
  const first = await boot('e1')
  // There was no engine when these pharmacies were told first, so they are told again.
  for (const [vendor_id, name] of [
    [own, 'own'],
    [other, 'other'],
  ] as const)
    w.bus.publish(
      subjects.directory,
      encodeBody({
        vendor_id,
        name,
        phone: '1',
        address: `${name} street`,
        ...here,
        status: 'active',
        is_active: true,
        revision: 2,
        proof_required: true,
        dispatch_policy: 'manual',
        time_zone: 'UTC',
        opening_hours: null,
        tariff: null,
      }),
    )
  await w.env.settle()
  /** The service sends a command. Returns the code of the refusal, or 'ok'. */
  const say = async (
    actor: 'order' | 'driver',
    verb: string,
    actor_id: string,
    data: object,
    by?: object,
  ): Promise<string> => {
    const reply = w.bus.request(
      subjects.commandOf(actor, verb, 'dispatch'),
      encodeBody({ id: w.id(), actor_id, ...(by !== undefined && { by }), data }),
      60_000,
    )
    await w.env.settle()
    return problem(decodeBody(await reply) as OrderReply & DriverReply)
  }
  const created = (order_id: string, vendor_id: string) => ({
    order_id,
    customer_id: w.id(),
    customer_name: 'Cleo',
    customer_phone: '3',
    vendor_id,
    delivery_address: 'A street',
    delivery_latitude: here.latitude,
    delivery_longitude: here.longitude,
    items: [],
  })
  const placed = async (pharmacyId: string): Promise<string> => {
    const orderId = w.id()
    const data = created(orderId, pharmacyId)
    t.equal(
      problem(
        await w.command(
          'order',
          orderId,
          'create',
          { role: 'customer', id: data.customer_id },
          data,
        ),
      ),
      'ok',
    )
    return orderId
  }
  return { w, own, other, boot, first, say, created, placed }
}

const verbs: [string, object][] = [
  ['accept', {}],
  ['reject', { reason: 'no' }],
  ['cancel', {}],
  ['find_driver', {}],
  ['assign_driver', { driver_id: a }],
  ['pick_up', {}],
  ['out_for_delivery', {}],
  ['fail', { reason: 'no' }],
  ['return', {}],
  ['complete_return', {}],
  ['reissue_tracking', {}],
  ['respond', { response_type: 'ACCEPTED' }],
  ['decline_offer', { offer_id: a }],
]

t.test(
  'a service is a stranger to orders and drivers of other pharmacies, in any name',
  async t => {
    const { w, own, other, boot, first, say, created, placed } = await city(
      own => `dispatch=${own}`,
    )
    const theirs = await placed(other)
    const request = w.id()
    await w.broadcast(request)
    const customerId = w.store.order(theirs)!.view.user_id
    for (const restarted of [false, true]) {
      if (restarted) {
        first.crash()
        await boot('e2')
        await w.env.settle()
      }
      for (const order of [theirs, request])
        for (const by of [
          undefined,
          { role: 'vendor', id: other },
          { role: 'customer', id: customerId },
          { role: 'driver', id: a },
        ])
          for (const [verb, data] of verbs)
            t.equal(
              await say('order', verb, order, data, by),
              'order_not_found',
              `${verb} as ${by?.role ?? 'itself'}`,
            )
    }
    t.equal(
      await say('order', 'create', theirs, created(theirs, own)),
      'order_not_found',
      'a service does not get an order by creating it again',
    )
    const fresh = w.id()
    t.equal(await say('order', 'create', fresh, created(fresh, other)), 'forbidden')
    t.equal(
      await say('order', 'broadcast', fresh, {
        order_id: fresh,
        customer_id: customerId,
        customer_name: 'Cleo',
        customer_phone: '3',
        ...here,
        radius_km: 5,
        items: [],
        expires_in_seconds: 60,
      }),
      'forbidden',
      'a service may not open a request, because a request goes to other pharmacies too',
    )
    const { driverId } = await w.driver(other)
    t.equal(await say('driver', 'set_status', driverId, { status: 'offline' }), 'driver_not_found')
    t.equal(
      await say(
        'driver',
        'set_status',
        driverId,
        { status: 'offline' },
        { role: 'driver', id: driverId },
      ),
      'driver_not_found',
    )
    t.equal(
      await say('driver', 'register', w.id(), {
        vendor_id: other,
        full_name: 'D',
        phone: '2',
        vehicle_type: 'bike',
        capacity: 1,
      }),
      'driver_not_found',
    )
    t.equal(w.statusOf(theirs), 'order_placed', 'the order did not change')
  },
)

t.test(
  'a service acts for its own pharmacy, and gets only the events of this pharmacy',
  async t => {
    const { w, own, other, say, created, placed } = await city(own => `dispatch=${own}`)
    const heard: PublishedEvent[] = []
    w.bus.subscribe(ofService('dispatch', subjects.eventFilter), message => {
      heard.push(decodeBody(message.body) as PublishedEvent)
    })
    await placed(other)
    const request = w.id()
    await w.broadcast(request)
    const [mine, theirDriver, myDriver] = [w.id(), await w.driver(other), await w.driver(own)]
    t.equal(await say('order', 'create', mine, created(mine, own)), 'ok')
    t.equal(await say('order', 'accept', mine, {}), 'ok')
    t.equal(await say('order', 'assign_driver', mine, { driver_id: myDriver.driverId }), 'ok')
    t.equal(
      await say('driver', 'set_status', theirDriver.driverId, { status: 'on_break' }),
      'driver_not_found',
    )
    t.equal(
      await say(
        'order',
        'respond',
        request,
        { response_type: 'ACCEPTED' },
        { role: 'vendor', id: own },
      ),
      'ok',
      'an answer to an open request, in the name of its pharmacy',
    )
    t.equal(await say('order', 'cancel', request, {}), 'ok')
    const about = new Set(heard.map(one => one.actor_id))
    t.same(about, new Set([mine, request, myDriver.driverId]))
    t.notOk(
      heard.some(({ type }) => type === 'broadcast_opened'),
      'no event of a request from before its pharmacy won it',
    )
    t.ok(heard.some(({ type, actor_id }) => type === 'driver_assigned' && actor_id === mine))
  },
)

t.test('an unnamed service acts for no pharmacy, and one with a star for all', async t => {
  for (const [list, expected] of [
    ['', 'order_not_found'],
    ['dispatch=*', 'ok'],
  ] as const) {
    const { say, placed, other } = await city(() => list)
    t.equal(await say('order', 'cancel', await placed(other), {}), expected, list)
  }
})
