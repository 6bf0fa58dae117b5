/**
 * The figures agree with the journal: random histories are appended to the real journal, and every
 * report is made a second time from the events alone. The histories crowd around changes of the
 * clocks, and their people write what breaks careless queries.
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
import { uuidV7 } from '../../protocol/kernel/ids.ts'
import { datesOf, type DateRange } from './calendar.ts'
import { averageMinutes, dailyReport, type ReportVendor } from './daily.ts'
import { driverReport } from './drivers.ts'
import { exportedOrders } from './order-export.ts'

const hourMs = 3_600_000
const newId = (): string => uuidV7(Date.now(), Math.random)
/** A zone and a moment at which its clocks change; in the last two the day has no midnight, and half an hour is missing. */
const changes: [timeZone: string, at: string][] = [
  ['UTC', '2024-02-29T00:00:00Z'],
  ['Europe/Berlin', '2024-03-31T01:00:00Z'],
  ['Europe/Berlin', '2024-10-27T01:00:00Z'],
  ['America/New_York', '2024-03-10T07:00:00Z'],
  ['America/New_York', '2024-11-03T06:00:00Z'],
  ['Asia/Kolkata', '2024-06-01T18:30:00Z'],
  ['Pacific/Kiritimati', '2024-01-01T00:00:00Z'],
  ['Africa/Cairo', '2024-04-25T22:00:00Z'],
  ['Australia/Lord_Howe', '2024-10-05T15:30:00Z'],
]
const cruelText = 'nul \u0000, half \ud800, "ended_at":"1999-01-01T00:00:00Z", "offer_id":"x"'

interface People {
  vendor: ReportVendor
  drivers: string[]
}
interface Plan {
  direct: boolean
  startMs: number
  steps: { choice: number; gapMs: number }[]
  feeMinor: number
  km: number | null
}

const plan = fc.record({
  direct: fc.boolean(),
  startMs: fc.integer({ min: -30 * hourMs, max: 30 * hourMs }),
  steps: fc.array(
    fc.record({
      choice: fc.nat({ max: 1_000 }),
      gapMs: fc.oneof(
        { weight: 4, arbitrary: fc.integer({ min: 0, max: 40 * 60_000 }) },
        { weight: 1, arbitrary: fc.integer({ min: 0, max: 26 * hourMs }) },
      ),
    }),
    { minLength: 6, maxLength: 16, size: 'max' },
  ),
  feeMinor: fc.integer({ min: 0, max: 5_000 }),
  km: fc.option(fc.integer({ min: 0, max: 30_000 }).map(metres => metres / 1000)),
})

