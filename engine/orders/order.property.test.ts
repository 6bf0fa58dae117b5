/**
 * The properties of an order that hold for any commands, in any sequence and at any time. Each run
 * gives random commands of random principals to one order, and checks after every command. Numbers
 * in brackets are the invariants of SPEC.md.
 */
import assert from 'node:assert/strict'
import fc from '../../protocol/testing/properties.ts'
import t from 'tap'
import { Compile } from 'typebox/compile'
import type { OrderEvent } from '../../protocol/dispatch/events.ts'
import type { Principal } from '../../protocol/kernel/principal.ts'
import { OrderView } from '../../protocol/orders/view.ts'
import type { AnyKind } from '../actors/kind.ts'
import { orderKind } from './kind.ts'
import { orderMachine } from './machine.ts'
import { decodeSnapshot, encodeSnapshot } from '../actors/snapshot.ts'
import type { OrderCommand } from './commands.ts'
import { decide } from './decide.ts'
import { evolve } from './evolve.ts'
import {
  admin,
  after,
  customer,
  customerId,
  driverIds,
  give,
  happened,
  id,
  orderId,
  principal,
  reached,
  system,
  vendor,
  pharmacyFact,
  pharmacyIds,
} from './fixtures.ts'
import { react } from './react.ts'
import { absentOrder, isEnded, type Order } from './state.ts'
import { view } from './view.ts'
import { wake } from './wake.ts'

const principals: Principal[] = [
  customer,
  admin,
  system,
  principal('service', 's'),
  principal('customer', id(0xc9)),
  ...pharmacyIds.map(who => principal('vendor', who)),
  ...driverIds.map(who => principal('driver', who)),
]
const n = fc.nat({ max: 2 })
const maybe = fc.option(n, { nil: null })
/**
 * Commands, each of somebody who may give it. The n-th offer goes to the n-th driver.
 */
const command: fc.Arbitrary<OrderCommand> = fc.oneof(
  n.map(i => give.respond('ACCEPTED', i)),
  n.map(i => give.respond('REJECTED', i)),
  n.map(i => give.respond('ACCEPTED', i, pharmacyFact(i), 'offer')),
  n.map(i => give.propose(i)),
  n.map(i => give.acceptOffer(i)),
  n.map(i => give.declineOffer(i)),
  n.map(i => give.offerExpired(i)),
  n.map(i => give.driverRefused(i)),
  n.map(i => give.driverLeft(i)),
  n.map(i => give.driverTook(i)),
  n.map(i => give.updateDriver(i)),
  n.map(i => give.updateDriver(0, String(i))),
  fc.constantFrom(
    give.pack({ goods_classes: ['controlled'], seal_number: 'S-1', packages: ['RX-1'] }),
    give.pack({ goods_classes: [], packages: [] }),
    give.scan('RX-1'),
    give.scan('RX-2'),
    give.scan('RX-1', vendor),
    give.nameAgent(),
    give.renewCode(),
    give.reportBreak(),
    give.reportBreak({ kind: 'excursion', celsius: 30 }),
    give.recordTemperatures(4, 9),
    give.recordTemperatures(-1, 5),
    give.mend(),
    give.mend({ outcome: 'return' }),
    give.returnOverdue(),
    give.pickUp(undefined, { custody: { seal_number: 'S-1' } }),
    give.pickUp(undefined, { custody: { seal_number: 'S-2' } }),
    give.deliver(undefined, {
      custody: { code: { method: 'pin', right: false, assignment_id: 'x', generation: 0 } },
    }),
    give.completeReturn(vendor, { custody: { seal_number: 'S-1' } }),
  ),
  n.map(i => give.assignDriver(i)),
  fc.constantFrom(
    give.broadcast(),
    give.broadcast(customer, {}, []),
    give.create(),
    give.create(customer, {}, null),
    give.accept(),
    give.accept(undefined, 'offer'),
    give.reject(),
    give.cancel(),
    give.reissueTracking(),
    give.reissueTracking(vendor),
    give.findDriver(),
    give.expire(),
    give.endSearch(),
    give.arrive('pickup'),
    give.arrive('dropoff'),
    give.pickUp(),
    give.outForDelivery(),
    give.deliver(),
    give.deliver(undefined, {}),
    give.deliver(undefined, undefined, undefined, null),
    give.deliver(undefined, { signature_url: 's' }),
    give.fail(),
    give.return(),
    give.completeReturn(),
    give.pickUp(admin),
    give.outForDelivery(admin),
    give.deliver(admin),
    give.fail(admin),
    give.return(admin),
    give.completeReturn(admin),
  ),
)
const step = fc.record({
  command,
  by: maybe.chain(i => (i === null ? fc.constantFrom(...principals) : fc.constant(null))),
  aheadMs: fc.constantFrom(0, 0, 1, 1_000, 20_000, 700_000),
})
/**
 * Every run begins with no order or in a state on the way, so that short runs reach every state.
 */
const start = fc.constantFrom(...Object.values(reached).map(given => [...given]))

const valid = Compile(OrderView)
/** The order after a snapshot was written and read. */
const throughSnapshot = (order: Order): Order =>
  decodeSnapshot(
    orderId,
    encodeSnapshot(
      orderId,
      { state: order, acceptedIds: [], updatedAtMs: 0 },
      orderKind as AnyKind,
      { version: 1, wakeAtMs: null, attentive: false },
    ),
    orderKind as AnyKind,
  ).state as Order

