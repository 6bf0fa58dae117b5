/**
 * Reports and exports over HTTP: [OWASP API1] their owners, their inputs, and exports of many
 * pages.
 */
import t from 'tap'
import { reportLimits } from './limits.ts'
import { newId, startFixture, viewOf } from '../acceptance/fixture-edge.ts'

const edge = await startFixture()
t.teardown(() => edge.stop())
const { call } = edge
const pharmacy = await edge.pharmacy()
const otherPharmacy = await edge.pharmacy()
const customer = await edge.customer()
const driver = await edge.driver(pharmacy.id)
const admin = await edge.admin()
const base = `/api/reports/vendors/${pharmacy.id}`
const exportPath = `/api/vendors/${pharmacy.id}/export-csv`
const lines = (csv: string): string[] =>
  csv
    .replace(/^\u{feff}/u, '')
    .split('\r\n')
    .slice(0, -1)

/** Writes an order with its times into the read model in the form of the journal. */
async function store(
  at: string,
  change: Parameters<typeof viewOf>[0] | object = {},
): Promise<void> {
  const view = viewOf({
    id: newId(),
    vendor_id: pharmacy.id,
    created_at: at,
    updated_at: at,
    ...change,
  })
  await edge.store(view)
  await edge.database.pool.query(
    `update orders set created_at = $2, updated_at = $3, accepted_at = $4, delivered_at = $5, delivery_fee_minor = $6, actual_distance_km = $7 where id = $1`,
    [
      view.id,
      view.created_at,
      view.updated_at,
      view.accepted_at,
      view.delivered_at,
      view.delivery_fee === null ? null : Math.round(view.delivery_fee * 100),
      view.actual_distance_km,
    ],
  )
}

t.test('only the pharmacy and administrators read its reports', async t => {
  for (const [method, path] of [
    ['GET', base],
    ['GET', `${base}/drivers`],
    ['GET', `${base}/export-csv`],
    ['POST', exportPath],
  ] as const) {
    const body = method === 'POST' ? { body: {} } : {}
    for (const [name, token, status, code] of [
      ['its own', pharmacy.token, 200, undefined],
      ['an admin', admin.token, 200, undefined],
      ['another pharmacy', otherPharmacy.token, 404, 'vendor_not_found'],
      ['a customer', customer.token, 403, 'forbidden'],
      ['its driver', driver.token, 403, 'forbidden'],
      ['nobody', undefined, 401, 'unauthenticated'],
    ] as const) {
      const answer = await call(method, path, { ...(token !== undefined && { token }), ...body })
      t.equal(answer.status, status, `${name}: ${method} ${path}`)
      t.equal(answer.body?.code, code)
    }
    const unknown = path.replace(pharmacy.id, newId())
    t.equal(
      (await call(method, unknown, { token: pharmacy.token, ...body })).body.code,
      'vendor_not_found',
      'a pharmacy that does not exist gets the same answer',
    )
    t.equal(
      (await call(method, unknown, { token: admin.token, ...body })).body.code,
      'vendor_not_found',
    )
  }
})

t.test('invalid queries are refused with the field', async t => {
  for (const [query, field] of [
    ['date=yesterday', 'date'],
    ['date=2026-13-01', 'date'],
    ['date=2026-02-30', 'date'],
    ['from=2026-02-02&to=2026-02-01', 'from'],
    ['from=2020-01-01&to=2026-01-01', 'to'],
    ['day=2026-01-01', 'day'],
    ['date=2026-01-01&date=2026-01-02', 'date'],
  ] as const) {
    const { status, body } = await call('GET', `${base}?${query}`, { token: pharmacy.token })
    t.equal(status, 400, query)
    t.equal(body.fields[0].field, field)
  }
  t.equal(
    (await call('GET', `${base}/export-csv?content=everything`, { token: pharmacy.token })).status,
    400,
  )
  t.equal(
    (await call('POST', exportPath, { token: pharmacy.token, body: { status: 'broadcast' } }))
      .status,
    400,
  )
})

