/** `npm run bench -- compare` between runs of the command, of which one is slower. */
import { readdirSync } from 'node:fs'
import t from 'tap'
import { run } from './fixture-run.ts'

t.test('compare flags a slow-down, and does not flag a rerun of the same code', async t => {
  const results = t.testdir()
  // The margin is wide, because other tests run on this machine meanwhile, and a round may take
  // several times as long as the next one. A bench that is fifty times slower is beyond it.
  const files: string[] = []
  const measure = async (slow?: string): Promise<void> => {
    t.match(
      await run(
        ['decide', '--quick', '--rounds', '5', '--results', results],
        slow === undefined ? {} : { BENCH_SLOW: slow },
      ),
      { code: 0 },
    )
    files.push(...readdirSync(results).filter(name => !files.includes(name)))
  }
  await measure()
  await measure()
  await measure('decide and evolve, a whole delivery:50')
  const [first, again, slowed] = files.map(name => `${results}/${name}`) as [string, string, string]
  const rerun = await run(['compare', first, again, '--min-effect', '200', '--check'])
  t.match(rerun, { code: 0, output: /nothing changed beyond the noise/ })
  const slower = await run(['compare', first, slowed, '--min-effect', '200', '--check'])
  t.match(slower, {
    code: 1,
    output: /^WORSE {2}decide: decide and evolve, a whole delivery × 0\.[01]/m,
  })
  t.notMatch(slower.output, /^WORSE.*late accept/m, 'only this measure is worse')
  t.equal((await run(['compare', first, slowed])).code, 0, 'without --check the exit code is 0')
})
