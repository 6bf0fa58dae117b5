/** Zones as stretches, against the runtime's own calendar and against a count of single moments. */
import assert from 'node:assert/strict'
import t from 'tap'
import { Temporal } from 'temporal-polyfill'
import fc from '../testing/properties.ts'
import {
  calendarYears,
  dayMs,
  inCalendar,
  instantsOf,
  isKnownZone,
  localDayOf,
  localMsOf,
  localMsOfText,
  minuteMs,
  piecesOf,
  stretchesOf,
  textOfLocalMs,
  united,
  type Piece,
} from './zones.ts'

const zones = [
  'UTC',
  'America/New_York',
  'Europe/London',
  'Australia/Lord_Howe',
  'Asia/Kathmandu',
  'Pacific/Apia',
] as const
const halfHourMs = 30 * minuteMs
const [beginMs, endMs] = [Date.UTC(2011, 0, 1), Date.UTC(2013, 0, 1)]

/** The local time by the runtime's calendar, as a number. */
const shown = (zone: string) => {
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone: zone,
    hourCycle: 'h23',
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
  })
  return (ms: number): number => {
    const part = new Map(format.formatToParts(ms).map(({ type, value }) => [type, value]))
    const [year, month, day, hour, minute] = ['year', 'month', 'day', 'hour', 'minute'].map(name =>
      Number(part.get(name as Intl.DateTimeFormatPartTypes)),
    ) as [number, number, number, number, number]
    return Date.UTC(year, month - 1, day, hour, minute)
  }
}
const shownIn = new Map(zones.map(zone => [zone, shown(zone)]))
/** All stretches of two years, found by looking at each half hour of the days of a change. */
const scanned = new Map(
  zones.map(zone => {
    const read = shownIn.get(zone)!
    const found: { fromMs: number; offsetMs: number }[] = []
    const look = (ms: number): void => {
      const offsetMs = read(ms) - ms
      if (found.at(-1)?.offsetMs !== offsetMs) found.push({ fromMs: ms, offsetMs })
    }
    look(beginMs)
    for (let day = beginMs; day < endMs; day += dayMs)
      if (read(day + dayMs) - day - dayMs !== found.at(-1)!.offsetMs)
        for (let ms = day; ms <= day + dayMs; ms += halfHourMs) look(ms)
    return [zone, found]
  }),
)
const Zone = fc.constantFrom(...zones)
const Moment = fc.integer({ min: beginMs + dayMs, max: endMs - dayMs })

/** Calls `ask` and returns how often it looked for a change of the clock. */
function looks(ask: () => void): number {
  const type = Temporal.ZonedDateTime.prototype
  const { getTimeZoneTransition } = type
  let count = 0
  type.getTimeZoneTransition = function (this: Temporal.ZonedDateTime, ...args: [never]) {
    count++
    return getTimeZoneTransition.apply(this, args)
  } as typeof getTimeZoneTransition
  try {
    ask()
  } finally {
    type.getTimeZoneTransition = getTimeZoneTransition
  }
  return count
}

t.test('the stretches of any time are those that a walk over it finds', async () => {
  fc.assert(
    fc.property(
      Zone,
      Moment,
      fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 400 * dayMs })),
      (zone, from, length) => {
        const to = Math.min(from + length, endMs)
        const all = scanned.get(zone)!
        const touching = all.filter(
          ({ fromMs }, i) =>
            fromMs < Math.max(to, from + 1) && (all[i + 1]?.fromMs ?? Infinity) > from,
        )
        const found = stretchesOf(zone, from, to)
        assert.deepEqual(found.slice(1), touching.slice(1))
        assert.equal(found[0]!.offsetMs, touching[0]!.offsetMs)
        assert.ok(found[0]!.fromMs <= from)
      },
    ),
    { numRuns: 500, seed: 41 },
  )
})

t.test('a stretch begins where the clock changes, and the one before it ends there', async t => {
  for (const zone of ['America/New_York', 'Australia/Lord_Howe'] as const) {
    const { fromMs, offsetMs } = scanned.get(zone)![1]!
    t.equal(stretchesOf(zone, fromMs - 1, fromMs).length, 1)
    t.equal(stretchesOf(zone, fromMs - 1, fromMs + 1).length, 2)
    t.strictSame(stretchesOf(zone, fromMs, fromMs + 1), [{ fromMs, offsetMs }])
  }
})

