/** Opening hours in every time zone, through changes of the clock. */
import t from 'tap'
import {
  clocksHeld,
  clocksMax,
  isTimeZone,
  localMinuteOfWeek,
  openAt,
  type OpeningHours,
} from './opening-hours.ts'
import { weekdays } from './weekdays.ts'

const day = (open: string, close: string) => [{ open, close }]
const everyDay = (open: string, close: string): OpeningHours =>
  Object.fromEntries(weekdays.map(name => [name, day(open, close)]))
const office: OpeningHours = {
  mon: [
    { open: '09:00', close: '13:00' },
    { open: '14:00', close: '18:30' },
  ],
  sat: day('10:00', '24:00'),
}

t.test('open or closed to the minute, also through both changes of the clock', async t => {
  const table: [
    name: string,
    hours: OpeningHours | null,
    timeZone: string,
    at: string,
    open: boolean,
  ][] = [
    ['no hours', null, 'UTC', '2026-01-01T03:00:00Z', true],
    ['a week without a day', {}, 'UTC', '2026-01-05T12:00:00Z', false],
    ['a minute before', office, 'UTC', '2026-01-05T08:59:59.999Z', false],
    ['the first minute', office, 'UTC', '2026-01-05T09:00:00Z', true],
    ['the last minute', office, 'UTC', '2026-01-05T12:59:59.999Z', true],
    ['at closing', office, 'UTC', '2026-01-05T13:00:00Z', false],
    ['after the break', office, 'UTC', '2026-01-05T14:00:00Z', true],
    ['a day not named', office, 'UTC', '2026-01-06T10:00:00Z', false],
    ['until midnight', office, 'UTC', '2026-01-10T23:59:00Z', true],
    ['not after midnight', office, 'UTC', '2026-01-11T00:00:00Z', false],
    ['a zone half an hour off the hour', office, 'Asia/Kolkata', '2026-01-05T03:30:00Z', true],
    [
      'a zone a quarter off the hour, before opening',
      office,
      'Asia/Kathmandu',
      '2026-01-05T03:14:00Z',
      false,
    ],
    ['a zone a quarter off the hour, open', office, 'Asia/Kathmandu', '2026-01-05T03:15:00Z', true],
    ['still Sunday in New York', office, 'America/New_York', '2026-01-05T04:00:00Z', false],
    ['already Monday in Auckland', office, 'Pacific/Auckland', '2026-01-04T20:30:00Z', true],
    // Past midnight, and past the end of the week.
    ['night of Sunday', { sun: day('22:00', '06:00') }, 'UTC', '2026-01-05T05:59:00Z', true],
    [
      'the end of that night on Monday',
      { sun: day('22:00', '06:00') },
      'UTC',
      '2026-01-05T06:00:00Z',
      false,
    ],
    ['not the night before', { sun: day('22:00', '06:00') }, 'UTC', '2026-01-04T05:00:00Z', false],
    ['round the clock', { mon: day('08:00', '08:00') }, 'UTC', '2026-01-06T07:59:00Z', true],
    ['round the clock, over', { mon: day('08:00', '08:00') }, 'UTC', '2026-01-06T08:00:00Z', false],
    // Berlin, 29 March 2026: 01:59 is followed by 03:00 at 01:00 UTC. Nine o'clock is an hour
    // earlier by UTC.
    [
      'Saturday before, nine',
      everyDay('09:00', '18:00'),
      'Europe/Berlin',
      '2026-03-28T08:00:00Z',
      true,
    ],
    [
      'Saturday before, a minute to nine',
      everyDay('09:00', '18:00'),
      'Europe/Berlin',
      '2026-03-28T07:59:00Z',
      false,
    ],
    [
      'the day itself, nine',
      everyDay('09:00', '18:00'),
      'Europe/Berlin',
      '2026-03-29T07:00:00Z',
      true,
    ],
    [
      'the day itself, a minute to nine',
      everyDay('09:00', '18:00'),
      'Europe/Berlin',
      '2026-03-29T06:59:00Z',
      false,
    ],
    [
      'the day itself, six',
      everyDay('09:00', '18:00'),
      'Europe/Berlin',
      '2026-03-29T16:00:00Z',
      false,
    ],
    [
      'opens in the hour that is left out: before',
      { sun: day('02:30', '04:00') },
      'Europe/Berlin',
      '2026-03-29T00:59:00Z',
      false,
    ],
    [
      'opens in the hour that is left out: after the jump',
      { sun: day('02:30', '04:00') },
      'Europe/Berlin',
      '2026-03-29T01:00:00Z',
      true,
    ],
    [
      'lies in the hour that is left out',
      { sun: day('02:10', '02:50') },
      'Europe/Berlin',
      '2026-03-29T01:00:00Z',
      false,
    ],
    [
      'over the night of the change',
      { sat: day('22:00', '06:00') },
      'Europe/Berlin',
      '2026-03-29T03:59:00Z',
      true,
    ],
    [
      'over the night of the change, end',
      { sat: day('22:00', '06:00') },
      'Europe/Berlin',
      '2026-03-29T04:00:00Z',
      false,
    ],
    // Berlin, 25 October 2026: 02:59 is followed by 02:00 at 01:00 UTC. Two o'clock happens twice.
    [
      "first two o'clock",
      { sun: day('02:00', '03:00') },
      'Europe/Berlin',
      '2026-10-25T00:00:00Z',
      true,
    ],
    [
      "second two o'clock",
      { sun: day('02:00', '03:00') },
      'Europe/Berlin',
      '2026-10-25T01:30:00Z',
      true,
    ],
    [
      "three o'clock",
      { sun: day('02:00', '03:00') },
      'Europe/Berlin',
      '2026-10-25T02:00:00Z',
      false,
    ],
    [
      'closes at half past two: between the halves',
      { sun: day('01:00', '02:30') },
      'Europe/Berlin',
      '2026-10-25T00:45:00Z',
      false,
    ],
    [
      'closes at half past two: open again when it is two again',
      { sun: day('01:00', '02:30') },
      'Europe/Berlin',
      '2026-10-25T01:15:00Z',
      true,
    ],
    // New York, 8 March and 1 November 2026; Lord Howe changes by half an hour, 5 April 2026.
    [
      'New York, spring',
      everyDay('08:00', '20:00'),
      'America/New_York',
      '2026-03-08T12:00:00Z',
      true,
    ],
    [
      'New York, the day before',
      everyDay('08:00', '20:00'),
      'America/New_York',
      '2026-03-07T12:59:00Z',
      false,
    ],
    [
      'New York, autumn',
      everyDay('08:00', '20:00'),
      'America/New_York',
      '2026-11-01T12:59:00Z',
      false,
    ],
    [
      'Lord Howe, before',
      everyDay('09:00', '17:00'),
      'Australia/Lord_Howe',
      '2026-04-03T22:00:00Z',
      true,
    ],
    [
      'Lord Howe, after',
      everyDay('09:00', '17:00'),
      'Australia/Lord_Howe',
      '2026-04-05T22:29:00Z',
      false,
    ],
    [
      'Lord Howe, after, half an hour later',
      everyDay('09:00', '17:00'),
      'Australia/Lord_Howe',
      '2026-04-05T22:30:00Z',
      true,
    ],
    ['an unknown zone is UTC', office, 'Mars/Olympus', '2026-01-05T09:00:00Z', true],
  ]
  for (const [name, hours, timeZone, at, open] of table)
    t.equal(openAt(hours, timeZone, Date.parse(at)), open, name)
})

