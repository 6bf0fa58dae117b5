/**
 * The rules of papers against a second, naive reading of them, in zones where clocks change at
 * midnight, by half an hour, and where a day was left out.
 */
import t from 'tap'
import fc from '../testing/properties.ts'
import {
  dayOf,
  daysLeft,
  endOfDayMs,
  havePapers,
  papersOver,
  standingOfPapers,
  stateOfPaper,
  type PaperFacts,
  type RequirementFacts,
} from './derive.ts'
import { goodsClasses } from './kinds.ts'

const dayMs = 24 * 3_600_000
const zones = [
  'UTC',
  'America/New_York',
  'America/Sao_Paulo',
  'Europe/London',
  'Asia/Beirut',
  'Asia/Kathmandu',
  'Africa/Casablanca',
  'Australia/Lord_Howe',
  'Pacific/Apia',
  'Pacific/Kiritimati',
]
const calendars = new Map(
  zones.map(timeZone => [
    timeZone,
    new Intl.DateTimeFormat('sv-SE', { timeZone, dateStyle: 'short' }),
  ]),
)
/** The day by the calendars of Node, which know nothing of ours. */
const localDay = (atMs: number, zone: string): string => calendars.get(zone)!.format(atMs)

const zone = fc.constantFrom(...zones)
const moment = fc.integer({ min: Date.UTC(2010, 0, 1), max: Date.UTC(2029, 11, 31) })
/** Days around the given moment, the day of a change of clocks among them. */
const around = fc.integer({ min: -40, max: 40 })
const day = (atMs: number, days: number): string =>
  new Date(atMs + days * dayMs).toISOString().slice(0, 10)
const approved: PaperFacts = {
  id: 'a',
  kind: 'driver_licence',
  expiresOn: null,
  decision: 'approved',
  revoked: false,
  replaced: false,
  reviewUntilMs: null,
}

t.test('a paper is good through its last day by the calendar of its place', async t => {
  fc.assert(
    fc.property(zone, moment, around, (timeZone, nowMs, days) => {
      const expiresOn = day(nowMs, days)
      const state = stateOfPaper({ ...approved, expiresOn }, nowMs, timeZone)
      const today = localDay(nowMs, timeZone)
      const expected =
        today > expiresOn
          ? 'expired'
          : Date.parse(expiresOn) - Date.parse(today) <= 30 * dayMs
            ? 'expiring'
            : 'approved'
      return state === expected && dayOf(nowMs, timeZone) === today
    }),
    { numRuns: 3_000 },
  )
  t.pass()
})

t.test('papers that a service requires are there when each kind has a good one', async t => {
  const nowMs = Date.UTC(2026, 5, 1, 12)
  const consent: PaperFacts = { ...approved, kind: 'consent' }
  const prescription: PaperFacts = { ...approved, kind: 'prescription', expiresOn: '2026-06-01' }
  const have = (required: string[], ...papers: PaperFacts[]) =>
    havePapers(required, papers, nowMs, 'UTC')
  t.equal(have(['consent', 'prescription'], consent, prescription), true)
  t.equal(have(['consent', 'prescription'], consent), false, 'one is missing')
  t.equal(have(['consent'], { ...consent, decision: null }), false, 'nobody has decided')
  t.equal(have(['consent'], consent, { ...consent, decision: 'rejected' }), true, 'of a renewal')
  t.equal(have(['consent'], consent, { ...consent, revoked: true }), false)
  t.equal(have(['prescription'], { ...prescription, expiresOn: '2026-05-31' }), false, 'it is over')
  t.equal(have(['consent', 'a letter'], consent), false, 'a name that is no kind')
  t.equal(have(['toString'], consent), false)
  t.equal(have([], consent), false, 'a list that was emptied')
})

