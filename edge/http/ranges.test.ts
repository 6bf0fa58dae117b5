/** Parts of a file as RFC 9110, 14.1.2 and 14.2 describe them. */
import t from 'tap'
import { contentRange, rangeOf } from './ranges.ts'

t.test('a part is read as the standard says', async t => {
  for (const [range, expected] of [
    [undefined, null],
    ['bytes=0-499', { from: 0, to: 499 }],
    ['bytes=500-999', { from: 500, to: 999 }],
    ['bytes=-500', { from: 9_500, to: 9_999 }],
    ['bytes=9500-', { from: 9_500, to: 9_999 }],
    ['bytes=-20000', { from: 0, to: 3_999 }],
    ['bytes=9999-20000', { from: 9_999, to: 9_999 }],
    ['bytes=0-', { from: 0, to: 3_999 }],
    ['BYTES=0-0', { from: 0, to: 0 }],
    ['bytes=1 2-30', null],
    ['bytes= 0-1', null],
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
    t.same(rangeOf(range, 10_000, 4_000), expected, String(range))
  t.equal(rangeOf('bytes=0-', 0, 4_000), 'unsatisfiable', 'an empty file has no bytes')
  t.same(rangeOf('bytes=5-', 10_000), { from: 5, to: 9_999 }, 'without a bound')
  t.equal(contentRange({ from: 5, to: 9 }, 10), 'bytes 5-9/10')
})
