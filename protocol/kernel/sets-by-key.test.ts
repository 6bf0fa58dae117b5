/** Sets by key behave as a list of pairs, and keep no key without a member. */
import fc from '../testing/properties.ts'
import t from 'tap'
import { SetsByKey } from './sets-by-key.ts'

t.test('sets by key are a list of pairs without repetition', t => {
  const step = fc.record({
    does: fc.constantFrom('add', 'delete'),
    key: fc.integer({ min: 0, max: 3 }),
    value: fc.integer({ min: 0, max: 3 }),
  })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), steps => {
      const sets = new SetsByKey<number, number>()
      let pairs: [key: number, value: number][] = []
      const of = (key: number): number[] =>
        pairs.flatMap(pair => (pair[0] === key ? [pair[1]] : []))
      for (const { does, key, value } of steps) {
        const before = of(key)
        if (does === 'add') {
          t.equal(sets.add(key, value), before.length === 0)
          if (!before.includes(value)) pairs.push([key, value])
        } else {
          pairs = pairs.filter(pair => pair[0] !== key || pair[1] !== value)
          t.equal(sets.delete(key, value), before.length > 0 && of(key).length === 0)
        }
        const keys = [...new Set(pairs.map(([one]) => one))]
        t.equal(sets.size, keys.length)
        t.same([...sets.keys()].sort(), keys.sort())
        t.equal(
          [...sets.values()].reduce((sum, members) => sum + members.size, 0),
          pairs.length,
        )
        for (let one = 0; one <= 3; one++)
          t.same(sets.get(one) === undefined ? [] : [...sets.get(one)!].sort(), of(one).sort())
        t.equal(sets.get(key) === undefined, of(key).length === 0, 'no empty set is kept')
      }
    }),
  )
  t.end()
})
