/**
 * A short contest of acceptances under faults of claims. `npm run torture -- --contest --accepts
 * 100000` is the long one.
 */
import t from 'tap'
import { requireOrSkip } from '../../protocol/testing/services.ts'
import { claimFaults } from './faults.ts'
import { contest, reportContest } from './contest.ts'

t.test(
  'while claims are flushed, crashed and cut, each order has one winner, and every answer is right',
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
    t.ok(outcome.faults.size > 0, 'there were faults')
    t.same(outcome.wrong, [])
    t.same(outcome.tally.internal, [], 'no client saw an internal error')
  },
)
