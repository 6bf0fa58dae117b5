/**
 * The constants of the edge, recorded. `RECORD=1` records them anew; read the difference like code.
 */
import t from 'tap'
import { constantsOf } from '../protocol/testing/constants.ts'
import { recorded } from '../protocol/testing/recorded.ts'

t.test('the limits, schemas and tables of the edge are as recorded', async t => {
  recorded(
    t,
    'edge/constants.json',
    await constantsOf(
      ['edge'],
      /^edge\/(main|start|embedded|kernel\/uws|acceptance\/|pages\/[^/]+\/|[^/]+\/page\/|accounts\/admin|features|.*\/(index|examples)\.)/,
    ),
  )
})
