/** The figures of small tables, the names of weeks and the words of the letter, without a database. */
import t from 'tap'
import { CaduceusError } from '../../protocol/kernel/errors.ts'
import { cellsOf, empty, totalOf, unmeasured, type Figure } from './figures.ts'
import type { Figures } from './insights.ts'
import { letterOf } from './letter.ts'
import { insightLimits } from './limits.ts'
import { metrics } from './metrics.ts'
import { daysOf, lastWeek, nameOf, weekdayOf, weekNamed, weeksBefore } from './week.ts'

const of = (...values: number[]) => values.map((value, i) => ({ personId: `p${i}`, value }))
const { peopleMin } = insightLimits
const hidden: Figure = { value: null, count: null, hidden: true }

t.test('minutes are a median with one digit, and shares are an average with three', async t => {
  const minutes = (...values: number[]) => totalOf('minutes', of(...values)).value
  t.equal(minutes(10, 1, 2, 100, 3), 3)
  t.equal(minutes(6, 1, 2, 100, 3, 4), 3.5)
  t.equal(minutes(1, 1, 1.26, 2, 2), 1.3)
  const share = (...values: number[]) => totalOf('share', of(...values)).value
  t.equal(share(1, 0, 0, 0, 0), 0.2)
  t.equal(share(1, 0, 0, 0, 0, 0), 0.167)
  t.equal(share(1, 1, 1, 1, 1), 1)
})

t.test('a figure of few people is hidden, and one of nobody is empty', async t => {
  t.strictSame(totalOf('share', []), empty)
  t.strictSame(empty, { value: null, count: 0, hidden: false })
  t.strictSame(unmeasured, { value: null, count: null, hidden: false })
  t.strictSame(totalOf('share', of(...Array.from({ length: peopleMin - 1 }, () => 1))), hidden)
  t.strictSame(totalOf('share', of(...Array.from({ length: peopleMin }, () => 1))), {
    value: 1,
    count: peopleMin,
    hidden: false,
  })
  const often = Array.from({ length: 3 * peopleMin }, () => ({ personId: 'one', value: 1 }))
  t.strictSame(totalOf('share', often), hidden, 'one person who comes often')
})

/** A table with so many people in each cell; nobody is in two cells. */
const table = (cells: Record<string, number>) =>
  Object.entries(cells).flatMap(([key, people]) =>
    Array.from({ length: people }, (_, i) => ({ personId: `${key}${i}`, value: 1, key })),
  )
const hiddenOf = (cells: Record<string, number>): string[] =>
  [...cellsOf('share', table(cells), ({ key }) => key)].flatMap(([key, figure]) => {
    t.strictSame(
      figure,
      figure.hidden ? hidden : { value: 1, count: cells[key]!, hidden: false },
      key,
    )
    return figure.hidden ? [key] : []
  })

t.test('a small cell hides the smallest other one, until five people are hidden', async t => {
  t.strictSame(hiddenOf({ a: 5, b: 9 }), [])
  t.strictSame(hiddenOf({ a: 4, b: 9, c: 6 }), ['a', 'c'])
  t.strictSame(hiddenOf({ a: 2, b: 3, c: 6 }), ['a', 'b'], 'five people together')
  t.strictSame(hiddenOf({ a: 2, b: 2, c: 6, d: 5 }), ['a', 'b', 'd'])
  t.strictSame(hiddenOf({ c: 6, b: 6, a: 1 }), ['b', 'a'], 'of equal ones the first by its key')
  t.strictSame(hiddenOf({ b: 6, c: 6, a: 1 }), ['b', 'a'], 'in whatever order they come')
  t.strictSame(hiddenOf({ a: 4 }), ['a'])
  t.strictSame(hiddenOf({}), [])
})

t.test('people of two hidden cells are counted once', async t => {
  const both = ['a', 'b'].flatMap(key =>
    Array.from({ length: 3 }, (_, i) => ({ personId: `p${i}`, value: 1, key })),
  )
  const cells = cellsOf('share', [...both, ...table({ c: 7 })], ({ key }) => key)
  t.ok(cells.get('c')!.hidden)
})

t.test('a week goes from Monday to Sunday and has the year of its Thursday', async t => {
  t.strictSame(['2026-11-23', '2026-11-28', '2026-11-29'].map(weekdayOf), [1, 6, 7])
  t.strictSame(daysOf('2026-11-23'), { from: '2026-11-23', to: '2026-11-29' })
  t.equal(weeksBefore('2026-11-23', 2), '2026-11-09')
  for (const [monday, name] of [
    ['2026-11-16', '2026-W47'],
    ['2026-12-28', '2026-W53'],
    ['2027-01-04', '2027-W01'],
    ['2024-12-30', '2025-W01'],
    ['2025-12-22', '2025-W52'],
  ] as const)
    t.equal(nameOf(monday), name)
})

t.test('a week can be named when it is over in the zone', async t => {
  const sunday = Date.parse('2026-11-29T23:30:00Z')
  t.equal(lastWeek(sunday, 'UTC'), '2026-11-16')
  t.equal(lastWeek(sunday, 'Asia/Kathmandu'), '2026-11-23')
  t.equal(weekNamed('2026-W48', sunday, 'Asia/Kathmandu'), '2026-11-23')
  t.equal(weekNamed('2026-W01', sunday, 'UTC'), '2025-12-29')
  const rule = (name: string): string | undefined => {
    try {
      weekNamed(name, sunday, 'UTC')
    } catch (error) {
      if (error instanceof CaduceusError)
        return `${error.fields![0]!.field} ${error.fields![0]!.rule}`
    }
    return undefined
  }
  t.equal(rule('2026-W48'), 'week must be over in UTC')
  for (const name of ['2026-W00', '2025-W53', '2026-W54'])
    t.equal(rule(name), 'week is no week of the calendar', name)
  t.equal(rule('2020-W53'), undefined, 'a year of 53 weeks')
})

t.test('the letter has each measured figure beside that of the week before', async t => {
  const names = Object.keys(metrics)
  const measured = names.filter(name => metrics[name as keyof typeof metrics].source !== null)
  const all = (figure: Figure) => Object.fromEntries(names.map(name => [name, figure])) as Figures
  const figure: Figure = { value: 0.1234, count: 9, hidden: false }
  const letter = letterOf('a@example.org', 'City Pharmacy', '2026-11-16', all(figure), all(hidden))
  t.match(letter, { channel: 'email', to: 'a@example.org', subject: 'Your week 2026-W47' })
  t.match(letter.text, /^City Pharmacy, from 2026-11-16 to 2026-11-22\n/)
  for (const name of measured) {
    const { unit } = metrics[name as keyof typeof metrics]
    const value = unit === 'share' ? '12.3 %' : '0.1234 minutes'
    t.ok(
      letter.text.includes(
        `${name.replaceAll('_', ' ')}: ${value} (the week before: fewer than ${peopleMin} people)`,
      ),
      name,
    )
  }
  for (const name of names.filter(one => !measured.includes(one)))
    t.notOk(letter.text.includes(`${name.replaceAll('_', ' ')}:`), name)
  const nothing = letterOf('a', 'b', '2026-11-16', all(empty), {} as Figures).text
  t.ok(nothing.includes(': none (the week before: none)'))
})
