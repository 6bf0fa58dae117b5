/**
 * The constants of the edge, recorded. `RECORD=1` writes them anew; read the difference like code.
 */
import t from 'tap'
import { constantsOf } from '../protocol/testing/constants.ts'
import { recorded } from '../protocol/testing/recorded.ts'

t.test('limits, schemas and tables', async t => {
  recorded(
    t,
    'edge/constants.json',
    await constantsOf(
      ['edge'],
      /^edge\/(main|start|embedded|kernel\/uws|acceptance\/|pages\/[^/]+\/|[^/]+\/page\/|accounts\/admin|features|.*\/(index|examples)\.)/,
    ),
  )
})
