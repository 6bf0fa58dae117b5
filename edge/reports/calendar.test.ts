/**
 * Days of local time: across changes of the clocks, in unusual time zones, and in the ranges of
 * queries.
 */
import fc from '../../protocol/testing/properties.ts'
import t from 'tap'
import { reportLimits } from './limits.ts'
import { dateAt, datesOf, localTime, rangeOf } from './calendar.ts'

t.test('local time contains its offset from UTC', async t => {
  for (const [utc, timeZone, expected] of [
    ['2026-01-15T12:00:00.000Z', 'UTC', '2026-01-15T12:00:00+00:00'],
    ['2026-03-29T00:59:59.999Z', 'Europe/Berlin', '2026-03-29T01:59:59+01:00'],
    ['2026-03-29T01:00:00.000Z', 'Europe/Berlin', '2026-03-29T03:00:00+02:00'],
    ['2026-10-25T00:30:00.000Z', 'Europe/Berlin', '2026-10-25T02:30:00+02:00'],
    ['2026-10-25T01:30:00.000Z', 'Europe/Berlin', '2026-10-25T02:30:00+01:00'],
    ['2026-07-01T03:59:59.000Z', 'America/New_York', '2026-06-30T23:59:59-04:00'],
    ['2026-06-01T18:30:00.000Z', 'Asia/Kolkata', '2026-06-02T00:00:00+05:30'],
    ['2026-01-01T00:00:00.000Z', 'Pacific/Kiritimati', '2026-01-01T14:00:00+14:00'],
    ['2026-10-03T15:30:00.000Z', 'Australia/Lord_Howe', '2026-10-04T02:30:00+11:00'],
  ] as const)
    t.equal(localTime(utc, timeZone), expected)
  t.equal(localTime(null, 'UTC'), '')
})

t.test('local time names the same moment', async t => {
  const zones = [
    'UTC',
    'Europe/Berlin',
    'America/St_Johns',
    'Asia/Kathmandu',
    'Australia/Lord_Howe',
    'Africa/Cairo',
  ]
  fc.assert(
    fc.property(
      fc.integer({ min: Date.UTC(2000, 0), max: Date.UTC(2040, 0) }),
      fc.constantFrom(...zones),
      (ms, timeZone) => {
        const text = localTime(new Date(ms).toISOString(), timeZone)
        return (
          Date.parse(text) === Math.floor(ms / 1000) * 1000 && text.startsWith(dateAt(ms, timeZone))
        )
      },
    ),
  )
  t.pass('in every zone and at every moment')
})

t.test('ranges are read, and invalid ranges are refused', async t => {
  const nowMs = Date.parse('2026-03-28T23:30:00Z')
  const of = (asked: Parameters<typeof rangeOf>[0], timeZone = 'Europe/Berlin') => {
    try {
      return rangeOf(asked, timeZone, nowMs)
    } catch (error) {
      return (error as Error).message
    }
  }
  t.same(of({}), { from: '2026-03-29', to: '2026-03-29' }, 'today in the time zone')
  t.same(of({}, 'America/New_York'), { from: '2026-03-28', to: '2026-03-28' })
  t.same(of({ date: '2026-02-28' }), { from: '2026-02-28', to: '2026-02-28' })
  t.same(of({ from: '2026-03-01' }), { from: '2026-03-01', to: '2026-03-29' }, 'until today')
  t.same(of({ from: '2026-04-01' }), { from: '2026-04-01', to: '2026-04-01' })
  t.same(of({ to: '2026-03-01' }), { from: '2026-03-01', to: '2026-03-01' })
  t.match(of({ date: '2026-03-01', to: '2026-03-02' }), /not both/)
  t.match(of({ date: '2026-02-30' }), /date is no day of the calendar/)
  t.match(of({ from: '2026-03-02', to: '2026-03-01' }), /from is after to/)
  t.match(
    of({ from: '2020-01-01', to: '2026-03-01' }),
    new RegExp(`more than ${reportLimits.reportDaysMax} days`),
  )
  t.same(
    rangeOf({ from: '2020-01-01', to: '2026-03-01' }, 'UTC', nowMs, Number.POSITIVE_INFINITY),
    { from: '2020-01-01', to: '2026-03-01' },
  )
  const year = datesOf({ from: '2024-01-01', to: '2024-12-31' })
  t.equal(year.length, 366)
  t.equal(new Set(year).size, 366)
  t.ok(year.includes('2024-02-29'))
})
