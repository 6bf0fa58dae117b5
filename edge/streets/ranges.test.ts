/** Parts of a file as RFC 9110, 14.1.2 and 14.2 describe them. */
import t from 'tap'
import { partOf } from './ranges.ts'

t.test('a part is read as the standard says', async t => {
  for (const [range, expected] of [
    [undefined, null],
    ['bytes=0-499', { start: 0, end: 500 }],
    ['bytes=500-999', { start: 500, end: 1_000 }],
    ['bytes=-500', { start: 9_500, end: 10_000 }],
    ['bytes=9500-', { start: 9_500, end: 10_000 }],
    ['bytes=-20000', { start: 0, end: 4_000 }],
    ['bytes=9999-20000', { start: 9_999, end: 10_000 }],
    ['bytes=0-', { start: 0, end: 4_000 }],
    ['BYTES = 0 - 0 ', { start: 0, end: 1 }],
    ['bytes=10000-', 'unsatisfiable'],
    ['bytes=-0', 'unsatisfiable'],
    ['bytes=999999999999999-', 'unsatisfiable'],
    ['bytes=5-4', null],
    ['bytes=-', null],
    ['bytes=0-1,5-6', null],
    ['bytes=a-b', null],
    ['bytes=1e3-', null],
    ['bytes=9999999999999999-', null],
    ['items=0-1', null],
  ] as const)
    t.same(partOf(range, 10_000, 4_000), expected, String(range))
  t.equal(partOf('bytes=0-', 0, 4_000), 'unsatisfiable', 'an empty file has no bytes')
})
