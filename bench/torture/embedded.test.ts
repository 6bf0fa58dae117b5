/**
 * A few kills of an embedded server. `npm run torture -- --embedded --kills 1000` is the long run.
 */
import t from 'tap'
import { killAgainAndAgain } from './embedded.ts'
import { report } from './run.ts'

t.test(
  'an embedded server that is killed again and again under load loses nothing that it acknowledged',
  { timeout: 170_000 },
  async t => {
    const outcome = await killAgainAndAgain({
      seed: 20_261_120,
      kills: 4,
      customers: 3,
      restMs: 500,
      say: line => t.comment(line),
      progress: () => undefined,
      interrupted: () => false,
    })
    for (const line of report(outcome)) t.comment(line)
    t.equal(outcome.kills, 4)
    t.ok(outcome.acknowledgements > 0, `${outcome.acknowledgements} acknowledgements`)
    t.same(outcome.wrong, [])
    t.same(outcome.tally.internal, [])
  },
)
