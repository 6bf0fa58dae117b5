/**
 * Insights agree with the journal, and hide what they must. Random histories are appended to the
 * real journal, and every figure is computed again from the events alone.
 */
import assert from 'node:assert/strict'
import t from 'tap'
import { postgresJournal } from '../../engine/journal/postgres.ts'
import { kinds } from '../../engine/kinds.ts'
import { evolve } from '../../engine/orders/evolve.ts'
import { orderKind } from '../../engine/orders/kind.ts'
import { evolve as evolveCalendar } from '../../engine/appointments/evolve.ts'
import { calendarKind } from '../../engine/appointments/kind.ts'
import { absentCalendar, type Calendar } from '../../engine/appointments/state.ts'
import { absentOrder, type Order } from '../../engine/orders/state.ts'
import { preparedDatabase } from '../../migrations/database/prepared.ts'
import { appointmentEvents } from '../../protocol/dispatch/appointment-events.ts'
import type { AppointmentEvent, OrderEvent } from '../../protocol/dispatch/events.ts'
import { realEnv } from '../../protocol/kernel/env.ts'
import fc from '../../protocol/testing/properties.ts'
import {
  changes,
  firstEvent,
  hourMs,
  newId,
  nextEvents,
  plan,
  type People,
  type Plan,
} from '../reports/fixture-histories.ts'
import type { Stored } from '../reports/fixture-recomputed.ts'
import { cellsOf, totalOf, type Figure } from './figures.ts'
import { observationsAgain } from './fixture-recomputed.ts'
import {
  divisions,
  driverSeries,
  isDivided,
  weekInsights,
  weekSeries,
  type Division,
} from './insights.ts'
import { insightLimits } from './limits.ts'
import { metrics } from './metrics.ts'
import { nameOf, weeksBefore, daysOf, weekNamed, lastWeek } from './week.ts'

const { peopleMin } = insightLimits
const peopleOf = (observations: readonly { personId: string }[]) =>
  new Set(observations.map(({ personId }) => personId)).size

/** The value of observations, computed in another way than the product does. */
function valueAgain(unit: string, values: number[]): number {
  if (unit === 'share') return values.filter(value => value === 1).length / values.length
  const sorted = [...values].sort((a, b) => a - b)
  const below = sorted[Math.ceil(sorted.length / 2) - 1]!
  const above = sorted[Math.floor(sorted.length / 2)]!
  return (below + above) / 2
}

/** A figure is hidden, or it is right; and it is right only about nobody or about enough people. */
function check(
  figure: Figure,
  unit: string,
  observations: readonly { personId: string; value: number }[],
  what: string,
): void {
  if (figure.hidden) {
    assert.deepEqual(figure, { value: null, count: null, hidden: true }, what)
    assert.ok(observations.length > 0, `${what}: nobody is hidden`)
    return
  }
  assert.equal(figure.count, observations.length, what)
  if (observations.length === 0) return assert.equal(figure.value, null, what)
  assert.ok(peopleOf(observations) >= peopleMin, `${what} is shown for too few people`)
  const value = valueAgain(
    unit,
    observations.map(one => one.value),
  )
  assert.ok(
    Math.abs(figure.value! - value) <= (unit === 'share' ? 0.0006 : 0.0501),
    `${what}: ${figure.value} and ${value}`,
  )
}

/** The part of a table that a reader can get by subtraction has nobody or enough people. */
function checkRest(
  total: Figure,
  observations: readonly { personId: string }[],
  keyOf: (one: never) => string,
  cells: ReadonlyMap<string, Figure>,
  what: string,
): void {
  assert.equal(total.hidden, observations.length > 0 && peopleOf(observations) < peopleMin, what)
  const rest = observations.filter(one => cells.get(keyOf(one as never))!.hidden)
  if (total.hidden) assert.equal(rest.length, observations.length, what)
  else
    assert.ok(
      rest.length === 0 || peopleOf(rest) >= peopleMin,
      `${what}: the difference tells of ${peopleOf(rest)} people`,
    )
}

t.test('hidden cells of any table cannot be computed, and no cell is hidden in vain', async t => {
  const people = fc.integer({ min: 0, max: 40 })
  let [protecting, open] = [0, 0]
  fc.assert(
    fc.property(
      fc.array(
        fc.record({ personId: people.map(String), key: fc.nat({ max: 6 }), value: fc.nat(1) }),
        { maxLength: 120 },
      ),
      observations => {
        const keyOf = ({ key }: { key: number }) => String(key)
        const cells = cellsOf('share', observations, keyOf)
        const total = totalOf('share', observations)
        checkRest(total, observations, keyOf, cells, 'table')
        for (const [key, figure] of cells)
          check(
            figure,
            'share',
            observations.filter(one => keyOf(one) === key),
            key,
          )
        const sizes = [...cells].map(([key, { hidden }]) => ({
          hidden,
          people: peopleOf(observations.filter(one => keyOf(one) === key)),
        }))
        const small = sizes.filter(cell => cell.people < peopleMin)
        if (small.length === 0) {
          open++
          assert.ok(sizes.every(cell => !cell.hidden))
        } else if (sizes.some(cell => cell.hidden && cell.people >= peopleMin)) protecting++
      },
    ),
    { numRuns: 2_000 },
  )
  t.ok(
    protecting > 20 && open > 20,
    `${protecting} tables needed protection, ${open} had nothing to hide`,
  )
})

