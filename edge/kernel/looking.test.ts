/** The pauses of a loop that looks for work. */
import t from 'tap'
import { failedPauseMsMax, keepLooking } from './looking.ts'

/** Looks that end as listed; the pauses after them pass at once and are returned. */
async function pausesAfter(looks: readonly ('more' | 'all' | 'fails')[]): Promise<number[]> {
  const pauses: number[] = []
  const left = [...looks]
  let ended: () => void = () => undefined
  const all = new Promise<void>(resolve => {
    ended = resolve
  })
  const stop = keepLooking(
    {
      after(ms, run) {
        pauses.push(ms)
        if (left.length === 0) ended()
        else setImmediate(run)
        return () => undefined
      },
    },
    {
      pollMs: 1_000,
      batchPauseMs: 50,
      look: async () => {
        const look = left.shift()
        if (look === 'fails') throw new Error('the database is away')
        return look === 'more'
      },
      onError: () => undefined,
    },
  )
  await all
  await stop()
  return pauses
}

t.test('a look that left some is followed soon, one that found all later', async t => {
  t.same(await pausesAfter(['more', 'more', 'all', 'more']), [50, 50, 1_000, 50])
})

t.test('failed looks come more and more seldom, and a good one ends that', async t => {
  t.same(
    await pausesAfter(['fails', 'fails', 'fails', 'all', 'fails', 'fails']),
    [1_000, 2_000, 4_000, 1_000, 1_000, 2_000],
  )
  const many = await pausesAfter(Array.from({ length: 10 }, () => 'fails' as const))
  t.equal(many.at(-1), failedPauseMsMax)
})
