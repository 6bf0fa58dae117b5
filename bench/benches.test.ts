/** Benches that need a browser, a database or many sockets, by the command. */
import t from 'tap'
import { findBrowser } from '../protocol/testing/binaries.ts'
import { requireOrSkip } from '../protocol/testing/services.ts'
import { run } from './fixture-run.ts'

t.test(
  'the bench of first paints sees the pages in a browser',
  { skip: findBrowser() === null && 'chromium not found; install with: apt-get install chromium' },
  async t => {
    const results = t.testdir()
    // Whether a goal is reached is a matter of the machine, so the code does not count here.
    const { output } = await run(['first-paint', '--quick', '--results', results])
    t.match(output, /\/customer: first useful paint/)
    t.match(output, /\/customer: over the network/)
    t.notMatch(output, /BROKEN/)
  },
)

t.test(
  'the bench of journal appends measures bare statements beside the journal',
  { skip: requireOrSkip(t, 'postgres') },
  async t => {
    const ended = await run([
      'journal-append',
      '--quick',
      '--rounds',
      '1',
      '--results',
      t.testdir(),
    ])
    t.match(ended, {
      code: 0,
      output: /raw unnest, 1 event and its order row +[\d.,]+ (?:[kM] )?operations/,
    })
  },
)

t.test('in the benches of requests each terminal gets its requests', async t => {
  const ended = await run([
    'request',
    'broadcast',
    '--quick',
    '--rounds',
    '1',
    '--results',
    t.testdir(),
  ])
  t.match(ended, { code: 0, output: /500\/s: request → terminal +p50/ })
  t.notMatch(ended.output, /BROKEN|Caduceus: each terminal.* not measured/)
})
