/** The catalogue over HTTP: who writes and who browses, free slots, closures, bad input. */
import { sql } from 'kysely'
import t from 'tap'
import { newPharmacy } from '../acceptance/people.ts'
import { startVisits } from '../appointments/fixture.ts'

const edge = await startVisits()
t.teardown(() => edge.stop())
const { call, done, pharmacy } = edge
const ann = await edge.customer()
const other = await newPharmacy(edge.url, 'Other Pharmacy', 27.9, 85.33)
const path = `/api/vendors/${pharmacy.pharmacyId}/services`

t.test('a pharmacy offers services under main services, and everybody browses', async t => {
  const group = await done(pharmacy, 'POST', `/api/vendors/${pharmacy.pharmacyId}/main-services`, {
    name: 'Vaccinations',
    icon: 'syringe',
  })
  const made = await call(pharmacy, 'POST', path, {
    name: 'Flu',
    price: 12.5,
    main_service_id: group.id,
    time_zone: 'Asia/Kathmandu',
    leave: [{ from: '2027-08-02T00:00', to: '2027-08-16T00:00', reason: 'Pat is away' }],
  })
  t.match(made, {
    status: 201,
    body: { name: 'Flu', price: 12.5, currency: 'USD', capacity: 1, revision: 1, is_active: true },
  })
  const one = `/api/services/${made.body.id}`
  const seen = await done(null, 'GET', one)
  t.equal(seen.leave, undefined, 'leave names people, so only the pharmacy reads it')
  t.match((await done(pharmacy, 'GET', one)).leave, [{ reason: 'Pat is away' }])
  t.match(await done(null, 'GET', `${path}?main_service_id=${group.id}`), {
    services: [{ id: made.body.id }],
  })
  const changed = await call(pharmacy, 'PATCH', one, { is_active: false }, { 'if-match': '"1"' })
  t.match(changed, { status: 200, body: { revision: 2, is_active: false } })
  t.equal((await call(pharmacy, 'PATCH', one, { name: 'x' }, { 'if-match': '"1"' })).status, 412)
  t.equal((await call(ann, 'GET', one)).status, 404, 'an inactive one is shown to nobody else')
  t.same((await done(null, 'GET', `${path}?main_service_id=${group.id}`)).services, [])
  for (const stranger of [ann, other]) {
    const answer = await call(stranger, 'PATCH', one, { name: 'Mine' })
    t.ok(answer.status === 403 || answer.status === 404)
  }
  t.equal((await call(other, 'POST', path, { name: 'Mine' })).status, 404)
  t.equal((await call(pharmacy, 'DELETE', `/api/main-services/${group.id}`)).status, 204)
  t.equal((await done(pharmacy, 'GET', one)).main_service_id, null)
})

t.test('bad terms are refused with their field', async t => {
  const group = await done(other, 'POST', `/api/vendors/${other.pharmacyId}/main-services`, {
    name: 'Theirs',
  })
  const table: [object, string][] = [
    [{ time_zone: 'Mars/Olympus' }, 'time_zone'],
    [{ time_zone: '+05:30' }, 'time_zone'],
    [{ price: 1.001 }, 'price'],
    [{ capacity: 0 }, 'capacity'],
    [{ duration_minutes: 0 }, 'duration_minutes'],
    [{ interval_minutes: 1 }, 'interval_minutes'],
    [{ rules: [{ days: ['mon'], from: '25:00', to: '26:00' }] }, 'rules.0.from'],
    [{ overrides: [{ date: '2027-02-30', intervals: [] }] }, 'overrides.0.date'],
    [{ overrides: [1, 2].map(() => ({ date: '2027-02-28', intervals: [] })) }, 'overrides.1.date'],
    [{ leave: [{ from: '2027-02-02T00:00', to: '2027-02-01T00:00' }] }, 'leave.0.to'],
    [{ leave: [{ from: '2027-02-30T00:00', to: '2027-03-01T00:00' }] }, 'leave.0.from'],
    [{ leave: [{ from: '0001-01-01T00:00', to: '2027-03-01T00:00' }] }, 'leave.0.from'],
    [{ leave: [{ from: '2027-01-01T00:00', to: '9999-12-31T00:00' }] }, 'leave.0.to'],
    [{ steps: [1, 2].map(() => ({ id: 'a', name: 'A', minutes: 1 })) }, 'steps.1.id'],
    [{ main_service_id: group.id }, 'main_service_id'],
  ]
  for (const [body, field] of table)
    t.match(
      await call(pharmacy, 'POST', path, { name: 'Bad', ...body }),
      { status: 400, body: { code: 'invalid_request', fields: [{ field, rule: /\w/ }] } },
      field,
    )
})

