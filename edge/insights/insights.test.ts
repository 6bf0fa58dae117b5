/**
 * Insights over HTTP: who reads them, what is refused, what is hidden, CSV, and the weekly job with
 * its letters.
 */
import { readFileSync } from 'node:fs'
import t from 'tap'
import { newId, startFixture, viewOf } from '../acceptance/fixture-edge.ts'
import { assetUrl } from '../../protocol/kernel/assets.ts'
import type { JobRun } from '../kernel/job.ts'
import { insightLimits } from './limits.ts'
import { metrics } from './metrics.ts'
import { makeWeeks } from './weekly.ts'

const edge = await startFixture()
t.teardown(() => edge.stop())
const { call } = edge
// A Monday; the week before is over in every zone.
edge.clock.skewMs = Date.parse('2026-11-30T13:00:00Z') - Date.now()
const admin = await edge.admin()
const pharmacy = await edge.pharmacy()
const other = await edge.pharmacy()
const customer = await edge.customer()
const driver = await edge.driver(pharmacy.id)
const second = await edge.driver(pharmacy.id)
const otherDriver = await edge.driver(other.id)
await edge.database.pool.query(`update vendors set time_zone = 'Europe/Berlin' where id = $1`, [
  pharmacy.id,
])
const path = `/api/insights/vendors/${pharmacy.id}`
const get = async (query = '', token = pharmacy.token) =>
  await call('GET', `${path}${query}`, { token })
// oxlint-disable-next-line typescript/no-explicit-any -- tests look into many shapes
const metricOf = (body: any, metric: string) =>
  body.metrics.find((one: { metric: string }) => one.metric === metric)

/** A delivered order of a person, with its driver and the local time of the delivery in UTC. */
async function delivered(at: string, userId: string, driverId: string, minutes = 30) {
  const placed = new Date(Date.parse(at) - minutes * 60_000).toISOString()
  const view = viewOf({
    id: newId(),
    user_id: userId,
    vendor_id: pharmacy.id,
    driver_id: driverId,
    status: 'delivered',
    created_at: placed,
    updated_at: at,
    accepted_at: placed,
    picked_up_at: placed,
    delivered_at: at,
    ended_at: at,
  })
  await edge.store(view)
  await edge.database.pool.query('update orders set accepted_at = created_at where id = $1', [
    view.id,
  ])
}
const people = Array.from({ length: 12 }, newId)
// Week 48: on Tuesday six people by the first driver; on Wednesday two by the second.
for (const [i, person] of people.slice(0, 6).entries())
  await delivered('2026-11-24T09:10:00.000Z', person, driver.id, 20 + i)
for (const person of people.slice(6, 8))
  await delivered('2026-11-25T22:59:00.000Z', person, second.id, 90)
// Monday of week 48 in Berlin, still Sunday in UTC; and the first minute of week 49.
for (const person of people.slice(0, 7))
  await delivered('2026-11-22T23:30:00.000Z', person, driver.id, 40)
await delivered('2026-11-29T23:00:00.000Z', people[0]!, driver.id, 50)

t.test('the written definitions are those of the metrics', async t => {
  const page = readFileSync(assetUrl('edge/insights/README.md'), 'utf8')
  const rows = [...page.matchAll(/^\| `(\w+)` \| (\w+) \| (.+) \|$/gm)].map(row => row.slice(1))
  t.same(
    rows,
    Object.entries(metrics).map(([name, { unit, definition }]) => [name, unit, definition]),
  )
})

