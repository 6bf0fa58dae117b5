/**
 * Free slots over zones and changes of the clock, against a second way to compute them: minute by
 * minute, with the local times that the runtime's own calendar shows.
 */
import t from 'tap'
import fc from '../testing/properties.ts'
import { weekdays } from '../pharmacies/weekdays.ts'
import {
  FreeSlots,
  nextFree,
  slotsBetween,
  verdictOn,
  type SlotTerms,
  type Taken,
} from './availability.ts'
import { minuteOf } from './terms.ts'
import { dayMs, inCalendar, minuteMs, stretchesOf } from './zones.ts'

const zones = [
  'America/New_York',
  'Europe/London',
  'Australia/Lord_Howe',
  'Asia/Kathmandu',
  'Africa/Casablanca',
  'Pacific/Apia',
] as const
const hourMs = 60 * minuteMs

const plain: SlotTerms = {
  active: true,
  time_zone: 'UTC',
  duration_minutes: 30,
  interval_minutes: 30,
  capacity: 1,
  notice_minutes: 0,
  buffer_before_minutes: 0,
  buffer_after_minutes: 0,
  window_days: 366,
  rules: [{ days: [...weekdays], from: '09:00', to: '12:00' }],
  overrides: [],
  leave: [],
  closures: [],
}
const at = (text: string): number => Date.parse(text)
const texts = (times: readonly number[]): string[] =>
  times.map(time => new Date(time).toISOString().slice(0, 16))
const starts = (
  terms: Partial<SlotTerms>,
  from: string,
  to: string,
  taken: readonly Taken[] = [],
): string[] => {
  const { startsMs, seats } = slotsBetween(
    { ...plain, ...terms },
    taken,
    at(from),
    at(to),
    at(from) - dayMs,
  )
  return texts(startsMs.filter((_, i) => seats[i]! > 0))
}

t.test('slots follow the local hours through both changes of the clock', async t => {
  const nine = (time_zone: string) => ({
    time_zone,
    rules: [{ days: [...weekdays], from: '09:00', to: '09:30' }],
  })
  // 2027: New York changes on 14 March and 7 November, London on 28 March and 31 October.
  t.same(starts(nine('America/New_York'), '2027-03-13T00:00Z', '2027-03-16T00:00Z'), [
    '2027-03-13T14:00',
    '2027-03-14T13:00',
    '2027-03-15T13:00',
  ])
  t.same(starts(nine('America/New_York'), '2027-11-06T00:00Z', '2027-11-09T00:00Z'), [
    '2027-11-06T13:00',
    '2027-11-07T14:00',
    '2027-11-08T14:00',
  ])
  t.same(starts(nine('Europe/London'), '2027-03-27T00:00Z', '2027-03-29T00:00Z'), [
    '2027-03-27T09:00',
    '2027-03-28T08:00',
  ])
  // Lord Howe moves its clocks by half an hour, on 4 April and 3 October.
  t.same(starts(nine('Australia/Lord_Howe'), '2027-04-02T12:00Z', '2027-04-04T12:00Z'), [
    '2027-04-02T22:00',
    '2027-04-03T22:30',
  ])
  t.same(starts(nine('Asia/Kathmandu'), '2027-04-02T00:00Z', '2027-04-03T00:00Z'), [
    '2027-04-02T03:15',
  ])
  // Morocco left its summer time for Ramadan: 23 February to 6 April 2025. Versions of Node disagree
  // about the years to come, because Morocco decides them late.
  t.same(starts(nine('Africa/Casablanca'), '2025-02-22T00:00Z', '2025-02-24T00:00Z'), [
    '2025-02-22T08:00',
    '2025-02-23T09:00',
  ])
})