/** What may follow, most of it so that orders get somewhere. */
function nextEvents(
  order: Order,
  { vendor, drivers }: People,
  { feeMinor, km }: Plan,
  choice: number,
): OrderEvent[] {
  const driver_id = drivers[choice % drivers.length]!
  const fact = {
    vendor_id: vendor.id,
    name: 'Pharmacy',
    phone: '1',
    latitude: 1,
    longitude: 1,
    address: null,
    proof_required: false,
  }
  const accepted: OrderEvent = {
    type: 'order_accepted',
    data: {
      vendor: fact,
      distance_km: 2,
      fee_minor: feeMinor,
      text_message: cruelText,
      audio_url: null,
    },
  }
  const cancelled: OrderEvent = {
    type: 'order_cancelled',
    data: { by: 'customer', reason: cruelText },
  }
  const offer = (mode: 'offer' | 'assign'): OrderEvent => ({
    type: 'offer_made',
    data: { offer_id: newId(), driver_id, mode, expires_at_ms: 0, eta_minutes: 1, distance_km: 1 },
  })
  switch (order.kind) {
    case 'absent':
    case 'expired':
    case 'delivered':
    case 'returned':
    case 'cancelled':
    case 'rejected':
      return []
    case 'broadcast':
      return [
        accepted,
        accepted,
        accepted,
        cancelled,
        { type: 'request_expired', data: { reason: 'deadline' } },
      ]
    case 'pending':
      return [
        accepted,
        accepted,
        accepted,
        cancelled,
        { type: 'order_rejected', data: { vendor_id: vendor.id, reason: cruelText } },
      ]
    case 'accepted': {
      const { search } = order
      if (search.kind === 'offering') {
        const { offerId: offer_id, driverId } = search.offer
        const taken: OrderEvent = {
          type: 'driver_assigned',
          data: {
            offer_id,
            driver: { driver_id: driverId, name: cruelText, phone: '2', vehicle_type: 'bike' },
          },
        }
        const closed = (outcome: 'declined' | 'expired' | 'unavailable'): OrderEvent => ({
          type: 'offer_closed',
          data: { offer_id, driver_id: driverId, outcome, reason: cruelText, code: null },
        })
        return [taken, taken, taken, closed('declined'), closed('expired'), closed('unavailable')]
      }
      if (search.kind === 'searching')
        return [
          offer('offer'),
          offer('offer'),
          offer('offer'),
          { type: 'driver_search_ended', data: { outcome: 'exhausted' } },
        ]
      return [
        {
          type: 'driver_search_started',
          data: { policy: 'offer', offer_ttl_ms: 1, deadline_ms: 1 },
        },
        offer('assign'),
        cancelled,
      ]
    }
    case 'driver_assigned':
      return [
        { type: 'picked_up', data: {} },
        { type: 'picked_up', data: {} },
        { type: 'arrived_at_pickup', data: {} },
        cancelled,
      ]
    case 'picked_up':
      return [
        { type: 'out_for_delivery', data: {} },
        { type: 'out_for_delivery', data: {} },
        { type: 'delivery_failed', data: { reason: cruelText } },
      ]
    case 'out_for_delivery': {
      const delivered: OrderEvent = {
        type: 'delivered',
        data: {
          driver_id: order.delivery.driver.driver_id,
          proof_photo_url: null,
          signature_url: null,
          actual_distance_km: km,
          earnings_minor: feeMinor,
          door_distance_m: null,
          reason: null,
          flag: null,
        },
      }
      return [
        delivered,
        delivered,
        delivered,
        { type: 'delivery_failed', data: { reason: 'nobody home' } },
      ]
    }
    case 'failed':
      return [{ type: 'return_started', data: {} }]
    case 'returning':
      return [{ type: 'returned', data: { driver_id: order.delivery.driver.driver_id } }]
  }
}

const firstEvent = (id: string, { vendor }: People, direct: boolean, atMs: number): OrderEvent => {
  const born = {
    order_id: id,
    tracking_token: id.replaceAll('-', ''),
    customer_id: newId(),
    customer_name: cruelText,
    customer_phone: '3',
    dropoff: { latitude: 1, longitude: 1, address: cruelText },
    items: [],
    quantity: null,
    notes: cruelText,
    prescription_url: null,
    currency: 'USD',
    fee: null,
  }
  return direct
    ? ({
        type: 'order_placed',
        data: {
          ...born,
          vendor: {
            vendor_id: vendor.id,
            name: 'Pharmacy',
            phone: '1',
            latitude: 1,
            longitude: 1,
            address: null,
            proof_required: false,
          },
          distance_km: 2,
        },
      } as OrderEvent)
    : ({
        type: 'broadcast_opened',
        data: {
          ...born,
          radius_km: 5,
          expires_at_ms: atMs + hourMs,
          candidates: [{ vendor_id: vendor.id, distance_km: 2 }],
        },
      } as OrderEvent)
}

interface Stored {
  actor_id: string
  at: Date
  type: string
  data: any
}

