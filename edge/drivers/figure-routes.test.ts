/** Earnings and performance in the pharmacy's time zone, from rows and events with known times. */
import t from 'tap'
import type { DriverEvent, OrderEvent } from '../../protocol/dispatch/events.ts'
import { orderNumber } from '../../protocol/kernel/ids.ts'
import { newId, startFixture, viewOf } from '../acceptance/fixture-edge.ts'

const edge = await startFixture()
t.teardown(() => edge.stop())
const { call } = edge
const pharmacy = await edge.pharmacy()
const driver = await edge.driver(pharmacy.id)
const otherDriver = await edge.driver(pharmacy.id)
await call('PATCH', `/api/vendors/${pharmacy.id}`, {
  token: pharmacy.token,
  body: { time_zone: 'America/New_York', delivery_promise_minutes: 60 },
})

let seq = 0
/** Inserts an actor's events in the form that the journal writes. */
async function happened(
  kind: 'order' | 'driver',
  actorId: string,
  fromVersion: number,
  events: [at: string, event: OrderEvent | DriverEvent][],
) {
  for (const [i, [at, { type, data }]] of events.entries())
    await edge.database.pool.query(
      'insert into events (actor_id, version, slot, seq, kind, at, type, v, data) values ($1, $2, 0, $3, $4, $5, $6, 1, $7)',
      [actorId, fromVersion + i + 1, ++seq, kind, at, type, JSON.stringify(data)],
    )
}
const minutesAfter = (at: string, minutes: number): string =>
  new Date(Date.parse(at) + minutes * 60_000).toISOString()
const nothing = {} as never

/** A delivery that ended at `at`; `legs` are the minutes of each leg. */
async function delivered(at: string, fee: number, legs = [5, 10, 5, 20, 5], who = driver.id) {
  const id = newId()
  const starts = minutesAfter(at, -legs.reduce((sum, leg) => sum + leg, 0))
  const [assign, reach, wait, drive] = legs as [number, number, number, number]
  const times = [
    starts,
    assign,
    assign + reach,
    assign + reach + wait,
    assign + reach + wait + drive,
  ].map((m, i) => (i === 0 ? starts : minutesAfter(starts, m as number)))
  const [
    accepted_at,
    driver_assigned_at,
    arrived_at_pickup_at,
    picked_up_at,
    arrived_at_dropoff_at,
  ] = times as [string, string, string, string, string]
  await edge.store(
    viewOf({
      id,
      vendor_id: pharmacy.id,
      driver_id: who,
      status: 'delivered',
      delivered_at: at,
      ended_at: at,
      delivery_fee: fee,
      created_at: starts,
      accepted_at,
      driver_assigned_at,
      arrived_at_pickup_at,
      picked_up_at,
      arrived_at_dropoff_at,
    }),
  )
  return id
}

// New York is five hours behind UTC, and four hours from 8 March 2026 on.
const lateSunday = await delivered('2026-03-02T04:59:00Z', 3.05)
const monday = await delivered('2026-03-02T05:00:00Z', 10)
await delivered('2026-03-08T03:00:00Z', 4, [5, 20, 5, 55, 5])
await delivered('2026-03-09T03:59:00Z', 7.5)
await delivered('2026-03-09T04:00:00Z', 1)
await delivered('2026-03-03T12:00:00Z', 99, undefined, otherDriver.id)
const failed = newId()
await happened('order', failed, 0, [
  ['2026-03-05T12:00:00Z', { type: 'driver_assigned', data: nothing }],
])
await edge.store(
  viewOf({
    id: failed,
    vendor_id: pharmacy.id,
    driver_id: driver.id,
    status: 'returned',
    updated_at: '2026-03-05T13:00:00Z',
  }),
)

const ask = (what: string, query: string, token = driver.token) =>
  call('GET', `/api/drivers/${driver.id}/${what}?${query}`, { token })

