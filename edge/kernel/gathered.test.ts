/** Reads that are gathered into one query. */
import t from 'tap'
import { gathered } from './gathered.ts'

/** A reader whose queries end when the test decides. */
function world() {
  const queries: {
    keys: string[]
    answer: (found: Map<string, string>) => void
    fail: (problem: Error) => void
  }[] = []
  const read = gathered<string>(
    keys =>
      new Promise((answer, fail) => {
        queries.push({ keys, answer, fail })
      }),
  )
  const answer = async (at: number) => {
    queries[at]!.answer(
      new Map(queries[at]!.keys.filter(key => key !== 'none').map(key => [key, `row of ${key}`])),
    )
    await new Promise(resolve => {
      setImmediate(resolve)
    })
  }
  return { queries, read, answer }
}

t.test('waiting callers share the next query, which begins after they asked', async t => {
  const { queries, read, answer } = world()
  const first = read('a')
  t.same(
    queries.map(query => query.keys),
    [['a']],
    'the first key is read at once',
  )
  const others = [read('b'), read('a'), read('none'), read('b')]
  t.equal(queries.length, 1, 'the others wait, even for a key that is being read')
  await answer(0)
  t.equal(await first, 'row of a')
  t.same(queries[1]?.keys, ['b', 'a', 'none'])
  await answer(1)
  t.same(await Promise.all(others), ['row of b', 'row of a', undefined, 'row of b'])
  const later = read('c')
  t.same(queries[2]?.keys, ['c'])
  await answer(2)
  t.equal(await later, 'row of c')
})

t.test('a failed query rejects only the callers that shared it', async t => {
  const { queries, read, answer } = world()
  const first = read('a')
  const second = read('b')
  queries[0]!.fail(new Error('away'))
  await t.rejects(first, /away/)
  await new Promise(resolve => {
    setImmediate(resolve)
  })
  await answer(1)
  t.equal(await second, 'row of b')
})

t.test('many keys at once are read in queries of a bounded size', async t => {
  const { queries, read, answer } = world()
  const all = Array.from({ length: 1_201 }, (_, n) => read(String(n)))
  for (let at = 0; at < 4; at++) await answer(at)
  t.same(
    queries.map(query => query.keys.length),
    [1, 500, 500, 200],
  )
  t.equal((await Promise.all(all)).filter(row => row !== undefined).length, 1_201)
})
