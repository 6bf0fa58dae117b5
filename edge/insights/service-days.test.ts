/** The days and weeks of a service: counts in its zone, beside those before, for its pharmacy alone. */
import t from 'tap'
import { newId, startFixture } from '../acceptance/fixture-edge.ts'

const edge = await startFixture()
t.teardown(() => edge.stop())
const { call } = edge
// A Monday, which is a Tuesday in Kathmandu.
edge.clock.stoppedAtMs = Date.parse('2026-11-30T20:00:00Z')
const pharmacy = await edge.pharmacy()
const other = await edge.pharmacy()
const admin = await edge.admin()
const serviceId = newId()
await edge.database.pool.query(
  `insert into services (id, vendor_id, name, currency, settings, is_active, revision, created_at, updated_at)
   values ($1, $2, 'Flu', 'USD', '{"time_zone":"Asia/Kathmandu"}', true, 1, now(), now())`,
  [serviceId, pharmacy.id],
)
/** An appointment that begins then, by clocks of Kathmandu. */
const visit = (local: string, status = 'booked', service = serviceId) =>
  edge.database.pool.query(
    `insert into appointments (id, service_id, vendor_id, user_id, created_at, status, start_at, updated_at, record, version)
     values ($1, $2, $3, $1, now(), $4, $5, now(), '{}', 1)`,
    [newId(), service, pharmacy.id, status, new Date(`${local}:00+05:45`)],
  )
for (const [local, status] of [
  ['2026-12-01T00:00', 'booked'],
  ['2026-12-01T09:15', 'checked_in'],
  ['2026-12-01T09:45', 'cancelled'],
  ['2026-12-01T23:59', 'fulfilled'],
  ['2026-11-30T23:59', 'noshow'],
  ['2026-11-30T09:00', 'fulfilled'],
  ['2026-12-06T10:00', 'booked'],
  ['2026-12-07T00:00', 'booked'],
  ['2026-11-29T12:00', 'fulfilled'],
  ['2026-11-23T00:00', 'fulfilled'],
  ['2026-11-22T23:59', 'fulfilled'],
] as const)
  await visit(local, status)
await visit('2026-12-01T09:00', 'booked', newId())

const path = `/api/insights/services/${serviceId}`
const get = (query = '', { token } = pharmacy) => call('GET', `${path}${query}`, { token })
// oxlint-disable-next-line typescript/no-explicit-any -- tests look into many shapes
const filled = (cells: any[], by: 'now' | 'before') =>
  cells.filter(cell => cell[by] > 0).map(cell => [cell.label, cell[by]])

t.test('today, by hour, beside yesterday', async t => {
  const { status, body } = await get()
  t.equal(status, 200)
  t.match(body, {
    service_name: 'Flu',
    time_zone: 'Asia/Kathmandu',
    period: 'day',
    from: '2026-12-01',
    to: '2026-12-01',
    before: { from: '2026-11-30', to: '2026-11-30' },
  })
  t.equal(body.cells.length, 24)
  t.same(filled(body.cells, 'now'), [
    ['00:00', 1],
    ['09:00', 1],
    ['23:00', 1],
  ])
  t.same(filled(body.cells, 'before'), [
    ['09:00', 1],
    ['23:00', 1],
  ])
  const counts = Object.fromEntries(
    body.statuses.map((one: { status: string; now: number; before: number }) => [
      one.status,
      [one.now, one.before],
    ]),
  )
  t.same(counts, {
    proposed: [0, 0],
    pending: [0, 0],
    booked: [1, 0],
    arrived: [0, 0],
    checked_in: [1, 0],
    fulfilled: [1, 1],
    cancelled: [1, 0],
    noshow: [0, 1],
  })
})

t.test('a week from Monday to Sunday, by weekday, beside the one before', async t => {
  for (const query of ['?period=week', '?period=week&date=2026-12-06']) {
    const { body } = await get(query, admin)
    t.match(body, {
      from: '2026-11-30',
      to: '2026-12-06',
      before: { from: '2026-11-23', to: '2026-11-29' },
    })
    t.same(filled(body.cells, 'now'), [
      ['Monday', 2],
      ['Tuesday', 3],
      ['Sunday', 1],
    ])
    t.same(filled(body.cells, 'before'), [
      ['Monday', 1],
      ['Sunday', 1],
    ])
  }
})

t.test('others hear of no such service, and wrong periods are refused', async t => {
  const customer = await edge.customer()
  t.match(await get('', other), { status: 404, body: { code: 'service_not_found' } })
  t.equal((await get('', customer)).status, 403)
  for (const [query, field] of [
    ['?period=month', 'period'],
    ['?date=2026-13-01', 'date'],
    ['?date=2026-02-30', 'date'],
    ['?week=1', 'week'],
  ] as const)
    t.match(await get(query), {
      status: 400,
      body: { code: 'invalid_request', fields: [{ field }] },
    })
})
