/**
 * A short contest, with the faults of claims alone: `npm run torture -- --contest --accepts 100000`
 * is the long one.
 */
import t from 'tap'
import { requireOrSkip } from '../../protocol/testing/services.ts'
import { claimFaults } from './faults.ts'
import { contest, reportContest } from './contest.ts'

t.test(
  'accepts that contend while claims are flushed, crashed and cut: one winner each, everybody told',
  { skip: requireOrSkip(t, 'nats', 'redis', 'postgres'), timeout: 170_000 },
  async t => {
    const outcome = await contest({
      seed: 20_261_120,
      accepts: 300,
      racers: 8,
      faults: claimFaults,
      say: line => t.comment(line),
      progress: () => undefined,
      interrupted: () => false,
    })
    for (const line of reportContest(outcome)) t.comment(line)
    t.ok(
      outcome.accepts >= 300 && outcome.winners === outcome.orders,
      `${outcome.accepts} accepts, ${outcome.orders} orders, ${outcome.winners} winners`,
    )
    t.ok(outcome.faults.size > 0, 'faults struck')
    t.same(outcome.wrong, [])
    t.same(outcome.tally.internal, [], 'no client saw an internal error')
  },
)
