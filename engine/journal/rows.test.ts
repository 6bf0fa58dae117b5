/** Array literals, as Postgres reads them. */
import t from 'tap'
import { plainArray, textArray } from './rows.ts'

t.test('numbers, ids and null need no quotes', async t => {
  for (const [values, text] of [
    [[], '{}'],
    [[1], '{1}'],
    [[0, null, 'a', 2], '{0,NULL,a,2}'],
    [[null, null], '{NULL,NULL}'],
    [[null], '{NULL}'],
  ] as const)
    t.equal(plainArray(values), text)
})

t.test('text from outside is quoted and escaped, and loses its NUL', async t => {
  for (const [values, text] of [
    [[], '{}'],
    [[''], '{""}'],
    [['a,b}', null], '{"a,b}",NULL}'],
    [['NULL'], '{"NULL"}'],
    [['say "no"', 'back\\slash'], '{"say \\"no\\"","back\\\\slash"}'],
    [['nul\0gone'], '{"nulgone"}'],
    [['\0"\\'], '{"\\"\\\\"}'],
  ] as const)
    t.equal(textArray(values), text)
})