t.test('the last week that is over in the zone, beside the week before', async t => {
  const { status, body } = await get()
  t.equal(status, 200)
  t.match(body, {
    vendor_id: pharmacy.id,
    time_zone: 'Europe/Berlin',
    week: '2026-W48',
    from: '2026-11-23',
    to: '2026-11-29',
    before: '2026-W47',
    by: null,
  })
  t.same(
    body.metrics.map((one: { metric: string }) => one.metric),
    Object.keys(metrics),
  )
  // Seven of 40 minutes, six of 20 to 25, two of 90.
  t.match(metricOf(body, 'click_to_door'), {
    unit: 'minutes',
    measured: true,
    now: { value: 40, count: 15, hidden: false },
    before: { value: null, count: 0, hidden: false },
    cells: [],
  })
  t.match(metricOf(body, 'on_time').now, { value: 0.867, count: 15 })
  t.match(metricOf(body, 'returns').now, { value: 0, count: 15 })
  t.match(metricOf(body, 'excursions'), { measured: false, now: { value: null, count: null } })
  t.same((await get('?week=2026-W48')).body.metrics, body.metrics)
  t.match(metricOf((await get('?week=2026-W47')).body, 'click_to_door').now, { count: 0 })
})

t.test('no-shows, in all and by service; what nobody noted does not count', async t => {
  const [flu, talk] = [newId(), newId()]
  for (const [id, name] of [
    [flu, 'Flu'],
    [talk, 'Talk'],
  ])
    await edge.database.pool.query(
      `insert into services (id, vendor_id, name, currency, settings, is_active, revision,
        created_at, updated_at) values ($1, $2, $3, 'USD', '{}', true, 1, now(), now())`,
      [id, pharmacy.id, name],
    )
  const visit = (service: string, person: string, status: string, checkedIn: boolean) =>
    edge.database.pool.query(
      `insert into appointments (id, service_id, vendor_id, user_id, created_at, status, updated_at,
        ended_at, record, version) values ($1, $2, $3, $4, now(), $5, now(), '2026-11-24T10:00Z',
        $6, 1)`,
      [
        newId(),
        service,
        pharmacy.id,
        person,
        status,
        JSON.stringify({ checked_in_at: checkedIn ? '2026-11-24T09:00:00Z' : null }),
      ],
    )
  for (const [i, person] of people.slice(0, 6).entries())
    await visit(flu, person, i < 2 ? 'noshow' : 'fulfilled', i >= 2)
  for (const person of people.slice(0, 5)) await visit(talk, person, 'fulfilled', true)
  await visit(talk, people[0]!, 'fulfilled', false)
  await visit(talk, people[0]!, 'cancelled', false)
  const found = metricOf((await get('?by=service')).body, 'no_shows')
  t.match(found, { unit: 'share', measured: true, now: { value: 0.182, count: 11 } })
  t.match(
    found.cells.toSorted((a: { label: string }, b: { label: string }) =>
      a.label < b.label ? -1 : 1,
    ),
    [
      { key: flu, label: 'Flu', now: { value: 0.333, count: 6 }, before: { count: 0 } },
      { key: talk, label: 'Talk', now: { value: 0, count: 5 } },
    ],
  )
  t.same(metricOf((await get('?by=service')).body, 'returns').cells, [])
})

t.test('small cells are hidden, and so is the cell that would tell them', async t => {
  const byDay = metricOf((await get('?by=weekday')).body, 'click_to_door').cells
  t.same(
    byDay.map((cell: { label: string; now: { hidden: boolean } }) => [cell.label, cell.now.hidden]),
    [
      ['Monday', false],
      ['Tuesday', true],
      ['Wednesday', true],
      ['Thursday', false],
      ['Friday', false],
      ['Saturday', false],
      ['Sunday', false],
    ],
  )
  t.match(byDay[0].now, { value: 40, count: 7 })
  t.match(byDay[1].now, { value: null, count: null }, 'it protects the two people of Wednesday')
  const byHour = metricOf((await get('?by=hour')).body, 'click_to_door').cells
  t.equal(byHour.length, 24)
  t.match(byHour[0], { key: '00', label: '00:00', now: { count: 7 } }, 'the hour is local')
  t.match(byHour[10].now, { hidden: true })
  t.match(byHour[23].now, { hidden: true })
  const byDriver = (await get('?by=driver')).body
  t.same(metricOf(byDriver, 'claim_rate').cells, [])
  for (const cell of metricOf(byDriver, 'click_to_door').cells)
    t.match(
      cell,
      { label: 'Driver John', now: { hidden: true } },
      'one of two drivers tells the other',
    )
})

