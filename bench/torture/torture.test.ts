/**
 * A short torture run on real servers, from a seed with faults of the engines, an edge and a
 * server. `npm run torture` is the long one.
 */
import t from 'tap'
import { requireOrSkip } from '../../protocol/testing/services.ts'
import { report, torture } from './run.ts'

t.test(
  'under faults for a few seconds nothing acknowledged is lost, and no answer contradicts another one',
  { skip: requireOrSkip(t, 'nats', 'redis', 'postgres'), timeout: 170_000 },
  async t => {
    const outcome = await torture({
      seed: 20_261_120,
      faultsMs: 8_000,
      customers: 5,
      pharmacies: 3,
      driversEach: 2,
      say: line => t.comment(line),
      progress: () => undefined,
      interrupted: () => false,
    })
    for (const line of report(outcome)) t.comment(line)
    t.ok(
      outcome.orders > 0 && outcome.acknowledgements > 5,
      `${outcome.orders} orders, ${outcome.acknowledgements} acknowledgements`,
    )
    t.ok(outcome.faults.size > 0, 'there were faults')
    t.same(outcome.wrong, [])
    t.same(outcome.tally.internal, [], 'no client saw an internal error')
  },
)