t.test('the minute of the week grows by one, except once when the clock changes', async t => {
  const fromMs = Date.parse('2026-03-28T00:00:00Z')
  let jumps = 0
  for (let minute = 0; minute < 3 * 1_440; minute++) {
    const step =
      (localMinuteOfWeek('Europe/Berlin', fromMs + (minute + 1) * 60_000) -
        localMinuteOfWeek('Europe/Berlin', fromMs + minute * 60_000) +
        10_080) %
      10_080
    if (step !== 1) jumps++
  }
  t.equal(jumps, 1)
})

t.test('names of the time zone database are time zones, and offsets are not', async t => {
  for (const name of ['UTC', 'Asia/Kolkata', 'America/Argentina/Buenos_Aires', 'Etc/GMT+5'])
    t.ok(isTimeZone(name), name)
  for (const name of [
    '',
    '+05:30',
    'CET ',
    'Mars/Olympus',
    'Europe/../Berlin',
    'x'.repeat(100),
    'UTC; drop table',
  ])
    t.notOk(isTimeZone(name), name)
})

t.test('invented names of time zones take no memory without end', async t => {
  const nowMs = Date.parse('2026-01-05T12:34:00Z')
  let most = 0
  for (let n = 0; n <= 2 * clocksMax; n++) {
    localMinuteOfWeek(`Nowhere/Town_${n}`, nowMs)
    most = Math.max(most, clocksHeld())
  }
  t.equal(most, clocksMax)
  t.equal(localMinuteOfWeek('Europe/Berlin', nowMs), 13 * 60 + 34)
})