t.test('a series of weeks has no sum', async t => {
  const { body } = await get('?by=week&weeks=3')
  const found = metricOf(body, 'click_to_door')
  t.same(
    found.cells.map((cell: { key: string }) => cell.key),
    ['2026-W46', '2026-W47', '2026-W48'],
  )
  t.same(found.now, found.cells[2].now)
  t.equal((await get('?by=week')).body.metrics[0].cells.length, insightLimits.weeksDefault)
})

t.test('a driver has the own weeks, as hidden as in the weeks of the pharmacy', async t => {
  const own = `/api/insights/drivers/${driver.id}`
  const { status, body } = await call('GET', `${own}?weeks=2`, { token: driver.token })
  t.equal(status, 200)
  t.match(body, { driver_id: driver.id, driver_name: 'Driver John', vendor_id: pharmacy.id })
  t.same(
    body.metrics.map((one: { metric: string }) => one.metric),
    Object.keys(metrics).filter(name => metrics[name]!.byDriver),
  )
  t.match(metricOf(body, 'click_to_door').now, { hidden: true })
  for (const [name, token, expected] of [
    ['its pharmacy', pharmacy.token, 200],
    ['an administrator', admin.token, 200],
    ['another driver', otherDriver.token, 404],
    ['another pharmacy', other.token, 404],
    ['a customer', customer.token, 403],
  ] as const)
    t.equal((await call('GET', own, { token })).status, expected, name)
})

t.test('only the pharmacy and administrators read its insights', async t => {
  for (const of of ['', '/export-csv', '/letter'])
    for (const [name, token, status, code] of [
      ['its own', pharmacy.token, 200, undefined],
      ['an administrator', admin.token, 200, undefined],
      ['another pharmacy', other.token, 404, 'vendor_not_found'],
      ['its driver', driver.token, 403, 'forbidden'],
      ['a customer', customer.token, 403, 'forbidden'],
    ] as const) {
      const answer = await get(of, token)
      t.same([answer.status, answer.body.code], [status, code], `${name} ${of}`)
    }
  t.equal((await call('GET', '/api/insights/vendors', { token: pharmacy.token })).status, 403)
})

t.test('bad questions are refused with field and rule', async t => {
  for (const [query, field] of [
    ['?week=2026-W49', 'week'],
    ['?week=2027-W01', 'week'],
    ['?week=2021-W53', 'week'],
    ['?week=2026-W00', 'week'],
    ['?week=last', 'week'],
    ['?week=2026-11-24', 'week'],
    ['?by=minute', 'by'],
    ['?by=week&weeks=0', 'weeks'],
    [`?by=week&weeks=${insightLimits.weeksMax + 1}`, 'weeks'],
    ['?weeks=2', 'weeks'],
    ['?by=hour&weeks=2', 'weeks'],
    ['?date=2026-11-24', 'date'],
  ] as const) {
    const { status, body } = await get(query)
    t.match(
      { status, body },
      { status: 400, body: { code: 'invalid_request', fields: [{ field }] } },
      query,
    )
    t.type(body.fields[0].rule, 'string')
  }
  t.match(await call('PUT', `${path}/letter`, { token: pharmacy.token, body: { wanted: 'yes' } }), {
    status: 400,
    body: { fields: [{ field: 'wanted' }] },
  })
  const zone = { time_zone: 'Mars/Olympus' }
  t.match(
    await call('PATCH', `/api/vendors/${pharmacy.id}`, { token: pharmacy.token, body: zone }),
    { status: 400, body: { fields: [{ field: 'time_zone' }] } },
    'so no week is counted in a zone that nobody knows',
  )
})