t.test('a day is local to the pharmacy, and a day of 25 hours is counted whole', async t => {
  await edge.database.pool.query(`update vendors set time_zone = 'Europe/Berlin' where id = $1`, [
    pharmacy.id,
  ])
  const delivered = (at: string) => ({
    status: 'delivered' as const,
    driver_id: driver.id,
    accepted_at: at,
    driver_assigned_at: at,
    picked_up_at: at,
    delivered_at: at,
    ended_at: at,
    updated_at: at,
    delivery_fee: 3.5,
    actual_distance_km: 1.25,
  })
  // In Berlin 25 October 2026 lasts from 22:00 UTC of the 24th to 23:00 UTC of the 25th: 25 hours.
  for (const at of [
    '2026-10-24T21:59:59.999Z',
    '2026-10-24T22:00:00.000Z',
    '2026-10-25T22:59:59.999Z',
    '2026-10-25T23:00:00.000Z',
  ])
    await store(at, delivered(at))
  await store('2026-10-25T10:00:00.000Z', {
    kind: 'broadcast',
    status: 'cancelled',
    accepted_at: '2026-10-25T10:02:00.000Z',
    ended_at: '2026-10-25T23:30:00.000Z',
    updated_at: '2026-10-25T23:30:00.000Z',
    notes: 'nul \u0000 and half \ud800',
  })
  const { body } = await call('GET', `${base}?date=2026-10-25`, { token: pharmacy.token })
  t.match(body, {
    vendor_id: pharmacy.id,
    vendor_name: 'MedPharm Inc',
    time_zone: 'Europe/Berlin',
    from: '2026-10-25',
    to: '2026-10-25',
    currency: 'USD',
    days: [
      {
        date: '2026-10-25',
        orders_received: 3,
        orders_accepted: 3,
        orders_delivered: 2,
        orders_cancelled: 0,
        delivered_on_time: 2,
        delivery_fees: 7,
        distance_km: 2.5,
        average_accept_minutes: 0.67,
        average_delivery_minutes: 0,
      },
    ],
    total: { orders_received: 3 },
  })
  const days = (
    await call('GET', `${base}?from=2026-10-23&to=2026-10-26`, { token: pharmacy.token })
  ).body.days as { date: string; orders_received: number; orders_cancelled: number }[]
  t.same(
    days.map(day => [day.date, day.orders_received, day.orders_cancelled]),
    [
      ['2026-10-23', 0, 0],
      ['2026-10-24', 1, 0],
      ['2026-10-25', 3, 0],
      ['2026-10-26', 1, 1],
    ],
  )
  const drivers = (await call('GET', `${base}/drivers?date=2026-10-25`, { token: pharmacy.token }))
    .body.drivers
  t.match(drivers, [
    {
      driver_id: driver.id,
      full_name: 'Driver John',
      deliveries: 2,
      earnings: 7,
      distance_km: 2.5,
      offers_made: 0,
      acceptance_rate: null,
    },
  ])
  edge.clock.skewMs = Date.parse('2026-10-24T22:30:00Z') - Date.now()
  // The test signs in again, because a token of today is not valid on that day.
  const {
    body: { access_token },
  } = await call('POST', '/api/auth/login', {
    body: { email: admin.email, password: 'password123' },
  })
  t.equal(
    (await call('GET', base, { token: access_token })).body.from,
    '2026-10-25',
    'today in the time zone of the pharmacy',
  )
  edge.clock.skewMs = 0
})