t.test("earnings are listed by day, week and delivery, in the pharmacy's time zone", async t => {
  const { status, body } = await ask('earnings', 'from=2026-03-01&to=2026-03-08')
  t.equal(status, 200)
  t.match(body, {
    time_zone: 'America/New_York',
    from: '2026-03-01',
    to: '2026-03-08',
    currency: 'USD',
    period: { deliveries: 4, earnings: 24.55, average: 6.14 },
    days: [
      { date: '2026-03-08', deliveries: 1, earnings: 7.5 },
      { date: '2026-03-07', deliveries: 1, earnings: 4 },
      { date: '2026-03-02', deliveries: 1, earnings: 10 },
      { date: '2026-03-01', deliveries: 1, earnings: 3.05 },
    ],
    weeks: [
      { week_start: '2026-03-02', deliveries: 3, earnings: 21.5 },
      { week_start: '2026-02-23', deliveries: 1, earnings: 3.05 },
    ],
    next_cursor: null,
  })
  t.equal(body.days.length, 4)
  t.same(
    body.per_delivery.map((one: { earnings: number }) => one.earnings),
    [7.5, 4, 10, 3.05],
  )
  t.match(body.per_delivery.at(-1), {
    order_id: lateSunday,
    order_number: orderNumber(lateSunday),
    delivered_at: '2026-03-02T04:59:00.000Z',
  })
  const first = (await ask('earnings', 'from=2026-03-01&to=2026-03-08&limit=2')).body
  const second = (
    await ask('earnings', `from=2026-03-01&to=2026-03-08&limit=2&cursor=${first.next_cursor}`)
  ).body
  t.same([...first.per_delivery, ...second.per_delivery], body.per_delivery)
  t.equal(second.next_cursor, null)
  t.same(
    (await ask('earnings', 'from=2026-03-02&to=2026-03-02')).body.per_delivery.map(
      (one: { order_id: string }) => one.order_id,
    ),
    [monday],
  )
  const empty = (await ask('earnings', 'from=2026-01-01&to=2026-01-31')).body
  t.match(empty, { period: { deliveries: 0, earnings: 0, average: null } })
  t.same([empty.days, empty.weeks], [[], []])
})

t.test('performance counts offers, deliveries in time, and minutes by leg', async t => {
  const offers = Array.from({ length: 6 }, () => newId())
  const held = (offer_id: string, mode: 'offer' | 'assign' = 'offer'): DriverEvent => ({
    type: 'offer_held',
    data: { offer_id, mode } as never,
  })
  const released = (offer_id: string, outcome: string): DriverEvent => ({
    type: 'offer_released',
    data: { offer_id, order_id: newId(), outcome },
  })
  const taken = (offer_id: string): DriverEvent => ({
    type: 'order_assigned',
    data: { offer_id, order_id: newId() },
  })
  const [accepted, declined, expired, withdrawn, byHand, before] = offers as [
    string,
    string,
    string,
    string,
    string,
    string,
  ]
  await happened(
    'driver',
    driver.id,
    10,
    (
      [
        [held(before), '2026-02-10'],
        [taken(before), '2026-02-10'],
        [held(accepted), '2026-03-03'],
        [taken(accepted), '2026-03-03'],
        [held(declined), '2026-03-03'],
        [released(declined, 'declined'), '2026-03-03'],
        [held(expired), '2026-03-04'],
        [released(expired, 'expired'), '2026-03-04'],
        [held(withdrawn), '2026-03-04'],
        [released(withdrawn, 'withdrawn'), '2026-03-04'],
        [held(byHand, 'assign'), '2026-03-04'],
        [taken(byHand), '2026-03-04'],
      ] as const
    ).map(([event, day]) => [`${day}T12:00:00Z`, event]),
  )
  const { status, body } = await ask('performance', 'from=2026-03-01&to=2026-03-08')
  t.equal(status, 200)
  t.same(body.offers, {
    offered: 4,
    accepted: 1,
    declined: 1,
    expired: 1,
    assigned: 1,
    acceptance_rate: 0.333,
  })
  t.same(body.deliveries, {
    delivered: 4,
    failed: 1,
    on_time: 3,
    on_time_rate: 0.75,
    promise_minutes: 60,
  })
  t.same(body.average_minutes, {
    to_pickup: 12.5,
    at_pickup: 5,
    to_dropoff: 28.8,
    at_dropoff: 5,
    total: 51.3,
  })
  t.match((await ask('performance', 'from=2026-01-01&to=2026-01-02')).body, {
    offers: { acceptance_rate: null },
    deliveries: { on_time_rate: null },
    average_minutes: { total: null },
  })
})

t.test(
  'other drivers, other pharmacies and customers read no figures, and a period must be valid',
  async t => {
    const otherPharmacy = await edge.pharmacy()
    const customer = await edge.customer()
    for (const what of ['earnings', 'performance']) {
      t.equal((await ask(what, '', pharmacy.token)).status, 200)
      t.equal((await ask(what, '', otherDriver.token)).status, 404, '[API1] another driver')
      t.equal((await ask(what, '', otherPharmacy.token)).status, 404, '[API1] another pharmacy')
      t.equal((await ask(what, '', customer.token)).status, 403)
      t.match((await ask(what, 'from=2026-03-02&to=2026-03-01')).body, {
        code: 'invalid_request',
        fields: [{ field: 'from' }],
      })
      t.match((await ask(what, 'from=2024-01-01&to=2026-03-01')).body, {
        code: 'invalid_request',
        fields: [{ field: 'from' }],
      })
      t.match((await ask(what, 'from=2026-02-30')).body, { code: 'invalid_request' })
      t.match((await ask(what, '')).body, {
        time_zone: 'America/New_York',
        from: /^\d{4}-\d\d-\d\d$/,
      })
    }
  },
)
