/**
 * The figures agree with the journal. Random histories are appended to the real journal, and every
 * report is compared with a second one that is made from the events alone.
 */
import { kinds } from '../../engine/kinds.ts'
import assert from 'node:assert/strict'
import fc from '../../protocol/testing/properties.ts'
import t from 'tap'
import { postgresJournal } from '../../engine/journal/postgres.ts'
import { evolve } from '../../engine/orders/evolve.ts'
import { absentOrder, type Order } from '../../engine/orders/state.ts'
import { orderKind } from '../../engine/orders/kind.ts'
import { preparedDatabase } from '../../migrations/database/prepared.ts'
import { realEnv } from '../../protocol/kernel/env.ts'
import type { OrderEvent } from '../../protocol/dispatch/events.ts'
import { averageMinutes, dailyReport } from './daily.ts'
import { driverReport } from './drivers.ts'
import { exportedOrders } from './order-export.ts'
import {
  hourMs,
  newId,
  changes,
  type People,
  type Plan,
  plan,
  nextEvents,
  firstEvent,
} from './fixture-histories.ts'
import { type Stored, recomputed } from './fixture-recomputed.ts'

const close = (a: number | null, b: number | null, within: number, what: string) =>
  assert.ok(
    a === b || (a !== null && b !== null && Math.abs(a - b) <= within),
    `${what}: ${a} and ${b}`,
  )

t.test('reports agree with the events, around every kind of midnight', async t => {
  const database = await preparedDatabase()
  const journal = postgresJournal(database.pool, kinds, realEnv())
  const [lease] = await journal.acquireSlots('test', [1], hourMs, true)
  t.teardown(async () => {
    await journal.close()
    await database.close()
  })
  const db = database.kysely

  const settle = async (people: People, around: number, plans: Plan[]) => {
    await db
      .insertInto('vendors')
      .values({
        id: people.pharmacy.id,
        user_id: newId(),
        business_name: 'Pharmacy',
        email: 'p@example.com',
        phone: '1',
        address: null,
        latitude: 1,
        longitude: 1,
        status: 'active',
      })
      .execute()
    for (const id of people.drivers)
      await db
        .insertInto('drivers')
        .values({
          id,
          user_id: newId(),
          vendor_id: people.pharmacy.id,
          full_name: 'Driver',
          email: null,
          phone: '2',
          vehicle_type: 'bike',
          vehicle_number: null,
          license_number: null,
          membership: 'active',
        })
        .execute()
    await Promise.all(
      plans.map(async plan => {
        const id = newId()
        let [order, version, atMs]: [Order, number, number] = [
          absentOrder,
          0,
          around + plan.startMs,
        ]
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
        await append(firstEvent(id, people, plan.direct, atMs))
        for (const { choice, gapMs } of plan.steps) {
          const next = nextEvents(order, people, plan, choice)
          if (next.length === 0) break
          atMs += gapMs
          await append(next[choice % next.length]!)
        }
      }),
    )
    const { rows } = await database.pool.query<Stored>(
      `select e.actor_id, e.at, e.type, e.data from events e
      where e.actor_id in (select id from orders where vendor_id = $1) order by e.actor_id, e.version`,
      [people.pharmacy.id],
    )
    return rows
  }

  let seen = 0
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...changes),
      fc.array(plan, { minLength: 1, maxLength: 25, size: 'max' }),
      fc.nat({ max: 3 }),
      async ([timeZone, at], plans, shift) => {
        const people: People = {
          pharmacy: { id: newId(), timeZone, promiseMinutes: 60, currency: 'USD' },
          drivers: [newId(), newId()],
        }
        const around = Date.parse(at)
        const events = await settle(people, around, plans)
        const date = (days: number) =>
          new Date(around + days * 24 * hourMs).toISOString().slice(0, 10)
        for (const range of [
          { from: date(-3), to: date(20) },
          { from: date(shift - 2), to: date(shift - 2) },
          { from: date(-1), to: date(1) },
        ]) {
          const expected = recomputed(events, people, range)
          const report = await dailyReport(db, people.pharmacy, range)
          assert.deepEqual(
            report.days.map(day => day.date),
            [...expected.days.keys()],
          )
          for (const day of report.days) {
            const { fees, km, acceptMs, deliveryMs, ...counts } = expected.days.get(day.date)!
            for (const [name, count] of Object.entries(counts))
              assert.equal(
                day[name as keyof typeof counts],
                count,
                `${name} on ${day.date} in ${timeZone}`,
              )
            assert.equal(day.delivery_fees, fees / 100)
            close(day.distance_km, km, 0.001, 'distance')
            close(
              day.average_accept_minutes,
              averageMinutes(acceptMs, counts.orders_accepted),
              0.011,
              'until accepted',
            )
            close(
              day.average_delivery_minutes,
              averageMinutes(deliveryMs, counts.orders_delivered),
              0.011,
              'until delivered',
            )
            seen += counts.orders_delivered
          }
          const sum = (name: 'orders_received' | 'orders_delivered' | 'delivery_fees') =>
            report.days.reduce((all, day) => all + day[name], 0)
          assert.equal(report.total.orders_received, sum('orders_received'))
          assert.equal(report.total.orders_delivered, sum('orders_delivered'))
          close(report.total.delivery_fees, sum('delivery_fees'), 1e-6, 'the days add up')

          const drivers = await driverReport(db, people.pharmacy, range)
          assert.deepEqual(
            new Set(drivers.map(driver => driver.driver_id)),
            new Set(people.drivers),
          )
          for (const driver of drivers) {
            const { earnings, km, pickupMs, deliveryMs, ...counts } = expected.people.get(
              driver.driver_id,
            )!
            for (const [name, count] of Object.entries(counts))
              assert.equal(driver[name as keyof typeof counts], count, `${name} in ${timeZone}`)
            assert.equal(driver.earnings, earnings / 100)
            close(driver.distance_km, km, 0.001, 'distance')
            close(
              driver.average_pickup_minutes,
              averageMinutes(pickupMs, counts.deliveries),
              0.011,
              'until picked up',
            )
            close(
              driver.average_delivery_minutes,
              averageMinutes(deliveryMs, counts.deliveries),
              0.011,
              'until delivered',
            )
          }

          let exported = 0
          for await (const page of exportedOrders(db, people.pharmacy, { range }))
            exported += page.length
          assert.equal(
            exported,
            report.total.orders_received,
            'the export has the orders that the report counts',
          )
        }
      },
    ),
    { numRuns: 40 },
  )
  t.ok(seen > 20, `${seen} deliveries were counted`)
})