t.test('the report, the drivers and the orders are exported as CSV', async t => {
  const days = await call('GET', `${base}/export-csv?from=2026-10-24&to=2026-10-26`, {
    token: pharmacy.token,
  })
  t.equal(days.headers.get('content-type'), 'text/csv; charset=utf-8')
  t.equal(
    days.headers.get('content-disposition'),
    'attachment; filename="report-2026-10-24-to-2026-10-26.csv"',
  )
  t.equal(lines(days.body).length, 4)
  t.match(lines(days.body)[2], /^"2026-10-25",3,3,0,0,2,0,2,7,2\.5,0\.67,0$/)
  t.match(
    lines(
      (
        await call('GET', `${base}/export-csv?date=2026-10-25&content=drivers`, {
          token: pharmacy.token,
        })
      ).body,
    )[1],
    new RegExp(`^"${driver.id}","Driver John",2,2,0,7,2\\.5,`),
  )
  const orders = await call('GET', `${base}/export-csv?date=2026-10-25&content=orders`, {
    token: pharmacy.token,
  })
  t.equal(orders.headers.get('content-disposition'), 'attachment; filename="orders-2026-10-25.csv"')
  t.equal(lines(orders.body).length, 4)
  t.match(orders.body, '"2026-10-25T00:00:00+02:00"')
  t.match(orders.body, '"2026-10-25T23:59:59+01:00"')
  const bytes = async (query: string) =>
    new Uint8Array(
      await (
        await fetch(
          `http://127.0.0.1:${edge.edge.port}${base}/export-csv?date=2026-10-25${query}`,
          { headers: { authorization: `Bearer ${pharmacy.token}` } },
        )
      ).arrayBuffer(),
    )
  t.same((await bytes('')).subarray(0, 3), Uint8Array.of(0xef, 0xbb, 0xbf), 'marked as UTF-8')
  t.equal((await bytes('&bom=false'))[0], '"'.charCodeAt(0))
})

t.test(
  'an export of many pages contains every order once, oldest first, and no formula',
  async t => {
    const count = 3 * reportLimits.exportPageRows + 7
    const view = viewOf({
      id: newId(),
      vendor_id: otherPharmacy.id,
      customer_name: '=HYPERLINK("https://evil.example","x")',
      customer_phone: '+1 555',
      items: [{ name: 'Paracetamol, 500 "mg"', quantity: 2 }],
      notes: '@SUM(1)\nsecond line',
    })
    // Many orders have the same millisecond, so that a page ends among equal times.
    await edge.database.pool.query(
      `insert into orders (id, kind, order_number, tracking_token, status, user_id, vendor_id, created_at, updated_at, version, progress)
     select id, 'direct', 'n', id::text, case when n % 2 = 0 then 'pending' else 'cancelled' end, $1, $2, at, at, 1, replace($3::text, $4, id::text)::json
     from (select n, gen_random_uuid() as id, timestamptz '2026-01-01' + make_interval(secs => n / 400) as at from generate_series(1, $5::integer) n) as rows`,
      [view.user_id, otherPharmacy.id, JSON.stringify(view), view.id, count],
    )
    const all = await call('POST', `/api/vendors/${otherPharmacy.id}/export-csv`, {
      token: otherPharmacy.token,
      body: {},
    })
    t.equal(all.status, 200)
    t.equal(all.headers.get('content-disposition'), 'attachment; filename="orders.csv"')
    const ids = [...(all.body as string).matchAll(/^"ORD-[^"]*","([0-9a-f-]{36})"/gm)].map(
      match => match[1],
    )
    t.equal(ids.length, count)
    const { rows } = await edge.database.pool.query<{ id: string }>(
      'select id from orders where vendor_id = $1 order by created_at, id',
      [otherPharmacy.id],
    )
    t.same(
      ids,
      rows.map(row => row.id),
    )
    t.match(all.body, '"\'=HYPERLINK(""https://evil.example"",""x"")"')
    t.match(all.body, '"\'@SUM(1)\nsecond line"')
    t.match(all.body, '"2 x Paracetamol, 500 ""mg"""')
    t.notMatch(all.body, /(^|,|")[=+@]/m, 'no cell begins a formula')
    const some = await call('POST', `/api/vendors/${otherPharmacy.id}/export-csv`, {
      token: admin.token,
      body: { status: 'cancelled', from: '2010-01-01', to: '2026-01-01', bom: false },
    })
    t.equal([...(some.body as string).matchAll(/^"ORD-/gm)].length, Math.ceil(count / 2))
  },
)