t.test('CSV has a row for each total and each cell, and no formula runs', async t => {
  await edge.database.pool.query(`update drivers set full_name = '=1+1' where id = $1`, [driver.id])
  const { status, body, headers } = await get('/export-csv?by=driver&bom=false')
  t.equal(status, 200)
  t.match(headers.get('content-disposition'), 'insights-2026-W48.csv')
  const lines = (body as string).split('\r\n')
  t.equal(
    lines[0],
    '"metric","unit","key","label","now","now_count","now_hidden","before","before_count","before_hidden"',
  )
  t.ok(lines.includes('"click_to_door","minutes","total","2026-W48",40,15,"",,0,""'))
  t.ok(lines.includes(`"click_to_door","minutes","${driver.id}","'=1+1",,,"hidden",,0,""`))
})

t.test('the weekly job stores each week once and writes to those who want it', async t => {
  const { pool } = edge.database
  const run: JobRun = { signal: new AbortController().signal, fence: async () => {} }
  const letters = () =>
    edge.edge.parts.messenger.outbox().filter(({ subject }) => subject.startsWith('Your week'))
  t.match(await call('PUT', `${path}/letter`, { token: pharmacy.token, body: { wanted: true } }), {
    status: 200,
    body: { wanted: true },
  })
  t.match((await get('/letter')).body, { wanted: true })
  t.same(await makeWeeks(edge.edge.parts, run), { weeks: 2, letters: 1 })
  t.same(await makeWeeks(edge.edge.parts, run), { weeks: 0, letters: 0 })
  await edge.edge.parts.messenger.drain()
  t.equal(letters().length, 1)
  t.match(letters()[0], {
    subject: 'Your week 2026-W48',
    text: /click to door: 40 minutes \(the week before: none\)/,
  })
  t.notMatch(letters()[0]!.text, /Driver|John/)
  const { rows } = await pool.query<{ figures: Record<string, unknown> }>(
    'select week::text, time_zone, figures from weekly_insights where vendor_id = $1',
    [pharmacy.id],
  )
  t.match(rows, [{ week: '2026-11-23', time_zone: 'Europe/Berlin' }])
  t.same(rows[0]!.figures['click_to_door'], { value: 40, count: 15, hidden: false })

  const list = async (query = '') =>
    (await call('GET', `/api/insights/vendors${query}`, { token: admin.token })).body
  t.match(await list(), { week: '2026-W48', before: '2026-W47', next_cursor: null })
  const [first, next] = [
    await list('?limit=1'),
    await list(`?limit=1&cursor=${(await list('?limit=1')).next_cursor}`),
  ]
  t.same(
    [...first.vendors, ...next.vendors].map((one: { vendor_id: string }) => one.vendor_id),
    [pharmacy.id, other.id].sort(),
  )

  t.match(await call('PUT', `${path}/letter`, { token: admin.token, body: { wanted: false } }), {
    status: 200,
    body: { wanted: false },
  })
  // Three weeks later; no edge ran meanwhile.
  edge.clock.skewMs += 3 * 7 * 24 * 3_600_000
  t.same(
    await makeWeeks(edge.edge.parts, run),
    { weeks: 2, letters: 0 },
    'missed weeks do not pile up',
  )

  edge.clock.skewMs += 7 * 24 * 3_600_000
  const lost = { ...run, fence: () => Promise.reject(new Error('another edge does it now')) }
  await t.rejects(makeWeeks(edge.edge.parts, lost), /another edge/)
  const left = new AbortController()
  left.abort(new Error('this edge ends'))
  await t.rejects(makeWeeks(edge.edge.parts, { ...run, signal: left.signal }), /this edge ends/)
  t.same(await makeWeeks(edge.edge.parts, run), { weeks: 2, letters: 0 }, 'nothing was half done')
})
