/**
 * A bench and the signal that ends the suite: no listener is left behind, and the signal ends the
 * bench.
 */
import { getEventListeners } from 'node:events'
import t from 'tap'
import type { Bench } from './bench.ts'
import { runBench, SharedServices, type HarnessOptions } from './harness.ts'

const interrupt = new AbortController()
const options: HarnessOptions = {
  mode: 'embedded',
  quick: true,
  rounds: 1,
  url: null,
  tokens: new Map(),
  profileDir: null,
  signal: interrupt.signal,
  services: new SharedServices(),
  say: () => {},
  progress: () => {},
}
const bench = (open: Bench['open']): Bench => ({ name: 'a', group: 'micro', title: 'a', open })

void t.test(
  'a bench that has ended, with or without an error, leaves no listener on the signal of the suite',
  async t => {
    t.match(
      await runBench(
        bench(async () => async () => {
          t.equal(getEventListeners(interrupt.signal, 'abort').length, 1)
        }),
        options,
      ),
      { error: undefined },
    )
    t.match(
      await runBench(
        bench(async () => {
          throw new Error('no')
        }),
        options,
      ),
      { error: /no/ },
    )
    t.equal(getEventListeners(interrupt.signal, 'abort').length, 0)
  },
)

void t.test('the signal ends the bench that runs', async t => {
  t.match(
    await runBench(
      bench(async () => () => {
        interrupt.abort(new Error('interrupted'))
        return new Promise(() => undefined)
      }),
      options,
    ),
    { interrupted: true, error: undefined },
  )
})
