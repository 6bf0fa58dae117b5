/**
 * The constants of the protocol are as recorded. `RECORD=1` records them again, and the difference
 * is reviewed like code.
 */
import t from 'tap'
import { constantsOf } from './testing/constants.ts'
import { recorded } from './testing/recorded.ts'

t.test('limits, schemas and tables', async t => {
  recorded(
    t,
    'protocol/constants.json',
    await constantsOf(['protocol'], /print-asyncapi|client\/index|custody-log\/main/),
  )
})