t.test('weeks have the names of ISO 8601', async t => {
  const now = Date.parse('2026-11-30T12:00:00Z')
  for (const [name, monday] of [
    ['2026-W01', '2025-12-29'],
    ['2020-W53', '2020-12-28'],
    ['2021-W01', '2021-01-04'],
    ['2024-W01', '2024-01-01'],
    ['2026-W48', '2026-11-23'],
  ] as const) {
    t.equal(weekNamed(name, now, 'UTC'), monday)
    t.equal(nameOf(monday), name)
  }
  for (const name of ['2021-W53', '2026-W00', '2026-W54'])
    t.throws(() => weekNamed(name, now, 'UTC'), /is no week of the calendar/, name)
  t.throws(() => weekNamed('2026-W49', now, 'UTC'), /must be over/)
  t.equal(lastWeek(Date.parse('2026-11-30T04:30:00Z'), 'UTC'), '2026-11-23')
  t.equal(
    lastWeek(Date.parse('2026-11-30T04:30:00Z'), 'America/New_York'),
    '2026-11-16',
    'there it is still Sunday',
  )
})

t.test('every figure agrees with the events, around every change of the clocks', async t => {
  const database = await preparedDatabase()
  const journal = postgresJournal(database.pool, kinds, realEnv())
  const [lease] = await journal.acquireSlots('test', [1], hourMs, true)
  t.teardown(async () => {
    await journal.close()
    await database.close()
  })
  const db = database.kysely
  const others = newId()

  /** Customers come again, and some requests are claimed by another pharmacy. */
  const settle = async (people: People, around: number, plans: Plan[]): Promise<Stored[]> => {
    const customers = Array.from({ length: 12 }, newId)
    const ids = await Promise.all(
      plans.map(async (of, i) => {
        const id = newId()
        let [order, version, atMs]: [Order, number, number] = [absentOrder, 0, around + of.startMs]
        const append = async (event: OrderEvent) => {
          order = evolve(order, event, atMs)
          const result = await journal.append({
            slot: 1,
            epoch: lease!.epoch,
            kind: 'order',
            actorId: id,
            fromVersion: version,
            atMs,
            commandId: null,
            by: { role: 'system', id: 'test' },
            events: [event],
            row: orderKind.row(order, version + 1, atMs, version === 0),
          })
          assert.equal(result.outcome, 'committed')
          version++
        }
        const first = firstEvent(id, people, of.direct, atMs)
        Object.assign(first.data, { customer_id: customers[of.feeMinor % customers.length] })
        await append(first)
        const claimant =
          !of.direct && i % 4 === 0
            ? { ...people, pharmacy: { ...people.pharmacy, id: others } }
            : people
        for (const { choice, gapMs } of of.steps) {
          const next = nextEvents(order, claimant, of, choice)
          if (next.length === 0) break
          atMs += gapMs
          await append(next[choice % next.length]!)
        }
        return id
      }),
    )
    const { rows } = await database.pool.query<Stored>(
      'select actor_id, at, type, data from events where actor_id = any($1::uuid[]) order by actor_id, version',
      [ids],
    )
    return rows
  }

  /** Two services, whose customers come, or do not, or are forgotten, or cancel. */
  const attend = async (vendorId: string, around: number, plans: Plan[]): Promise<Stored[]> => {
    const customers = Array.from({ length: 9 }, newId)
    const services = await Promise.all(
      [0, 1].map(async which => {
        const serviceId = newId()
        let [calendar, version]: [Calendar, number] = [absentCalendar, 0]
        const append = async (event: AppointmentEvent, atMs: number) => {
          calendar = evolveCalendar(calendar, event, atMs)
          version++
          const result = await journal.append({
            slot: 1,
            epoch: lease!.epoch,
            kind: 'appointment',
            actorId: serviceId,
            fromVersion: version - 1,
            atMs,
            commandId: null,
            by: { role: 'system', id: 'test' },
            events: [event],
            row: calendarKind.row(calendar, version, atMs, version === 1),
          })
          assert.equal(result.outcome, 'committed')
        }
        const own = plans
          .filter((_, i) => i % 3 === which)
          .toSorted((a, b) => a.startMs - b.startMs)
        const { calendar_described, slot_claimed } = appointmentEvents
        const terms = { ...calendar_described.example.terms }
        const described = { service_id: serviceId, vendor_id: vendorId, terms } as never
        await append({ type: 'calendar_described', data: described }, around)
        for (const { startMs, feeMinor, steps } of own) {
          const appointment_id = newId()
          const about = { appointment_id }
          const atMs = around + startMs
          const customer_id = customers[feeMinor % customers.length]!
          const claimed = { ...slot_claimed.example, ...about, customer_id } as never
          await append({ type: 'slot_claimed', data: claimed }, atMs)
          const what = steps.length % 5
          if (what === 0)
            await append(
              { type: 'appointment_cancelled', data: { ...about, cause: 'vendor', reason: null } },
              atMs,
            )
          else if (what === 1) await append({ type: 'appointment_missed', data: about }, atMs)
          else {
            if (what > 2) await append({ type: 'appointment_checked_in', data: about }, atMs)
            await append({ type: 'appointment_fulfilled', data: about }, atMs)
          }
        }
        return serviceId
      }),
    )
    const { rows } = await database.pool.query<Stored>(
      'select actor_id, at, type, data from events where actor_id = any($1::uuid[]) order by actor_id, version',
      [services],
    )
    return rows
  }

  const seen = { shown: 0, hidden: 0 }
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...changes),
      fc.array(plan, { minLength: 30, maxLength: 60, size: 'max' }),
      async ([timeZone, at], plans) => {
        const people: People = {
          pharmacy: { id: newId(), timeZone, promiseMinutes: 60, currency: 'USD' },
          drivers: [newId(), newId(), newId()],
        }
        const { pharmacy } = people
        const around = Date.parse(at)
        const orders = await settle(people, around, plans)
        const visits = await attend(pharmacy.id, around, plans)
        const again = observationsAgain([...orders, ...visits], pharmacy)
        // The week that ends after the change, and the two before it.
        const last = lastWeek(around + 7 * 24 * hourMs, timeZone)
        const within = (metric: string, week: string) => {
          const { from, to } = daysOf(week)
          return again[metric]!.filter(({ date }) => date >= from && date <= to)
        }
        for (const week of [last, weeksBefore(last, 1), weeksBefore(last, -1)])
          for (const by of [...Object.keys(divisions), null] as (Division | null)[])
            for (const found of await weekInsights(db, pharmacy, week, by)) {
              const { metric, unit, now, before, cells, measured } = found
              if (!measured) {
                assert.deepEqual([now, cells], [{ value: null, count: null, hidden: false }, []])
                continue
              }
              const what = `${metric} of ${nameOf(week)} by ${by} in ${timeZone}`
              for (const [when, monday, total] of [
                ['now', week, now],
                ['before', weeksBefore(week, 1), before],
              ] as const) {
                const observations = within(metric, monday)
                check(total, unit, observations, `${what} ${when}`)
                seen[total.hidden ? 'hidden' : 'shown'] += observations.length
                if (by === null || !isDivided(metrics[metric]!, by)) {
                  assert.deepEqual(cells, [])
                  continue
                }
                const keyOf = (one: (typeof observations)[number]) =>
                  ({
                    hour: one.hour,
                    weekday: one.weekday,
                    driver: one.driverId!,
                    service: one.serviceId!,
                  })[by]
                const figures = new Map(cells.map(cell => [cell.key, cell[when]]))
                for (const [key, figure] of figures)
                  check(
                    figure,
                    unit,
                    observations.filter(one => keyOf(one) === key),
                    `${what} ${when} ${key}`,
                  )
                for (const one of observations) assert.ok(figures.has(keyOf(one)), what)
                checkRest(total, observations, keyOf, figures, `${what} ${when}`)
              }
            }
        for (const { metric, unit, cells } of await weekSeries(db, pharmacy, last, 2)) {
          assert.deepEqual(
            cells.map(({ key }) => key),
            [nameOf(weeksBefore(last, 1)), nameOf(last)],
          )
          if (metrics[metric]!.source === null) continue
          check(cells[1]!.now, unit, within(metric, last), `${metric} in a series`)
          assert.deepEqual(cells[1]!.before, cells[0]!.now)
        }
        const driver = people.drivers[0]!
        const byDriver = await weekInsights(db, pharmacy, last, 'driver')
        for (const { metric, now } of await driverSeries(db, pharmacy, driver, last, 1)) {
          const cell = byDriver
            .find(one => one.metric === metric)!
            .cells.find(({ key }) => key === driver)
          assert.deepEqual(now, cell?.now ?? { value: null, count: 0, hidden: false })
        }
      },
    ),
    { numRuns: 12, endOnFailure: true },
  )
  t.ok(seen.shown > 500 && seen.hidden > 20, `${seen.shown} shown, ${seen.hidden} hidden`)
})