t.test('of the papers that are good now, those are named that are over later', async t => {
  const [fromMs, toMs] = [Date.UTC(2026, 5, 1, 12), Date.UTC(2026, 5, 9, 12)]
  const over = (expiresOn: string | null, more: Partial<PaperFacts> = {}) =>
    papersOver(
      ['consent', 'a letter'],
      [{ ...approved, kind: 'consent', expiresOn, ...more }],
      fromMs,
      toMs,
      'UTC',
    )
  t.same(over('2026-06-08'), ['consent'])
  t.same(over('2026-06-09'), [], 'good through that day')
  t.same(over(null), [], 'it does not expire')
  t.same(over('2026-05-31'), [], 'over already, so somebody confirmed without it')
  t.same(over('2026-06-08', { revoked: true }), [])
  t.same(papersOver(['consent'], [], fromMs, toMs, 'UTC'), [])
})

t.test('the last moment of a paper on days when clocks change', async t => {
  for (const [timeZone, expiresOn, end] of [
    ['UTC', '2026-03-08', '2026-03-09T00:00:00Z'],
    ['America/New_York', '2026-03-08', '2026-03-09T04:00:00Z'],
    ['America/New_York', '2026-11-01', '2026-11-02T05:00:00Z'],
    // Midnight did not exist: the next day began at one o'clock.
    ['America/Sao_Paulo', '2018-11-03', '2018-11-04T03:00:00Z'],
    // The 30th did not exist: the paper of the 29th ended with the 29th.
    ['Pacific/Apia', '2011-12-29', '2011-12-30T10:00:00Z'],
    ['Australia/Lord_Howe', '2026-04-04', '2026-04-04T13:00:00Z'],
  ] as const) {
    const endMs = endOfDayMs(expiresOn, timeZone)
    t.equal(endMs, Date.parse(end), `${timeZone} ${expiresOn}`)
    const paper = { ...approved, expiresOn }
    t.equal(stateOfPaper(paper, endMs - 1, timeZone), 'expiring')
    t.equal(stateOfPaper(paper, endMs, timeZone), 'expired')
  }
  t.equal(daysLeft('2026-03-09', Date.parse('2026-03-08T04:59:59Z'), 'America/New_York'), 2)
})

const paper = fc.record({
  id: fc.uuid(),
  kind: fc.constantFrom('driver_licence', 'vehicle_insurance', 'identity') as fc.Arbitrary<
    PaperFacts['kind']
  >,
  days: fc.option(around),
  decision: fc.constantFrom('approved', 'rejected', null),
  revoked: fc.boolean(),
  replaced: fc.boolean(),
  reviewed: fc.boolean(),
})
const requirement = fc.record({
  id: fc.uuid(),
  kind: fc.constantFrom('driver_licence', 'vehicle_insurance', 'identity') as fc.Arbitrary<
    RequirementFacts['kind']
  >,
  goodsClass: fc.option(fc.constantFrom(...goodsClasses)),
  blocking: fc.boolean(),
  graceDays: fc.nat({ max: 30 }),
  ageDays: fc.nat({ max: 40 }),
})
const world = fc
  .record({
    zone,
    nowMs: moment,
    papers: fc.array(paper, { maxLength: 6 }),
    requirements: fc.array(requirement, { maxLength: 4 }),
    ageDays: fc.nat({ max: 80 }),
  })
  .map(({ zone, nowMs, papers, requirements, ageDays }) => ({
    nowMs,
    place: { timeZone: zone, sinceMs: nowMs - ageDays * dayMs },
    papers: papers.map(({ days, reviewed, decision, revoked, ...one }): PaperFacts => ({
      ...one,
      decision,
      revoked: revoked && decision === 'approved',
      expiresOn: days === null ? null : day(nowMs, days),
      reviewUntilMs: reviewed ? nowMs + 1 : null,
    })),
    requirements: requirements.map(({ ageDays: age, ...one }): RequirementFacts => ({
      ...one,
      sinceMs: nowMs - age * dayMs,
    })),
  }))
type World = typeof world extends fc.Arbitrary<infer W> ? W : never
const standing = ({ requirements, papers, place, nowMs }: World) =>
  standingOfPapers(requirements, papers, place, nowMs)

