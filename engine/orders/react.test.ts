/**
 * The effects of an order's events: the pushes, and the commands to drivers. After a crash the
 * effects are computed again, with the order's state of that time. Numbers in brackets are the
 * invariants of SPEC.md.
 */
import t from 'tap'
import type { OrderEvent } from '../../protocol/dispatch/events.ts'
import type { Effect } from '../actors/effects.ts'
import {
  after,
  closed,
  customerId,
  driverIds,
  happened,
  offered,
  offerIds,
  orderId,
  reached,
  pharmacyIds,
} from './fixtures.ts'
import { openRequest, react, requestPushFor } from './react.ts'
import type { Order } from './state.ts'

const effects = (given: readonly OrderEvent[], event: OrderEvent): Effect[] =>
  react(event, after(given) as Exclude<Order, { kind: 'absent' }>, 0, { slot: 7, seq: 42 })
/**
 * Effects in short: commands as actor.verb, claims by name, pushes as topic or kind with their
 * type.
 */
const short = (list: Effect[]): string[] =>
  list.map(effect => {
    if (effect.do === 'command') return `${effect.to.kind}.${effect.to.command.verb}`
    if (effect.do !== 'push') return effect.do
    const { push } = effect
    if (push.kind === 'topics') throw new Error('no order tells several topics')
    return push.kind === 'topic'
      ? `${push.topic.split(':')[0]} ${push.message.type}`
      : `${push.kind} to ${push.vendor_ids.length}`
  })
const status = ['order status', 'customer status', 'vendor status']

for (const [name, given, event, follows] of [
  ['opened', reached.broadcast, happened.opened, ['openClaim', 'new_request to 2']],
  ['opened, computed again when the request is over', reached.expired, happened.opened, []],
  ['placed', reached.pending, happened.placed, ['vendor new_order']],
  ['a refusal', reached.broadcast, happened.refused, ['customer pharmacy_response']],
  [
    'won',
    reached.accepted,
    happened.accepted,
    ['confirmClaim', 'customer pharmacy_response', 'request_closed to 1', ...status],
  ],
  [
    'accepted directly',
    [happened.placed, happened.accepted],
    happened.accepted,
    ['customer pharmacy_response', ...status],
  ],
  ['rejected', reached.rejected, happened.rejected, status],
  [
    'expired',
    reached.expired,
    happened.expired,
    [
      'closeClaim',
      'customer request_expired',
      'request_closed to 2',
      'order status',
      'customer status',
    ],
  ],
  [
    'cancelled while open',
    reached.cancelled,
    happened.cancelled,
    ['closeClaim', 'request_closed to 2', 'order status', 'customer status'],
  ],
  ['cancelled when won', reached.cancelledWon, happened.cancelled, ['closeClaim', ...status]],
  [
    'cancelled with a driver [8]',
    reached.cancelledAssigned,
    happened.cancelled,
    ['closeClaim', 'driver.complete', 'driver assignment_ended', ...status],
  ],
  ['an offer', reached.offering, offered(), ['driver.hold_offer']],
  ['an offer is over', [...reached.offering, closed()], closed(), ['driver.release_hold']],
  ['the search ended', reached.exhausted, happened.exhausted, ['vendor driver_search_ended']],
  [
    'assigned',
    reached.driver_assigned,
    happened.assigned,
    ['driver.assign', 'driver assigned', ...status],
  ],
  [
    'the driver left',
    reached.left,
    happened.unassigned,
    ['driver.complete', 'driver assignment_ended', ...status],
  ],
  [
    'the driver left and was assigned again: nothing is taken from the driver [8]',
    [...reached.left, happened.assigned],
    happened.unassigned,
    ['driver assignment_ended'],
  ],
  ['delivered', reached.delivered, happened.delivered, ['driver.complete', ...status]],
  ['returned', reached.returned, happened.returned, ['driver.complete', ...status]],
] as const)
  t.test(`effects: ${name}`, async t => t.same(short(effects(given, event)), follows))