t.test('[1] [3] [4] the properties hold after any commands', async t => {
  const visited = new Set<string>()
  fc.assert(
    fc.property(start, fc.array(step, { maxLength: 200 }), (given, steps) => {
      let order = after(given)
      /** The same order, but through a snapshot at every step. */
      let revived = throughSnapshot(order)
      const past: OrderEvent[] = [...given]
      let nowMs = 0
      for (const { command: meant, by, aheadMs } of steps) {
        nowMs += aheadMs
        const sent = by === null ? meant : ({ ...meant, by } as OrderCommand)
        const before = order
        const decision = decide(order, sent, nowMs)
        assert.deepEqual(
          decide(revived, sent, nowMs),
          decision,
          'an order from a snapshot decides the same',
        )
        if (!decision.ok) continue
        if (isEnded(before) && sent.verb !== 'reissue_tracking' && sent.verb !== 'mend')
          assert.deepEqual(
            decision.events,
            [],
            `no command changes an order that is ${before.kind}`,
          )
        for (const event of decision.events) {
          const at = orderMachine.nameOf(order)
          const next = orderMachine.steps[at]?.[event.type]
          assert.ok(next !== undefined, `[4] ${event.type} in ${at}`)
          order = evolve(order, event, nowMs)
          revived = throughSnapshot(evolve(revived, event, nowMs))
          assert.equal(orderMachine.nameOf(order), next, '[4]')
          assert.deepEqual(revived, order)
          past.push(event)
        }
        if (decision.events.length > 0) {
          const again = decide(order, sent, nowMs)
          // Every wrong code is counted.
          assert.ok(
            !again.ok || again.events.every(({ type }) => type === 'code_refused'),
            `[3] ${sent.verb} again`,
          )
        }
        visited.add(orderMachine.nameOf(order))
        wake(order)
        if (order.kind === 'absent') continue
        const shown = view(order, past.length, nowMs)
        assert.ok(valid.Check(shown), JSON.stringify([...valid.Errors(shown)]))
        for (const born of [true, false])
          assert.equal(orderKind.row(order, past.length, nowMs, born).order.version, past.length)
        for (const event of decision.events) react(event, order, nowMs, { slot: 0, seq: 1 })
      }
      assert.ok(past.filter(event => event.type === 'order_accepted').length <= 1, '[1] one winner')
      const parted = past.filter(event => event.type === 'driver_unassigned').length
      assert.ok(
        past.filter(event => event.type === 'driver_assigned').length - parted <= 1,
        '[1] one driver at a time',
      )
      const open =
        past.filter(event => event.type === 'offer_made').length -
        past.filter(event => event.type === 'offer_closed').length -
        past.filter(event => event.type === 'driver_assigned').length
      assert.ok(open <= 1, 'one offer at a time')
      // After a crash the effects of all events are computed again, with the state of that time.
      if (order.kind !== 'absent')
        for (const event of past) react(event, order, nowMs, { slot: 0, seq: 1 })
    }),
    { numRuns: 2_000 },
  )
  t.same(
    Object.keys(orderMachine.steps).filter(state => !visited.has(state) && state !== 'absent'),
    [],
    'every state was visited',
  )
})

t.test('[1] when many pharmacies accept at once, exactly one wins', async t => {
  fc.assert(
    fc.property(fc.shuffledSubarray([0, 1, 0, 1, 2], { minLength: 1 }), order => {
      let state = after(reached.broadcast)
      let winner: string | null = null
      for (const i of order) {
        const decision = decide(state, give.respond('ACCEPTED', i), 0)
        if (i === 2) assert.equal(decision.ok, false)
        else if (winner === null || winner === pharmacyIds[i]) {
          assert.ok(decision.ok)
          winner = pharmacyIds[i]!
          state = decision.events.reduce((s, event) => evolve(s, event, 0), state)
        } else assert.equal(!decision.ok && decision.code, 'request_already_assigned')
      }
    }),
  )
  t.pass()
})

t.test('an event that does not fit the state stops the replay, and the error names it', async t => {
  t.throws(
    () => evolve(absentOrder, { type: 'picked_up', data: {} }, 0),
    /journal defect: event picked_up on an order that is absent/,
  )
  const ofKind = (kind: string) =>
    new Set(
      Object.entries(orderMachine.steps)
        .filter(([at]) =>
          kind !== 'accepted'
            ? at === kind
            : ['accepted', 'exhausted', 'searching', 'offering', 'assigning'].includes(at),
        )
        .flatMap(([, next]) => Object.keys(next)),
    )
  const later: OrderEvent[] = Object.values(happened).filter(
    event => event.type !== 'broadcast_opened' && event.type !== 'order_placed',
  )
  for (const [state, given] of Object.entries(reached)) {
    const order = after(given)
    const fitting = ofKind(order.kind)
    for (const event of later.filter(one => !fitting.has(one.type)))
      // A replay does not depend on a search that is still open.
      if (order.kind !== 'accepted' || event.type !== 'driver_search_ended')
        t.throws(() => evolve(order, event, 0), /journal defect/, `${event.type} in ${state}`)
  }
})

t.test('the view of an open request has the status pending', async t => {
  t.match(view(after(reached.broadcast) as Exclude<Order, { kind: 'absent' }>, 1, 0), {
    id: orderId,
    user_id: customerId,
    status: 'pending',
    kind: 'broadcast',
  })
})
