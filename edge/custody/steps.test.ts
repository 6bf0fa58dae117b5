/** The chain of an order from its events: exactly one custodian, whatever happens to the order. */
import t from 'tap'
import { faultOfEntry } from '../../protocol/custody-log/entries.ts'
import type { OrderEvent } from '../../protocol/dispatch/events.ts'
import { orderEvents } from '../../protocol/dispatch/order-events.ts'
import { ids } from '../../protocol/kernel/examples.ts'
import fc from '../../protocol/testing/properties.ts'
import {
  custodyKinds,
  emptyChain,
  extended,
  nextEntry,
  proofsOf,
  stepOf,
  type Chain,
  type OrderEntry,
} from './steps.ts'

const example = (type: OrderEvent['type']): OrderEvent =>
  ({ type, data: orderEvents[type].example }) as OrderEvent
const types = Object.keys(orderEvents) as OrderEvent['type'][]

function chainOf(events: readonly OrderEvent[]): { entries: OrderEntry[]; chain: Chain } {
  let chain = emptyChain
  const entries: OrderEntry[] = []
  for (const [i, event] of events.entries()) {
    const entry = nextEntry(chain, event, {
      orderId: ids.order,
      customerId: ids.customer,
      orderVersion: i + 1,
      at: new Date(1_790_000_000_000 + i * 1_000),
      by: { role: 'system', id: 'timer' },
      position: { latitude: 1, longitude: 2, source: 'driver', at: '2026-09-21T14:13:20.000Z' },
      proofs: [],
    })
    if (entry === null) continue
    entries.push(entry)
    chain = extended(chain, entry)
  }
  return { entries, chain }
}
const told = (...given: OrderEvent['type'][]) =>
  chainOf(given.map(example)).entries.map(
    ({ kind, custodian_after: { role } }) => `${kind} ${role}`,
  )

t.test('who has the parcel after each event', async t => {
  t.same(
    told(
      'order_placed',
      'order_accepted',
      'offer_made',
      'driver_assigned',
      'arrived_at_pickup',
      'picked_up',
      'out_for_delivery',
      'arrived_at_dropoff',
      'delivered',
    ),
    [
      'accepted vendor',
      'driver_assigned vendor',
      'arrived_at_pickup vendor',
      'picked_up driver',
      'out_for_delivery driver',
      'arrived_at_dropoff driver',
      'delivered customer',
    ],
  )
  t.same(told('order_accepted', 'driver_assigned', 'driver_unassigned', 'order_cancelled'), [
    'accepted vendor',
    'driver_assigned vendor',
    'driver_unassigned vendor',
    'cancelled vendor',
  ])
  t.same(
    told(
      'order_accepted',
      'driver_assigned',
      'picked_up',
      'delivery_failed',
      'return_started',
      'returned',
    ).slice(-4),
    ['picked_up driver', 'delivery_failed driver', 'return_started driver', 'returned vendor'],
  )
  t.same(told('broadcast_opened', 'order_cancelled'), [], 'nobody had a parcel')
})

t.test('every kind has its event, and only a delivery has proofs', async t => {
  t.same(
    types.flatMap(type => stepOf(example(type))?.kind ?? []).toSorted(),
    custodyKinds.toSorted(),
  )
  t.same(
    types.filter(type => proofsOf(example(type)).length > 0),
    ['delivered'],
  )
  t.equal(stepOf({ type: 'of_a_newer_release', data: {} } as never), null)
})

t.test('a reason that is no good text is logged all the same', async t => {
  const reason = `\ud800${'x'.repeat(20_000)}`
  const { entries } = chainOf([
    example('order_accepted'),
    { type: 'delivery_failed', data: { reason } },
  ])
  t.match(entries[1], { kind: 'delivery_failed', facts: { reason: /^\ufffdx+$/ } })
  t.equal(faultOfEntry(entries[1]), null)
})

t.test('in any order of events each custodian follows the one before', async t => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...types), { maxLength: 40 }), given => {
      const { entries, chain } = chainOf(given.map(example))
      return (
        chain.entries === entries.length &&
        entries.every(
          (entry, i) =>
            entry.number === i + 1 &&
            faultOfEntry(entry) === null &&
            (i === 0
              ? entry.custodian_before === null && entry.kind === 'accepted'
              : JSON.stringify(entry.custodian_before) ===
                JSON.stringify(entries[i - 1]!.custodian_after)),
        )
      )
    }),
  )
  t.pass()
})
