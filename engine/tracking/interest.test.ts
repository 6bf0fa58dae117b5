/** The interest of each edge in orders and fleets. It ends when the edge is silent or gone. */
import assert from 'node:assert/strict'
import fc from '../../protocol/testing/properties.ts'
import t from 'tap'
import { limits } from '../../protocol/kernel/limits.ts'
import type { InterestMessage } from '../../protocol/tracking/interest.ts'
import { Interest } from './interest.ts'

const message = (
  edge_id: string,
  full: boolean,
  order_ids: string[],
  vendor_ids: string[] = [],
): InterestMessage => ({ edge_id, full, order_ids, vendor_ids })

t.test('a message adds orders and pharmacies, and a full list replaces them', async t => {
  const interest = new Interest()
  const rows: [InterestMessage, { orders: string[]; pharmacies: string[] }][] = [
    [message('a', true, ['o1'], ['v1']), { orders: ['o1'], pharmacies: ['v1'] }],
    [message('a', true, ['o1'], ['v1']), { orders: [], pharmacies: [] }],
    [message('a', false, ['o2']), { orders: ['o2'], pharmacies: [] }],
    [message('b', false, ['o2'], ['v1']), { orders: ['o2'], pharmacies: ['v1'] }],
    [message('a', true, ['o2'], []), { orders: [], pharmacies: [] }],
  ]
  for (const [said, fresh] of rows) t.same(interest.take(said, 0), fresh)
  t.same([...interest.edgesOfOrder('o1')], [], 'an order that a full list leaves out has no edge')
  t.same([...interest.edgesOfOrder('o2')], ['b', 'a'].sort())
  t.same([...interest.edgesOfPharmacy('v1')], ['b'])
  t.same([...interest.pharmacies()], ['v1'])
  interest.take({ ...message('b', true, []), gone: true }, 0)
  t.equal(interest.edges, 1)
  t.same([...interest.edgesOfPharmacy('v1')], [])
})

t.test('an edge that is silent for longer than the lease is forgotten', async t => {
  const interest = new Interest()
  interest.take(message('a', true, ['o1'], ['v1']), 0)
  interest.take(message('b', true, ['o1']), 1_000)
  interest.lapse(limits.interestLeaseMs)
  t.equal(interest.edges, 2, 'at the lease')
  interest.lapse(limits.interestLeaseMs + 1)
  t.same([...interest.edgesOfOrder('o1')], ['b'], 'after it')
  interest.take(message('b', false, []), limits.interestLeaseMs)
  interest.lapse(limits.interestLeaseMs + 1_001)
  t.equal(interest.edges, 1, 'any message renews the lease')
  interest.lapse(10 * limits.interestLeaseMs)
  t.equal(interest.edges, 0)
  t.same([...interest.pharmacies()], [], 'nothing is left')
})

t.test('after any messages the interest is that of plain sets', async t => {
  const ids = fc.uniqueArray(fc.constantFrom('1', '2', '3', '4'))
  const step = fc.record({
    edge_id: fc.constantFrom('a', 'b', 'c'),
    full: fc.boolean(),
    order_ids: ids,
    vendor_ids: ids,
    gone: fc.constantFrom(false, false, true),
  })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 300 }), steps => {
      const interest = new Interest()
      const oracle = new Map<string, { orders: Set<string>; pharmacies: Set<string> }>()
      for (const { gone, ...said } of steps) {
        interest.take(gone ? { ...said, gone: true } : said, 0)
        const known = oracle.get(said.edge_id)
        if (gone) oracle.delete(said.edge_id)
        else
          oracle.set(said.edge_id, {
            orders: new Set([...(said.full ? [] : (known?.orders ?? [])), ...said.order_ids]),
            pharmacies: new Set([
              ...(said.full ? [] : (known?.pharmacies ?? [])),
              ...said.vendor_ids,
            ]),
          })
        for (const id of ['1', '2', '3', '4']) {
          assert.deepEqual(
            [...interest.edgesOfOrder(id)].sort(),
            [...oracle]
              .filter(([, one]) => one.orders.has(id))
              .map(([edge]) => edge)
              .sort(),
          )
          assert.deepEqual(
            [...interest.edgesOfPharmacy(id)].sort(),
            [...oracle]
              .filter(([, one]) => one.pharmacies.has(id))
              .map(([edge]) => edge)
              .sort(),
          )
        }
        assert.equal(interest.edges, oracle.size)
        assert.deepEqual(
          [...interest.pharmacies()].sort(),
          [...new Set([...oracle.values()].flatMap(one => [...one.pharmacies]))].sort(),
        )
      }
    }),
  )
  t.pass()
})