t.test('no slot lies in the gap, and the repeated hour has slots twice', async t => {
  const night = {
    time_zone: 'America/New_York',
    rules: [{ days: [...weekdays], from: '01:00', to: '03:30' }],
  }
  t.same(starts(night, '2027-03-14T00:00Z', '2027-03-15T00:00Z'), [
    '2027-03-14T06:00',
    '2027-03-14T06:30',
    '2027-03-14T07:00',
  ])
  t.same(starts(night, '2027-11-07T00:00Z', '2027-11-08T00:00Z'), [
    '2027-11-07T05:00',
    '2027-11-07T05:30',
    '2027-11-07T06:00',
    '2027-11-07T06:30',
    '2027-11-07T07:00',
    '2027-11-07T07:30',
    '2027-11-07T08:00',
  ])
})

t.test('hours over midnight belong to the date on which they begin', async t => {
  const late = { rules: [{ days: ['mon' as const], from: '23:00', to: '01:00' }] }
  t.same(starts(late, '2027-06-07T00:00Z', '2027-06-09T00:00Z'), [
    '2027-06-07T23:00',
    '2027-06-07T23:30',
    '2027-06-08T00:00',
    '2027-06-08T00:30',
  ])
  t.same(
    starts(
      { ...late, overrides: [{ date: '2027-06-07', intervals: [] }] },
      '2027-06-07T00:00Z',
      '2027-06-09T00:00Z',
    ),
    [],
  )
})

t.test('closures and leave take seats, and buffers keep appointments apart', async t => {
  const day = ['2027-06-07T00:00Z', '2027-06-08T00:00Z'] as const
  t.same(starts({ closures: [{ from: '2027-06-07T09:15', to: '2027-06-07T10:15' }] }, ...day), [
    '2027-06-07T10:30',
    '2027-06-07T11:00',
    '2027-06-07T11:30',
  ])
  const two = {
    capacity: 2,
    leave: [{ from: '2027-06-07T09:00', to: '2027-06-07T11:00', seats: 1 }],
  }
  const nine = [{ startMs: at('2027-06-07T09:00Z'), endMs: at('2027-06-07T09:30Z') }]
  t.same(starts(two, ...day, nine), [
    '2027-06-07T09:30',
    '2027-06-07T10:00',
    '2027-06-07T10:30',
    '2027-06-07T11:00',
    '2027-06-07T11:30',
  ])
  t.same(starts({ buffer_before_minutes: 10, buffer_after_minutes: 5 }, ...day, nine), [
    '2027-06-07T10:00',
    '2027-06-07T10:30',
    '2027-06-07T11:00',
    '2027-06-07T11:30',
  ])
})

t.test('two appointments that do not meet leave a seat for one that meets both', async t => {
  const taken = ['09:00', '10:00'].map(time => ({
    startMs: at(`2027-06-07T${time}Z`),
    endMs: at(`2027-06-07T${time}Z`) + hourMs,
  }))
  const { startsMs, seats } = slotsBetween(
    { ...plain, duration_minutes: 60, capacity: 2 },
    taken,
    at('2027-06-07T09:30Z'),
    at('2027-06-07T09:31Z'),
    at('2027-06-01T00:00Z'),
  )
  t.same([texts(startsMs), seats], [['2027-06-07T09:30'], [1]])
})

t.test('a verdict says why a slot cannot be booked', async t => {
  const terms = { ...plain, notice_minutes: 60, window_days: 7 }
  const now = at('2027-06-07T08:30Z')
  const verdict = (text: string, taken: Taken[] = [], more: Partial<SlotTerms> = {}) =>
    verdictOn({ ...terms, ...more }, taken, at(text), now)
  t.equal(verdict('2027-06-07T08:30Z'), 'past')
  t.equal(verdict('2027-06-07T09:00Z'), 'too_soon')
  t.equal(verdict('2027-06-07T09:30Z'), 'free')
  t.equal(verdict('2027-06-07T09:45Z'), 'closed')
  t.equal(verdict('2027-06-07T12:00Z'), 'closed')
  t.equal(verdict('2027-06-14T08:30Z'), 'too_far')
  t.equal(verdict('2027-06-08T09:00Z', [], { active: false }), 'closed')
  const taken = [{ startMs: at('2027-06-08T09:00Z'), endMs: at('2027-06-08T09:30Z') }]
  t.equal(verdict('2027-06-08T09:00Z', taken), 'taken')
  const closures = [{ from: '2027-06-08T00:00', to: '2027-06-09T00:00' }]
  t.equal(verdict('2027-06-08T09:00Z', [], { closures }), 'closed')
})