t.test("the driver's actor is told the outcome of an order and the pay", async t => {
  const complete = (given: readonly OrderEvent[], event: OrderEvent): object[] =>
    effects(given, event).flatMap(effect =>
      effect.do === 'command' && effect.to.command.verb === 'complete'
        ? [{ to: effect.to.actorId, id: effect.to.id, ...effect.to.command }]
        : [],
    )
  const told = (outcome: string, earningsMinor: number, id = `${orderId}:complete`): object => ({
    to: driverIds[0],
    id,
    verb: 'complete',
    by: { role: 'system', id: 'order' },
    orderId,
    outcome,
    earningsMinor,
    currency: 'USD',
  })
  const paid = {
    ...happened.delivered,
    data: { ...happened.delivered.data, earnings_minor: 725 },
  } as OrderEvent
  for (const [name, given, event, expected] of [
    ['delivered', reached.delivered, happened.delivered, [told('delivered', 300)]],
    [
      'delivered for another fee',
      [...reached.out_for_delivery, paid],
      paid,
      [told('delivered', 725)],
    ],
    ['returned: nothing', reached.returned, happened.returned, [told('returned', 0)]],
    [
      'cancelled with a driver: nothing',
      reached.cancelledAssigned,
      happened.cancelled,
      [told('cancelled', 0)],
    ],
    [
      'taken from the driver: nothing',
      reached.left,
      happened.unassigned,
      [told('cancelled', 0, `${offerIds[0]}:unassigned`)],
    ],
    [
      'taken from the driver, who was assigned again',
      [...reached.left, happened.assigned],
      happened.unassigned,
      [],
    ],
    ['cancelled without a driver', reached.cancelledWon, happened.cancelled, []],
    ['failed: the driver still has the goods', reached.failed, happened.failed, []],
    ['on its way back', reached.returning, happened.returning, []],
    ['picked up', reached.picked_up, happened.pickedUp, []],
    ['assigned', reached.driver_assigned, happened.assigned, []],
  ] as const)
    t.same(complete(given, event), expected, name)
})

t.test("a driver's new phone is told to customer and pharmacy, not to the link", async t => {
  const list = effects([...reached.picked_up, happened.driverUpdated], happened.driverUpdated)
  t.same(short(list), status)
  const messages = list.flatMap(effect =>
    effect.do === 'push' && effect.push.kind === 'topic' ? [effect.push.message] : [],
  )
  t.match(messages[1], {
    type: 'status',
    status: 'picked_up',
    driver_phone: '22',
    vehicle_type: 'bike',
  })
  t.match(messages[2], { driver_phone: '22' })
  t.notMatch(JSON.stringify(messages[0]), /22|Driver 0/)
})

t.test('an order is told that a driver refused its hold', async t => {
  const [hold] = effects(reached.offering, offered())
  t.match(hold, { to: { actorId: driverIds[0], id: `${offerIds[0]}:hold` } })
  t.match(
    hold?.do === 'command' && hold.onRefused?.({ code: 'driver_at_capacity', detail: 'busy' }),
    {
      kind: 'order',
      actorId: orderId,
      command: {
        verb: 'driver_refused',
        offerId: offerIds[0],
        code: 'driver_at_capacity',
        reason: 'busy',
      },
    },
  )
})

t.test('effects that are computed again later make no driver hold an old offer [8]', async t => {
  for (const [name, later] of [
    ['closed', [...reached.offering, closed()]],
    ['another driver is asked', [...reached.offering, closed(), offered(1)]],
    ['assigned', [...reached.offering, happened.assigned]],
    ['cancelled', reached.cancelledWon],
  ] as const)
    t.same(effects(later, offered()), [], name)
  t.same(
    short(effects(reached.cancelledWon, closed())),
    ['driver.release_hold'],
    'a release is always safe',
  )
  t.ok(
    short(effects(reached.delivered, happened.assigned)).includes('driver.assign'),
    'an assignment is told to its driver, however late',
  )
})

t.test('a terminal is told of an open request again, if its pharmacy was asked [9]', async t => {
  const order = after(reached.broadcast)
  if (order.kind !== 'broadcast') return t.fail('not open')
  t.same(
    openRequest(order.core, order.broadcast),
    effects(reached.broadcast, happened.opened),
    'the effects are the same again',
  )
  t.match(requestPushFor(order.core, order.broadcast, new Set([pharmacyIds[1]])), {
    vendor_ids: [pharmacyIds[1]],
    distances_km: [2],
    body: { request_id: orderId },
  })
  t.match(
    requestPushFor(
      order.core,
      order.broadcast,
      new Set([customerId, pharmacyIds[2], pharmacyIds[0]]),
    ),
    { vendor_ids: [pharmacyIds[0]] },
    'a pharmacy that was not asked is not told',
  )
})