t.test('somebody may work exactly when nothing that is needed is missing', async t => {
  fc.assert(
    fc.property(world, w => {
      const today = localDay(w.nowMs, w.place.timeZone)
      const missing = w.requirements.filter(one => {
        const last = w.papers.filter(p => p.kind === one.kind && p.decision === 'approved').at(-1)
        if (last !== undefined && !last.revoked && (last.expiresOn ?? '9999') >= today) return false
        if (!one.blocking) return false
        const from = localDay(one.sinceMs, w.place.timeZone)
        const graced = w.place.sinceMs < one.sinceMs && one.graceDays > 0
        return !(graced && Date.parse(today) - Date.parse(from) <= one.graceDays * dayMs)
      })
      const { mayWork, barredGoods } = standing(w)
      const goods = new Set(missing.flatMap(one => one.goodsClass ?? []))
      return (
        mayWork === missing.every(one => one.goodsClass !== null) &&
        barredGoods.toSorted().join() === [...goods].toSorted().join()
      )
    }),
    { numRuns: 3_000 },
  )
  t.pass()
})

t.test('an approved paper stays good while its renewal is looked at or rejected', async t => {
  fc.assert(
    fc.property(world, paper, fc.constantFrom('rejected', null), (w, more, decision) => {
      const renewal: PaperFacts = {
        ...more,
        decision,
        revoked: false,
        expiresOn: null,
        reviewUntilMs: more.reviewed ? w.nowMs + 1 : null,
      }
      const before = standing(w)
      const after = standing({ ...w, papers: [...w.papers, renewal] })
      return before.mayWork === after.mayWork && before.complete === after.complete
    }),
  )
  t.pass()
})

t.test('time alone gives nobody back what it took', async t => {
  fc.assert(
    fc.property(world, fc.nat({ max: 90 * dayMs }), (w, laterMs) => {
      const later = standing({ ...w, nowMs: w.nowMs + laterMs })
      return standing(w).mayWork || !later.mayWork
    }),
  )
  t.pass()
})

t.test('the states of a requirement, from none to a renewal', async t => {
  const nowMs = Date.UTC(2026, 5, 1, 12)
  const needs: RequirementFacts = {
    id: 'r',
    kind: 'driver_licence',
    goodsClass: null,
    blocking: true,
    graceDays: 0,
    sinceMs: nowMs,
  }
  const open = { ...approved, decision: null } as const
  const states = (...papers: PaperFacts[]) => {
    const place = { timeZone: 'UTC', sinceMs: 0 }
    const [one] = standingOfPapers([needs], papers, place, nowMs).requirements
    return `${one!.state} ${one!.renewal ?? '-'} ${one!.blocks}`
  }
  t.equal(states(), 'required - true')
  t.equal(states(open), 'pending - true')
  t.equal(states({ ...open, reviewUntilMs: nowMs + 1 }), 'in_review - true')
  t.equal(states({ ...open, reviewUntilMs: nowMs }), 'pending - true', 'a lease lapses')
  t.equal(states({ ...open, decision: 'rejected' }), 'rejected - true')
  t.equal(states({ ...open, decision: 'rejected' }, open), 'pending - true', 'a new upload')
  t.equal(states(approved), 'approved - false')
  t.equal(states(approved, open), 'approved pending false')
  t.equal(states(approved, { ...open, decision: 'rejected' }), 'approved - false')
  t.equal(states({ ...approved, expiresOn: '2026-06-01' }), 'expiring - false')
  t.equal(states({ ...approved, expiresOn: '2026-05-31' }), 'expired - true')
  t.equal(states({ ...approved, expiresOn: '2026-05-31' }, open), 'pending - true')
  t.equal(states({ ...approved, revoked: true }), 'revoked - true')
  t.equal(states(approved, { ...approved, revoked: true }), 'revoked - true', 'the last counts')
})
