/**
 * The constants of the contract, recorded: `RECORD=1` writes them anew, and the difference is read
 * like code.
 */
import t from 'tap'
import { constantsOf } from './testing/constants.ts'
import { recorded } from './testing/recorded.ts'

t.test('limits, schemas and tables', async t => {
  recorded(
    t,
    'protocol/constants.json',
    await constantsOf(['protocol'], /print-asyncapi|client\/index/),
  )
})
