/**
 * Events that come in any order and any number of times are given out once, in the order of their
 * slot.
 */
import fc from '../testing/properties.ts'
import t from 'tap'
import { SlotOrder } from './slot-order.ts'

t.test('repeats are dropped, early events wait, and slots do not wait for each other', async t => {
  const order = new SlotOrder([[1, 4]])
  const take = (slot: number, seq: number) => {
    const { ready, repeat } = order.take({ slot, seq })
    return repeat ? 'repeat' : ready.map(one => one.seq)
  }
  t.same([take(1, 4), take(1, 6), take(1, 7), take(1, 6)], ['repeat', [], [], []])
  t.equal(order.held, 2, 'an event that came twice is held once')
  t.same(
    [take(2, 30), take(2, 31)],
    [[30], [31]],
    'an unknown slot begins with the first event that comes',
  )
  t.same([take(1, 5), take(1, 7), take(1, 8)], [[5, 6, 7], 'repeat', [8]])
  t.same(
    [order.held, [...order.done]],
    [
      0,
      [
        [1, 8],
        [2, 31],
      ],
    ],
  )
})

t.test('of two copies of an event that waits, the later one is given out', async t => {
  const order = new SlotOrder<{ slot: number; seq: number; copy?: string }>([[1, 0]])
  order.take({ slot: 1, seq: 2, copy: 'first' })
  order.take({ slot: 1, seq: 2, copy: 'second' })
  t.same(order.take({ slot: 1, seq: 1 }).ready, [
    { slot: 1, seq: 1 },
    { slot: 1, seq: 2, copy: 'second' },
  ])
})

t.test('any events in any order are given out once, in the order of their slot', async t => {
  const deliveries = fc.array(
    fc.record({ slot: fc.integer({ min: 0, max: 2 }), seq: fc.integer({ min: 1, max: 12 }) }),
    { maxLength: 200 },
  )
  fc.assert(
    fc.property(deliveries, events => {
      const order = new SlotOrder([
        [0, 0],
        [1, 0],
        [2, 0],
      ])
      const out: number[][] = [[], [], []]
      for (const event of [
        ...events,
        ...[0, 1, 2].flatMap(slot => Array.from({ length: 12 }, (_, i) => ({ slot, seq: i + 1 }))),
      ])
        for (const { slot, seq } of order.take(event).ready) out[slot]!.push(seq)
      for (const seqs of out)
        t.same(
          seqs,
          Array.from({ length: 12 }, (_, i) => i + 1),
        )
      t.equal(order.held, 0)
    }),
    { numRuns: 50 },
  )
})