t.test('availability is in the zone of the service, and says when the next slot is', async t => {
  const service = await edge.service({
    time_zone: 'America/New_York',
    window_days: 366,
    overrides: [],
    rules: [{ days: ['sun'], from: '01:00', to: '03:30' }],
  })
  const ask = (query: string) =>
    call(ann, 'GET', `/api/services/${service.id}/availability${query}`)
  const { body } = await ask('?from=2027-03-14&to=2027-03-15')
  t.same(
    body.slots.map((slot: { start_local: string }) => slot.start_local),
    ['2027-03-14T01:00', '2027-03-14T01:30', '2027-03-14T03:00'],
    'the hour that is skipped has no slot',
  )
  t.match(body, {
    time_zone: 'America/New_York',
    from: '2027-03-14T05:00:00.000Z',
    to: '2027-03-15T04:00:00.000Z',
  })
  t.match((await ask('?from=2027-03-15&to=2027-03-16')).body, {
    slots: [],
    next_free: '2027-03-21T05:00:00.000Z',
  })
  for (const [query, field] of [
    ['?from=2027-03-15&to=2027-03-14', 'to'],
    ['?from=2027-03-15&to=2027-06-15', 'to'],
    ['?from=2027-02-30', 'from'],
    ['?from=soon-or-later', 'from'],
  ])
    t.match(await ask(query!), { status: 400, body: { fields: [{ field }] } }, query)
})

t.test('a closure is there with the revision that tells of it, or not at all', async t => {
  const service = await edge.service()
  const { kysely } = edge.edge.parts.database
  const closures = `/api/vendors/${pharmacy.pharmacyId}/closures`
  const period = { from: '2027-12-25T00:00', to: '2027-12-26T00:00' }
  const closed = await done(pharmacy, 'POST', closures, period)
  t.equal((await done(null, 'GET', `/api/services/${service.id}`)).revision, 2)
  // The second half of the change fails.
  await sql`alter table services add constraint stuck check (id <> ${sql.lit(service.id)} or revision <= 2)`.execute(
    kysely,
  )
  t.equal((await call(pharmacy, 'POST', closures, period)).status, 500)
  t.equal((await call(pharmacy, 'DELETE', `${closures}/${closed.id}`)).status, 500)
  t.match((await done(pharmacy, 'GET', closures)).closures, [{ id: closed.id }])
  await sql`alter table services drop constraint stuck`.execute(kysely)
  t.equal((await call(pharmacy, 'DELETE', `${closures}/${closed.id}`)).status, 204)
})

t.test('a closure of the pharmacy closes all its services, until it is ended', async t => {
  const service = await edge.service()
  const [, , start] = await edge.slots(service.id)
  const from = start!.slice(0, 16)
  const to = new Date(Date.parse(start!) + 3_600_000).toISOString().slice(0, 16)
  const closures = `/api/vendors/${pharmacy.pharmacyId}/closures`
  const closed = await done(pharmacy, 'POST', closures, { from, to, reason: 'a leak' })
  t.notOk((await edge.slots(service.id)).includes(start!))
  t.match(await edge.book(ann, service.id, start!), { status: 422, body: { code: 'slot_closed' } })
  t.match(await call(pharmacy, 'POST', closures, { from: to, to: from }), {
    status: 400,
    body: { fields: [{ field: 'to' }] },
  })
  t.equal((await done(pharmacy, 'GET', closures)).closures.length, 1)
  t.equal((await call(other, 'DELETE', `${closures}/${closed.id}`)).status, 404)
  t.equal((await call(pharmacy, 'DELETE', `${closures}/${closed.id}`)).status, 204)
  t.equal((await edge.book(ann, service.id, start!)).status, 201)
})