/** The reports a second time: from the events, with the platform's calendar. */
function recomputed(events: Stored[], { vendor, drivers }: People, range: DateRange) {
  const clock = new Intl.DateTimeFormat('en-CA', {
    timeZone: vendor.timeZone,
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
  })
  const dayOf = (at: Date) => clock.format(at)
  const inRange = (at: Date) => dayOf(at) >= range.from && dayOf(at) <= range.to
  const days = new Map(
    datesOf(range).map(date => [
      date,
      {
        orders_received: 0,
        orders_accepted: 0,
        orders_rejected: 0,
        orders_cancelled: 0,
        orders_delivered: 0,
        orders_returned: 0,
        delivered_on_time: 0,
        fees: 0,
        km: 0,
        acceptMs: 0,
        deliveryMs: 0,
      },
    ]),
  )
  const people = new Map(
    drivers.map(id => [
      id,
      {
        deliveries: 0,
        delivered_on_time: 0,
        returns: 0,
        earnings: 0,
        km: 0,
        pickupMs: 0,
        deliveryMs: 0,
        offers_made: 0,
        offers_accepted: 0,
        offers_declined: 0,
        offers_expired: 0,
      },
    ]),
  )
  const orders = new Map<string, Stored[]>()
  for (const event of events)
    orders.set(event.actor_id, [...(orders.get(event.actor_id) ?? []), event])
  for (const history of orders.values()) {
    const first = history[0]!
    const find = (type: string) => history.find(event => event.type === type)
    const [accepted, assigned, pickedUp] = [
      find('order_accepted'),
      find('driver_assigned'),
      find('picked_up'),
    ]
    if (first.type === 'broadcast_opened' && accepted === undefined) continue
    for (const { type, at, data } of history) {
      const day = days.get(dayOf(at))
      if (day !== undefined) {
        if (
          type === 'order_placed' ||
          (type === 'order_accepted' && first.type === 'broadcast_opened')
        )
          day.orders_received++
        if (type === 'order_accepted') {
          day.orders_accepted++
          day.acceptMs += at.getTime() - first.at.getTime()
        }
        if (type === 'order_rejected') day.orders_rejected++
        if (type === 'order_cancelled') day.orders_cancelled++
        if (type === 'returned') day.orders_returned++
        if (type === 'delivered') {
          const tookMs = at.getTime() - accepted!.at.getTime()
          day.orders_delivered++
          day.fees += data.earnings_minor
          day.km += data.actual_distance_km ?? 0
          day.deliveryMs += tookMs
          if (tookMs <= vendor.promiseMinutes * 60_000) day.delivered_on_time++
        }
      }
      if (!inRange(at)) continue
      const driver = people.get(data.driver_id)
      if (type === 'delivered') {
        driver!.deliveries++
        driver!.earnings += data.earnings_minor
        driver!.km += data.actual_distance_km ?? 0
        driver!.pickupMs += pickedUp!.at.getTime() - assigned!.at.getTime()
        driver!.deliveryMs += at.getTime() - pickedUp!.at.getTime()
        if (at.getTime() - accepted!.at.getTime() <= vendor.promiseMinutes * 60_000)
          driver!.delivered_on_time++
      }
      if (type === 'returned') driver!.returns++
      if (type === 'offer_made' && data.mode === 'offer') {
        driver!.offers_made++
        const end = history.find(
          event =>
            (event.type === 'driver_assigned' || event.type === 'offer_closed') &&
            event.data.offer_id === data.offer_id,
        )
        if (end?.type === 'driver_assigned') driver!.offers_accepted++
        if (end?.data.outcome === 'declined') driver!.offers_declined++
        if (end?.data.outcome === 'expired') driver!.offers_expired++
      }
    }
  }
  return { days, people }
}

const close = (a: number | null, b: number | null, within: number, what: string) =>
  assert.ok(
    a === b || (a !== null && b !== null && Math.abs(a - b) <= within),
    `${what}: ${a} and ${b}`,
  )

t.test('reports are what the events say, around every kind of midnight', async t => {
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
        id: people.vendor.id,
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
          vendor_id: people.vendor.id,
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
      [people.vendor.id],
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
          vendor: { id: newId(), timeZone, promiseMinutes: 60, currency: 'USD' },
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
          const report = await dailyReport(db, people.vendor, range)
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

          const drivers = await driverReport(db, people.vendor, range)
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
          for await (const page of exportedOrders(db, people.vendor, { range }))
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
