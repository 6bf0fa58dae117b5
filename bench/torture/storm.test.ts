/** A small storm of reconnections. `npm run torture -- --storm --sockets 10000` is a large one. */
import t from 'tap'
import { requireOrSkip } from '../../protocol/testing/services.ts'
import { reportStorm, storm } from './storm.ts'

t.test(
  'when an edge with a thousand sockets is killed, all connect again, and nothing acknowledged is missing',
  { skip: requireOrSkip(t, 'nats', 'redis', 'postgres'), timeout: 170_000 },
  async t => {
    const outcome = await storm({
      sockets: 1_000,
      storms: 1,
      say: line => t.comment(line),
      progress: () => undefined,
    })
    for (const line of reportStorm(outcome)) t.comment(line)
    t.ok(outcome.frames > 0, `${outcome.frames} locations sent`)
    t.same(outcome.wrong, [])
  },
)
