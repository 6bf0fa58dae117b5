/** If-Match: the lists of tags that match a revision. */
import t from 'tap'
import { CaduceusError } from '../../protocol/kernel/errors.ts'
import { etagOf, requireRevision } from './preconditions.ts'

t.test('If-Match passes with a star or the strong tag of the revision', async t => {
  t.equal(etagOf(7), '"7"')
  for (const [given, passes] of [
    [undefined, true],
    ['*', true],
    ['"7"', true],
    ['"6", "7"', true],
    [' "7" ', true],
    ['"6"', false],
    ['7', false],
    ['W/"7"', false],
    ['""', false],
    ['', false],
    ['"7', false],
    ['"99999999999999999999"', false],
  ] as const) {
    const check = () => requireRevision(given === undefined ? {} : { 'if-match': given }, 7)
    if (passes) t.doesNotThrow(check, `${given}`)
    else
      t.throws(
        check,
        new CaduceusError(
          'precondition_failed',
          'the record has changed since it was read; read it again and repeat the change',
        ),
        `${given}`,
      )
  }
})