t.test('local times and their instants are those of the runtime', async t => {
  let [none, two] = [0, 0]
  const nearChange = fc
    .tuple(Zone, fc.nat(), fc.integer({ min: -30, max: 30 }))
    .map(([zone, which, n]): [(typeof zones)[number], number] => {
      const all = scanned.get(zone)!
      const { fromMs } = all[which % all.length]!
      return [zone, Math.max(fromMs, beginMs + 2 * dayMs) + n * 10 * minuteMs]
    })
  fc.assert(
    fc.property(fc.oneof(fc.tuple(Zone, Moment), nearChange), ([zone, atMs]) => {
      const read = shownIn.get(zone)!
      const minute = Math.floor(atMs / minuteMs) * minuteMs
      assert.equal(localMsOf(zone, atMs), read(minute) + (atMs - minute))
      assert.equal(localDayOf(zone, atMs), Math.floor(read(minute) / dayMs))
      const known = scanned.get(zone)!
      const should = [...new Set(known.map(({ offsetMs }) => minute - offsetMs))]
        .filter(ms => read(ms) === minute)
        .toSorted((a, b) => a - b)
      const is = instantsOf(zone, minute)
      assert.deepEqual(is, should)
      if (is.length === 0) none++
      if (is.length === 2) two++
    }),
    { numRuns: 1_000, seed: 42 },
  )
  t.ok(none > 10 && two > 5, `${none} times do not exist, ${two} exist twice`)
})

t.test('what was read once is not read again', async t => {
  const zone = 'Europe/Paris'
  const from = Date.UTC(2030, 0, 1)
  const ask = (fromMs: number, toMs = fromMs + dayMs) =>
    looks(() => stretchesOf(zone, fromMs, toMs))
  t.ok(ask(from) > 0)
  t.equal(ask(from), 0)
  t.equal(ask(from + 3 * 365 * dayMs), 0, 'three years are read ahead')
  t.equal(ask(from - 29 * dayMs), 0, 'and a month back')
  t.ok(ask(from - 365 * dayMs) > 0)
  t.equal(ask(from - 365 * dayMs, from + 3 * 365 * dayMs), 0, 'what was known stays known')
  t.ok(ask(from + 6 * 365 * dayMs) > 0)
  t.equal(ask(from - 365 * dayMs, from + 6 * 365 * dayMs), 0)
  t.equal(ask(Date.UTC(2098, 6, 1), Date.UTC(2150, 0, 1)) > 0, true)
  t.equal(ask(Date.UTC(2098, 6, 1), Date.UTC(9999, 0, 1)), 0, 'the last year ends it')
  t.equal(stretchesOf(zone, Date.UTC(1990, 0, 1), Date.UTC(1990, 0, 2)).length, 1)
  t.equal(ask(-8e15, 0), 0, 'and the first year begins it')
  t.equal(stretchesOf(zone, Date.UTC(2099, 11, 1), Date.UTC(2099, 11, 2)).length, 1)
  t.ok(ask(from, from) === 0 && stretchesOf(zone, from, from - dayMs).length === 1)
})

t.test('a caller that invents names of zones makes this process forget, and not grow', async t => {
  // A name is not sensitive to its case, and these zones have no changes.
  const names = Array.from({ length: 26 * 64 }, (_, n) => {
    const zone = `etc/gmt${n % 26 < 14 ? `-${n % 26}` : `+${(n % 26) - 13}`}`
    const which = Math.floor(n / 26)
    return zone.replaceAll(/[a-z]/g, (letter, i: number) =>
      (which >> (i < 3 ? i : i - 1)) & 1 ? letter.toUpperCase() : letter,
    )
  })
  const at = Date.UTC(2030, 0, 1)
  const isForgotten = () => looks(() => stretchesOf('Europe/Rome', at, at + 1)) > 0
  const invented = [...new Set(names)]
  t.ok(invented.length > 1_000)
  isForgotten()
  for (const zone of invented.slice(0, 500)) stretchesOf(zone, at, at + 1)
  t.equal(isForgotten(), false)
  for (const zone of invented.slice(500)) stretchesOf(zone, at, at + 1)
  t.equal(isForgotten(), true)
})

t.test('a name is known that the database of zones and this process know', async t => {
  for (const name of ['UTC', 'Asia/Kathmandu', 'America/Argentina/Buenos_Aires'])
    t.equal(isKnownZone(name), true, name)
  // The runtime knows CST as another name of Chicago; as a zone of dates it is not known.
  for (const name of ['', 'Mars/Base', '+05:45', 'CST', 'Asia/Kathmandu '])
    t.equal(isKnownZone(name), false, name)
  t.throws(() => stretchesOf('Mars/Base', 0, 1), RangeError)
})