t.test('the next free slots are found beyond a full week', async t => {
  const taken = [{ startMs: at('2027-06-07T00:00Z'), endMs: at('2027-06-20T11:00Z') }]
  const next = (from: string, to?: string) =>
    texts(
      nextFree(
        plain,
        taken,
        { fromMs: at(from), ...(to !== undefined && { toMs: at(to) }) },
        at('2027-06-06T23:00Z'),
        3,
      ),
    )
  t.same(next('2027-06-07T09:00Z'), ['2027-06-20T11:00', '2027-06-20T11:30', '2027-06-21T09:00'])
  t.same(next('2027-06-07T09:00Z', '2027-06-20T11:30Z'), ['2027-06-20T11:00'])
})

// The second way

const formats = new Map<string, Intl.DateTimeFormat>()
function localOf(zone: string, ms: number): { date: string; minute: number; weekday: number } {
  let format = formats.get(zone)
  if (format === undefined)
    formats.set(
      zone,
      (format = new Intl.DateTimeFormat('en-US', {
        timeZone: zone,
        hourCycle: 'h23',
        year: 'numeric',
        month: '2-digit',
        day: '2-digit',
        hour: '2-digit',
        minute: '2-digit',
      })),
    )
  const part = new Map(format.formatToParts(ms).map(({ type, value }) => [type, value]))
  const date = `${part.get('year')}-${part.get('month')}-${part.get('day')}`
  return {
    date,
    minute: Number(part.get('hour')) * 60 + Number(part.get('minute')),
    weekday: (new Date(`${date}T00:00Z`).getUTCDay() + 6) % 7,
  }
}

/** Steps of five minutes, because all times of these cases are multiples of five minutes. */
const stepMs = 5 * minuteMs

function slowly(
  terms: SlotTerms,
  taken: readonly Taken[],
  fromMs: number,
  toMs: number,
  now: number,
) {
  const hoursOf = (date: string, weekday: number) =>
    terms.overrides.find(override => override.date === date)?.intervals ??
    terms.rules.filter(rule => rule.days.includes(weekdays[weekday]!))
  const before = (date: string) => new Date(at(`${date}T00:00Z`) - dayMs).toISOString().slice(0, 10)
  const inside = (intervals: readonly { from: string; to: string }[], minute: number): boolean =>
    intervals.some(({ from, to }) => {
      const end = minuteOf(to) > minuteOf(from) ? minuteOf(to) : minuteOf(to) + 24 * 60
      return minuteOf(from) <= minute && minute < end
    })
  /** The dates to whose hours each moment belongs. */
  const runs = new Map<string, { beginMs: number; endMs: number }[]>()
  for (let ms = fromMs - 3 * dayMs; ms < toMs + 3 * dayMs; ms += stepMs) {
    const { date, minute, weekday } = localOf(terms.time_zone, ms)
    const dates = [
      ...(inside(hoursOf(date, weekday), minute) ? [date] : []),
      ...(inside(hoursOf(before(date), (weekday + 6) % 7), minute + 24 * 60) ? [before(date)] : []),
    ]
    for (const one of dates) {
      const list = runs.get(one) ?? []
      const last = list.at(-1)
      if (last?.endMs === ms) last.endMs += stepMs
      else list.push({ beginMs: ms, endMs: ms + stepMs })
      runs.set(one, list)
    }
  }
  const durationMs = terms.duration_minutes * minuteMs
  const absent = (ms: number): number => {
    const { date, minute } = localOf(terms.time_zone, ms)
    const local = `${date}T${String(Math.floor(minute / 60)).padStart(2, '0')}:${String(minute % 60).padStart(2, '0')}`
    const lasts = ({ from, to }: { from: string; to: string }) => from <= local && local < to
    return (
      terms.closures.filter(lasts).length * terms.capacity +
      terms.leave.filter(lasts).reduce((sum, { seats = terms.capacity }) => sum + seats, 0)
    )
  }
  const found = new Map<number, number>()
  for (const list of runs.values())
    for (const { beginMs, endMs } of list)
      for (let ms = beginMs; ms + durationMs <= endMs; ms += terms.interval_minutes * minuteMs) {
        if (ms < fromMs || ms >= toMs || ms < now + terms.notice_minutes * minuteMs) continue
        if (ms >= now + terms.window_days * dayMs) continue
        let [away, busy] = [0, 0]
        for (let moment = ms; moment < ms + durationMs; moment += stepMs)
          away = Math.max(away, absent(moment))
        const [beforeMs, afterMs] = [
          terms.buffer_before_minutes * minuteMs,
          terms.buffer_after_minutes * minuteMs,
        ]
        for (let moment = ms - beforeMs; moment < ms + durationMs + afterMs; moment += stepMs)
          busy = Math.max(
            busy,
            taken.filter(
              ({ startMs, endMs: untilMs }) =>
                startMs - beforeMs <= moment && moment < untilMs + afterMs,
            ).length,
          )
        found.set(ms, Math.max(0, Math.max(0, terms.capacity - away) - busy))
      }
  return [...found].toSorted((a, b) => a[0] - b[0])
}

