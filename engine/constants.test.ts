/**
 * The constants of engines are as recorded. `RECORD=1` records them again, and the difference is
 * reviewed like code.
 */
import t from 'tap'
import { constantsOf } from '../protocol/testing/constants.ts'
import { recorded } from '../protocol/testing/recorded.ts'

t.test('limits, schemas and tables', async t => {
  recorded(
    t,
    'engine/constants.json',
    await constantsOf(
      ['engine'],
      /^engine\/(main|sim\/|kinds|(orders|drivers)\/kind|journal\/contract)/,
    ),
  )
})