t.test('the calendar has the years of its rule', async t => {
  t.strictSame(calendarYears, { from: 2000, before: 2100 })
  const [begins, ends] = [Date.UTC(2000, 0, 1), Date.UTC(2100, 0, 1)]
  t.strictSame([begins - 1, begins, ends - 1, ends].map(inCalendar), [false, true, true, false])
})

/** Clocks of a made-up place: from each moment on another offset. Moments are small numbers. */
const Clocks = fc
  .array(
    fc.record({
      fromMs: fc.integer({ min: 1, max: 60 }),
      offsetMs: fc.integer({ min: -9, max: 9 }),
    }),
    {
      minLength: 1,
      maxLength: 4,
    },
  )
  .map(all =>
    [...new Map(all.map(one => [one.fromMs, one])).values()].toSorted(
      (a, b) => a.fromMs - b.fromMs,
    ),
  )
const momentsOf = (pieces: readonly Piece[]): number[] =>
  pieces.flatMap(({ fromMs, toMs }) => Array.from({ length: toMs - fromMs }, (_, i) => fromMs + i))

t.test('local hours as pieces have the moments whose local time is within them', async () => {
  fc.assert(
    fc.property(
      Clocks,
      fc.integer({ min: -5, max: 70 }),
      fc.integer({ min: 0, max: 30 }),
      (clocks, from, length) => {
        const pieces = piecesOf(clocks, from, from + length)
        for (const { fromMs, toMs } of pieces) assert.ok(fromMs < toMs, 'no piece is empty')
        const should = []
        for (let ms = -30; ms < 130; ms++) {
          const { offsetMs } = clocks.findLast(one => one.fromMs <= ms) ?? clocks[0]!
          if (ms + offsetMs >= from && ms + offsetMs < from + length) should.push(ms)
        }
        assert.deepEqual(momentsOf(pieces), should)
      },
    ),
    { numRuns: 1_000, seed: 43 },
  )
})

t.test('united pieces have the same moments, in order, with a gap between each two', async t => {
  const Pieces = fc.array(
    fc
      .record({ fromMs: fc.integer({ min: 0, max: 40 }), length: fc.integer({ min: 1, max: 9 }) })
      .map(({ fromMs, length }) => ({ fromMs, toMs: fromMs + length })),
    { maxLength: 8 },
  )
  fc.assert(
    fc.property(Pieces, pieces => {
      const before = structuredClone(pieces)
      const whole = united(pieces)
      assert.deepEqual(pieces, before, 'the argument is left as it was')
      t.strictSame(
        momentsOf(whole),
        [...new Set(momentsOf(pieces))].toSorted((a, b) => a - b),
      )
      for (const [i, { fromMs }] of whole.entries())
        if (i > 0) assert.ok(fromMs > whole[i - 1]!.toMs)
    }),
    { numRuns: 1_000, seed: 44 },
  )
})

t.test('a local time as a text, and back', async t => {
  const noon = Date.UTC(2026, 11, 24, 12, 34)
  t.equal(localMsOfText('2026-12-24T12:34'), noon)
  t.equal(textOfLocalMs(noon), '2026-12-24T12:34')
  t.equal(localMsOfText('2026-12-24T23:59'), Date.UTC(2026, 11, 24, 23, 59))
  t.equal(localMsOfText('2026-12-24T00:00'), Date.UTC(2026, 11, 24))
  for (const text of [
    '',
    'noon',
    '2026-12-24',
    '2026-12-24T24:00',
    '2026-12-24T12:60',
    '2026-12-24T99:59',
    '2026-02-30T12:00',
    '2026-12-24T1:30',
    '2026-12-24T12:3',
    '2026-12-24T12:345',
    '2026-12-24T12:34Z',
    '2026-12-24T12:34:00',
    '2026-12-24 12:34',
    ' 2026-12-24T12:34',
    '12026-12-24T12:34',
    '026-12-24T12:34',
    '2026-2-24T12:34',
    '2026-12-4T12:34',
    'yyyy-mm-ddT12:34',
    '2026-12-24Thh:34',
    '2026-12-24T12:mm',
  ])
    t.equal(localMsOfText(text), null, text)
})