/** Days around the changes of the clock of these zones, and one without any. */
const days = [
  '2027-03-13',
  '2027-03-27',
  '2027-04-03',
  '2027-10-02',
  '2027-10-30',
  '2027-11-06',
  '2027-02-06',
  '2027-06-09',
  '2011-12-29',
]
const Five = (from: number, to: number) =>
  fc.integer({ min: from / 5, max: to / 5 }).map(n => n * 5)
const Time = Five(0, 24 * 60 - 5).map(
  minute =>
    `${String(Math.floor(minute / 60)).padStart(2, '0')}:${String(minute % 60).padStart(2, '0')}`,
)
const Hours = fc.record({ from: Time, to: Time })
const Local = (date: string) => Time.map(time => `${date}T${time}`)
const Case = fc.constantFrom(...zones).chain(time_zone =>
  fc.constantFrom(...days).chain(date =>
    fc.record({
      date: fc.constant(date),
      terms: fc.record({
        active: fc.constant(true),
        time_zone: fc.constant(time_zone),
        duration_minutes: Five(5, 90),
        interval_minutes: Five(5, 90),
        capacity: fc.integer({ min: 1, max: 3 }),
        notice_minutes: Five(0, 300),
        buffer_before_minutes: Five(0, 20),
        buffer_after_minutes: Five(0, 20),
        window_days: fc.integer({ min: 1, max: 4 }),
        rules: fc.array(
          fc
            .record({
              days: fc.uniqueArray(fc.constantFrom(...weekdays), { minLength: 1, maxLength: 7 }),
              hours: Hours,
            })
            .map(({ days: on, hours }) => ({ days: on, ...hours })),
          { minLength: 1, maxLength: 3 },
        ),
        overrides: fc.array(
          fc.record({ date: fc.constant(date), intervals: fc.array(Hours, { maxLength: 2 }) }),
          { maxLength: 1 },
        ),
        leave: fc.array(
          fc.record({
            from: Local(date),
            to: Local(date),
            seats: fc.integer({ min: 1, max: 2 }),
          }),
          { maxLength: 2 },
        ),
        closures: fc.array(fc.record({ from: Local(date), to: Local(date) }), { maxLength: 1 }),
      }),
      taken: fc.array(
        fc
          .record({ start: Five(0, 3 * 24 * 60), minutes: Five(5, 90) })
          .map(({ start, minutes }) => ({
            startMs: at(`${date}T00:00Z`) + start * minuteMs,
            endMs: at(`${date}T00:00Z`) + (start + minutes) * minuteMs,
          })),
        { maxLength: 6 },
      ),
      nowBefore: Five(0, 24 * 60),
    }),
  ),
)

