/** The readers of numbers, times and places, as phones write them. */
import t from 'tap'
import {
  fieldsOf,
  fixOf,
  flagOf,
  knownOf,
  listOf,
  numberOf,
  percentOf,
  speedOf,
  speedUnits,
  type Fix,
} from './fix.ts'
import { deviceLimits } from './limits.ts'
import { contentOf, formFields, readAll } from './message.ts'

const table = (read: (value: unknown) => unknown, rows: readonly [unknown, unknown][]) => {
  for (const [value, should] of rows) t.strictSame(read(value), should, JSON.stringify(value))
}

t.test('a number is a finite one, or its text', async () => {
  table(numberOf, [
    [0, 0],
    [-1.5, -1.5],
    [Infinity, null],
    [NaN, null],
    ['60', 60],
    [' 60.5 ', 60.5],
    ['+1', 1],
    ['-1', -1],
    ['1.', 1],
    ['.25', 0.25],
    ['1e10', 1e10],
    ['1e3', 1_000],
    ['1E-2', 0.01],
    ['1e+2', 100],
    ['1e999', null],
    ['1e9999', null],
    ['', null],
    ['.', null],
    ['1.2.3', null],
    ['1 2', null],
    ['1e', null],
    ['0x10', null],
    ['NaN', null],
    ['x1', null],
    ['1x', null],
    [true, null],
    [null, null],
    [undefined, null],
    [[1], null],
    ['0'.repeat(deviceLimits.numberCharactersMax), 0],
    ['0'.repeat(deviceLimits.numberCharactersMax + 1), null],
  ])
})

t.test('a negative number is unknown, and so is a share beyond a hundred', async t => {
  table(knownOf, [
    [0, 0],
    [-0.1, null],
    ['-1', null],
    ['x', null],
    ['7.5', 7.5],
  ])
  table(percentOf, [
    [0, 0],
    [99.6, 100],
    [100, 100],
    [100.1, null],
    [-1, null],
    ['x', null],
  ])
  table(flagOf, [
    [true, true],
    [1, true],
    ['1', true],
    ['true', true],
    [false, false],
    [0, false],
    ['0', false],
    ['yes', false],
    [undefined, false],
  ])
  t.strictSame(speedUnits, ['mps', 'kmh', 'knots'])
  t.strictSame(speedOf(36, 'mps'), 36)
  t.strictSame(speedOf('36', 'kmh'), 36 * (1 / 3.6))
  t.strictSame(speedOf(3_600, 'knots'), 3_600 * (1852 / 3600))
  t.strictSame(speedOf(-1, 'knots'), null)
})

t.test('fields are those of an object, and one value is a list of one', async t => {
  t.strictSame(fieldsOf({ a: 1 }), new Map([['a', 1]]))
  for (const value of [null, undefined, 'a', 1, [], [1]]) t.equal(fieldsOf(value), null)
  t.strictSame([listOf(1), listOf([1, 2]), listOf(undefined)], [[1], [1, 2], [undefined]])
})

const rest: Omit<Fix, 'latitude' | 'longitude' | 'atMs'> = {
  headingDeg: 1,
  speedMps: 2,
  accuracyM: 3,
  batteryPercent: 4,
  simulated: false,
}
t.test('a place without one of its numbers is no position, or cannot be read', async t => {
  const at = (latitude: unknown, longitude: unknown) =>
    fixOf({ latitude, longitude, at: undefined }, rest)
  t.strictSame(at('60', 30), { latitude: 60, longitude: 30, atMs: null, ...rest })
  for (const nothing of [undefined, null, '']) {
    t.equal(at(nothing, nothing), 'no_position')
    t.equal(at(60, nothing), 'unreadable')
    t.equal(at(nothing, 30), 'unreadable')
  }
  t.equal(at('x', 30), 'unreadable')
  t.equal(at(60, 'x'), 'unreadable')
})

t.test('a time is in seconds, in milliseconds, or a text with or without a zone', async () => {
  const read = (at: unknown) => {
    const fix = fixOf({ latitude: 60, longitude: 30, at }, rest)
    return typeof fix === 'string' ? fix : fix.atMs
  }
  const noon = Date.UTC(2026, 0, 31, 12, 30, 15)
  table(read, [
    [undefined, null],
    [null, null],
    ['', null],
    [noon / 1_000, noon],
    [noon / 1_000 + 0.0005, noon],
    [String(noon / 1_000), noon],
    [noon, noon],
    [noon + 0.5, noon],
    [2 ** 31 - 1, (2 ** 31 - 1) * 1_000],
    [2 ** 31, 2 ** 31],
    [1, 1_000],
    [0, 'unreadable'],
    [-1, 'unreadable'],
    ['2026-01-31T12:30:15Z', noon],
    ['2026-01-31T13:30:15+01:00', noon],
    [' 2026-01-31 12:30:15 ', noon],
    ['2026-01-31T12:30:15', noon],
    ['2026-01-31 12:30:15.25', noon + 250],
    ['2026-01-31', 'unreadable'],
    ['2026-01-31 12:30', 'unreadable'],
    ['at 2026-01-31 12:30:15', 'unreadable'],
    ['2026-01-31 12:30:15 or so', 'unreadable'],
    ['2026-02-31 12:30:15', 'unreadable'],
    ['soon', 'unreadable'],
    [true, 'unreadable'],
    [{}, 'unreadable'],
  ])
})

t.test('the first character of a body says what it is', async t => {
  const content = (text: string) => contentOf(Buffer.from(text))
  t.equal(contentOf(null), 'unreadable')
  for (const blank of ['', ' ', ' \t\r\n']) t.equal(content(blank), 'empty')
  t.strictSame(content(' \n{"a":1}'), { json: { a: 1 } })
  t.strictSame(content('[1]'), { json: [1] })
  t.equal(content('{"a"'), 'unreadable')
  t.equal(content('[1'), 'unreadable')
  t.strictSame(content('a=1'), { form: 'a=1' })
  t.strictSame(content('"a"'), { form: '"a"' })
})

t.test('of a name that is given twice the first value counts', async t => {
  t.strictSame(
    formFields('a=1&b=2&a=3', 'b=4&c=5'),
    new Map([
      ['a', '1'],
      ['b', '2'],
      ['c', '5'],
    ]),
  )
})

t.test('items beyond the bound are counted and not read', async t => {
  const most = deviceLimits.positionsPerRequestMax
  const read = (n: number) => {
    let calls = 0
    const readings = readAll(
      Array.from({ length: n }, (_, i) => i),
      item => {
        calls++
        return item === 0 ? 'unreadable' : 'no_position'
      },
    )
    t.equal(readings[0], 'unreadable')
    return [calls, readings.length, readings.filter(one => one === 'too_many').length]
  }
  t.strictSame(read(most), [most, most, 0])
  t.strictSame(read(most + 2), [most, most + 2, 2])
})