t.test('any terms, zone and change of the clock: as minute by minute', async t => {
  let [slots, full] = [0, 0]
  fc.assert(
    fc.property(Case, ({ date, terms, taken, nowBefore }) => {
      const fromMs = at(`${date}T00:00Z`)
      const toMs = fromMs + 2 * dayMs
      const now = fromMs - nowBefore * minuteMs
      const { startsMs, seats } = slotsBetween(terms, taken, fromMs, toMs, now)
      const quick = startsMs.map((ms, i) => [ms, seats[i]!])
      t.strictSame(quick, slowly(terms, taken, fromMs, toMs, now))
      slots += quick.length
      full += seats.filter(free => free === 0).length
      for (const [i, ms] of startsMs.entries()) {
        const verdict = verdictOn(terms, taken, ms, now)
        if ((verdict === 'free') !== seats[i]! > 0) throw new Error(`${verdict} at ${ms}`)
      }
    }),
    { numRuns: 150, seed: 25 },
  )
  t.ok(slots > 1_000 && full > 50, `${slots} slots, ${full} of them full`)
})

t.test('many questions in a row have the answers of one at a time, seat after seat', async t => {
  let found = 0
  const Ask = fc.record({ from: Five(0, 4 * 24 * 60), minutes: Five(5, 4 * 24 * 60) })
  fc.assert(
    fc.property(
      Case,
      fc.array(Ask, { maxLength: 12 }),
      ({ date, terms, taken, nowBefore }, asked) => {
        const dateMs = at(`${date}T00:00Z`)
        const now = dateMs - nowBefore * minuteMs
        const free = new FreeSlots(terms, taken, now)
        const known = [...taken]
        for (const { from, minutes } of asked) {
          const fromMs = dateMs + from * minuteMs
          const toMs = fromMs + minutes * minuteMs
          const [first] = nextFree(terms, known, { fromMs, toMs }, now, 1)
          const is = free.first(fromMs, toMs)
          if (is !== first) throw new Error(`${is}, not ${first}`)
          if (first === undefined) continue
          found++
          free.take(first)
          known.push({ startMs: first, endMs: first + terms.duration_minutes * minuteMs })
        }
      },
    ),
    { numRuns: 300, seed: 27 },
  )
  t.ok(found > 500, `${found} found`)
})

t.test('a question that is cut in two has the same answers', async () => {
  fc.assert(
    fc.property(Case, Five(0, 48 * 60), ({ date, terms, taken, nowBefore }, cut) => {
      const fromMs = at(`${date}T00:00Z`)
      const now = fromMs - nowBefore * minuteMs
      const ask = (from: number, to: number) => {
        const { startsMs, seats } = slotsBetween(terms, taken, from, to, now)
        return startsMs.map((ms, i) => [ms, seats[i]!])
      }
      const middle = fromMs + cut * minuteMs
      const whole = ask(fromMs, fromMs + 2 * dayMs)
      const parts = [...ask(fromMs, middle), ...ask(middle, fromMs + 2 * dayMs)]
      if (JSON.stringify(whole) !== JSON.stringify(parts)) throw new Error('they differ')
    }),
    { numRuns: 300, seed: 26 },
  )
})

t.test(
  'outside of the years that calendars know, clocks do not change, and nobody walks there',
  async t => {
    const zone = 'America/New_York'
    const far = Date.UTC(9999, 5, 1)
    t.equal(stretchesOf(zone, far, far + 1).length, 1)
    t.ok(stretchesOf(zone, -8e15, 8e15).length <= 2 * 100 + 1, 'two changes a year of a century')
    t.same(
      [
        Date.UTC(1999, 11, 31),
        Date.UTC(2000, 0, 1),
        Date.UTC(2099, 11, 31),
        Date.UTC(2100, 0, 1),
      ].map(inCalendar),
      [false, true, true, false],
    )
  },
)
