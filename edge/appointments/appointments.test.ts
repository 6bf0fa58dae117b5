/** Appointments over HTTP, by a whole server: races, the visit, the waiting list, bad input. */
import { sql } from 'kysely'
import t from 'tap'
import { newDriver, newPharmacy } from '../acceptance/people.ts'
import { startVisits } from './fixture.ts'

const edge = await startVisits()
t.teardown(() => edge.stop())
const { call, done, pharmacy, book } = edge
const [ann, ben] = [await edge.customer(), await edge.customer()]
const other = await newPharmacy(edge.url, 'Other Pharmacy', 27.9, 85.33)
const minuteMs = 60_000
const later = (time: string, minutes: number): string =>
  new Date(Date.parse(time) + minutes * minuteMs).toISOString()

t.test('the racers for a slot: as many 201 as seats, the rest 409 with the next free', async t => {
  const service = await edge.service({ capacity: 3 })
  const [, , start] = await edge.slots(service.id)
  const racers = await Promise.all(Array.from({ length: 40 }, () => edge.customer()))
  const answers = await Promise.all(racers.map(racer => book(racer, service.id, start!)))
  const won = answers.filter(({ status }) => status === 201)
  t.equal(won.length, 3)
  t.ok(won.every(({ body }) => body.status === 'booked' && body.start === start))
  const lost = answers.filter(({ status }) => status === 409)
  t.equal(lost.length, 37)
  for (const { body } of lost) {
    t.equal(body.code, 'slot_taken')
    t.match(body.fields, [{ field: 'start' }])
    t.equal(body.next_free.length, 5)
    t.ok(body.next_free[0] > start!)
  }
  t.notOk((await edge.slots(service.id)).includes(start!))
})

t.test('a repeat under the same key books once, and hears the same refusal', async t => {
  const service = await edge.service()
  const [start] = await edge.slots(service.id)
  const key = { 'idempotency-key': 'once' }
  const body = { service_id: service.id, start }
  const first = await call(ann, 'POST', '/api/appointments', body, key)
  const again = await call(ann, 'POST', '/api/appointments', body, key)
  t.equal(first.status, 201)
  t.match(again, { status: 201, body: { id: first.body.id } })
  t.equal(again.headers.get('idempotency-replayed'), 'true')
  const late = await call(ben, 'POST', '/api/appointments', body, key)
  const later = await call(ben, 'POST', '/api/appointments', body, key)
  t.same([late.status, later.status], [409, 409])
  t.same(later.body.next_free, late.body.next_free)
})

t.test('bad input: each has its code, its field and a rule, and nothing is half done', async t => {
  const zone = 'America/New_York'
  const service = await edge.service({
    time_zone: zone,
    notice_minutes: 60,
    window_days: 300,
    overrides: [{ date: '2027-06-01', intervals: [] }],
  })
  const now = Date.now()
  const iso = (ms: number): string => new Date(ms).toISOString()
  const half = 30 * minuteMs
  const next = Math.ceil(now / half) * half
  // New York's clocks skip 02:00 to 03:00 on 14 March 2027, and repeat 01:00 on 7 November.
  const table: [object, number, string, string][] = [
    [{ start: iso(now - minuteMs) }, 422, 'slot_past', 'start'],
    [{ start: iso(next) }, 422, 'slot_too_soon', 'start'],
    [{ start: iso(next + 301 * 86_400_000) }, 422, 'slot_too_far', 'start'],
    [{ start: iso(next + 86_400_000 + minuteMs) }, 422, 'slot_closed', 'start'],
    [{ start_local: '2027-06-01T09:00' }, 422, 'slot_closed', 'start'],
    [{ start_local: '2027-03-14T02:30' }, 422, 'slot_in_gap', 'start_local'],
    [{ start_local: '2027-11-07T01:30' }, 422, 'slot_ambiguous', 'start_local'],
    [{ start_local: '2027-02-30T09:00' }, 400, 'invalid_request', 'start_local'],
    [{ start_local: '9999-06-01T09:00' }, 400, 'invalid_request', 'start_local'],
    [{ start: '9999-06-01T09:00:00Z' }, 400, 'invalid_request', 'start'],
    [{}, 400, 'invalid_request', 'start'],
    [{ start: iso(next), start_local: '2027-06-02T09:00' }, 400, 'invalid_request', 'start'],
    [{ start: 'soon' }, 400, 'invalid_request', 'start'],
    [{ start: iso(next), time_zone: 'Mars/Olympus' }, 400, 'invalid_request', 'time_zone'],
    [{ start: iso(next), user_id: ben.id }, 400, 'invalid_request', 'user_id'],
  ]
  for (const [body, status, code, field] of table) {
    const answer = await call(ann, 'POST', '/api/appointments', { service_id: service.id, ...body })
    t.match(answer, { status, body: { code, fields: [{ field, rule: /\w/ }] } }, `${code} ${field}`)
  }
  const { appointments } = await done(ann, 'GET', `/api/appointments?service_id=${service.id}`)
  t.same(appointments, [])
  const unknown = { service_id: '0190a5a0-0000-7000-8000-000000000001', start: iso(next) }
  t.match(await call(ann, 'POST', '/api/appointments', unknown), {
    status: 404,
    body: { code: 'service_not_found' },
  })
})

t.test('a visit: check-in by code, steps with who did them, completion', async t => {
  const steps = ['consent', 'injection'].map(id => ({ id, name: id, minutes: 5 }))
  const service = await edge.service({ steps })
  const [start] = await edge.slots(service.id)
  const { body: made } = await book(ann, service.id, start!, { notes: 'left arm' })
  t.match(made, { status: 'booked', notes: 'left arm', check_in_code: /^[\w-]{12}$/ })
  const path = `/api/appointments/${made.id}`
  const ask = (by: { token: string }, what: string, body: object = {}) =>
    call(by, 'POST', `${path}/${what}`, body)

  t.match((await call(pharmacy, 'GET', path)).body, { check_in_code: null, customer_name: /\w/ })
  for (const stranger of [ben, other])
    t.match(await call(stranger, 'GET', path), {
      status: 404,
      body: { code: 'appointment_not_found' },
    })
  t.equal((await ask(ben, 'cancel')).status, 404)
  t.match(await ask(pharmacy, 'steps/consent'), {
    status: 409,
    body: { code: 'appointment_state_conflict' },
  })
  t.match(await ask(pharmacy, 'no-show'), { status: 409, body: { code: 'appointment_too_early' } })
  t.match((await ask(ann, 'check-in')).body, { status: 'arrived', arrived_at: /Z$/ })
  t.match(await ask(pharmacy, 'check-in', { code: 'another' }), {
    status: 400,
    body: { code: 'code_wrong', fields: [{ field: 'code' }] },
  })
  const { body: checkedIn } = await ask(pharmacy, 'check-in', { code: made.check_in_code })
  t.equal(checkedIn.status, 'checked_in')
  t.match(await ask(pharmacy, 'steps/injection'), {
    status: 409,
    body: { code: 'step_out_of_order', fields: [{ field: 'step_id' }] },
  })
  t.match(await ask(pharmacy, 'steps/nothing'), { status: 404, body: { code: 'not_found' } })
  const { body: consented } = await ask(pharmacy, 'steps/consent', { outcome: 'skipped' })
  t.match(consented.steps, [
    { id: 'consent', outcome: 'skipped', by_id: pharmacy.id, by_name: /\w/, at: /Z$/ },
    { id: 'injection', outcome: null },
  ])
  t.equal((await ask(pharmacy, 'complete')).body.code, 'step_out_of_order')
  await ask(pharmacy, 'steps/injection')
  t.match((await ask(pharmacy, 'complete')).body, { status: 'fulfilled', ended_at: /Z$/ })
  t.match(await ask(ann, 'cancel'), { status: 409, body: { code: 'appointment_state_conflict' } })

  const list = (query: string) =>
    done(ann, 'GET', `/api/appointments?service_id=${service.id}${query}`)
  const found = async (name: string) => (await list(`&status=${name}`)).appointments.length
  t.same(
    await Promise.all(
      ['fulfilled', 'completed', 'previous', 'confirmed', 'ongoing', 'incomplete'].map(found),
    ),
    [1, 1, 1, 0, 0, 0],
  )
  t.equal((await list(`&from=${start}`)).appointments.length, 1)
  t.equal((await list(`&to=${start}`)).appointments.length, 0)
})

t.test('the customer shows a code, the pharmacy scans it, and both ratings follow', async t => {
  const service = await edge.service()
  const [start] = await edge.slots(service.id)
  const { body: made } = await book(ann, service.id, start!)
  const qr = (by: { token: string }) =>
    fetch(`${edge.url}/api/qr/generate`, {
      method: 'POST',
      headers: { authorization: `Bearer ${by.token}`, 'content-type': 'application/json' },
      body: JSON.stringify({ appointment_id: made.id }),
    })
  t.equal((await qr(pharmacy)).status, 403, 'the code is for its customer')
  t.equal((await qr(ben)).status, 404)
  const picture = new FormData()
  picture.set(
    'file',
    new Blob([await (await qr(ann)).arrayBuffer()], { type: 'image/png' }),
    'a.png',
  )
  const { codes } = await done(pharmacy, 'POST', '/api/qr/scan', picture)
  const path = `/api/appointments/${made.id}`
  await done(pharmacy, 'POST', `${path}/check-in`, { code: codes[0].text })
  const rate = (by: { token: string }, subject: string, more: object = {}) =>
    call(by, 'POST', '/api/ratings', { appointment_id: made.id, subject, score: 5, ...more })
  t.match(await rate(ann, 'service'), { status: 409, body: { code: 'rating_too_early' } })
  await done(pharmacy, 'POST', `${path}/complete`, {})
  t.match(await rate(ann, 'service', { reasons: ['clean'], text: 'Thank you' }), {
    status: 201,
    body: { subject: 'service', subject_id: service.id, appointment_id: made.id },
  })
  t.equal((await rate(ann, 'vendor')).status, 201)
  t.match(await rate(ann, 'service'), { status: 409, body: { code: 'rating_already_given' } })
  t.match(await rate(ann, 'driver'), { status: 422, body: { code: 'rating_subject_mismatch' } })
  t.match(await rate(ben, 'service'), { status: 404, body: { code: 'appointment_not_found' } })
  t.match(await rate(ann, 'service', { order_id: made.id }), {
    status: 400,
    body: { fields: [{ field: 'order_id' }] },
  })
  const { ratings } = await done(pharmacy, 'GET', `/api/ratings?subject=service`)
  t.match(ratings, [{ subject_id: service.id, text: 'Thank you', score: null }])
  t.equal(ratings[0].appointment_id, undefined, 'the rated one never learns the appointment')
  t.equal((await done(null, 'GET', `/api/services/${service.id}`)).rating, null, 'one is too few')
})

t.test('papers and payment hold the slot, and the pharmacy settles them', async t => {
  const service = await edge.service({ required_documents: ['prescription'], prepaid: true })
  const [start] = await edge.slots(service.id)
  const { body: made } = await book(ann, service.id, start!)
  t.match(made, { status: 'proposed', missing: ['documents', 'payment'], held_until: /Z$/ })
  t.equal((await book(ben, service.id, start!)).status, 409)
  const confirm = (by: { token: string }, body: object) =>
    call(by, 'POST', `/api/appointments/${made.id}/confirm`, body)
  t.match(await confirm(ann, {}), { status: 409, body: { code: 'appointment_incomplete' } })
  t.match(await confirm(pharmacy, { settles: ['payment'] }), {
    status: 409,
    body: { code: 'appointment_incomplete', fields: [{ field: 'settles', rule: /documents/ }] },
  })
  t.match((await confirm(pharmacy, { settles: ['documents', 'payment'] })).body, {
    status: 'booked',
    missing: [],
    held_until: null,
  })
})

t.test('a reschedule is whole or not at all', async t => {
  const service = await edge.service()
  const [first, second, third] = await edge.slots(service.id)
  const { body: made } = await book(ann, service.id, first!)
  await book(ben, service.id, second!)
  const move = (start: string) =>
    call(ann, 'POST', `/api/appointments/${made.id}/reschedule`, { start })
  const refused = await move(second!)
  t.match(refused, { status: 409, body: { code: 'slot_taken' } })
  t.equal(refused.body.next_free[0], third)
  t.equal((await done(ann, 'GET', `/api/appointments/${made.id}`)).start, first)
  t.match((await move(third!)).body, { start: third, rescheduled_from: first, sequence: 1 })
  const free = await edge.slots(service.id)
  t.ok(free.includes(first!) && !free.includes(third!))
})

t.test('who waits is offered the place of who cancels, and accepts it', async t => {
  const service = await edge.service()
  const [, , , start] = await edge.slots(service.id)
  const to = new Date(Date.parse(start!) + 30 * minuteMs).toISOString()
  const { body: held } = await book(ben, service.id, start!)
  const entry = await call(ann, 'POST', '/api/waitlist', {
    service_id: service.id,
    from: start,
    to,
  })
  t.match(entry, {
    status: 201,
    body: { status: 'waitlist', start: null, wish: { from: start, to } },
  })
  t.equal((await done(ann, 'GET', `/api/waitlist?service_id=${service.id}`)).entries.length, 1)
  await done(ben, 'POST', `/api/appointments/${held.id}/cancel`, { reason: 'ill' })
  const path = `/api/appointments/${entry.body.id}`
  for (let i = 0; i < 100 && (await done(ann, 'GET', path)).status === 'waitlist'; i++)
    await new Promise(resolve => {
      setTimeout(resolve, 20)
    })
  t.match(await done(ann, 'GET', path), { status: 'proposed', offered: true, start })
  t.equal((await book(ben, service.id, start!)).status, 409)
  t.match(await call(ann, 'POST', `${path}/confirm`, {}), {
    status: 200,
    body: { status: 'booked' },
  })
  t.match(
    await call(ann, 'POST', '/api/waitlist', { service_id: service.id, from: to, to: start }),
    { status: 400, body: { fields: [{ field: 'to' }] } },
  )
  const early = ['2020-01-01T00:00:00Z', '2020-01-01T08:00:00Z']
  t.match(
    await call(ann, 'POST', '/api/waitlist', {
      service_id: service.id,
      from: early[0],
      to: early[1],
    }),
    { status: 422, body: { code: 'slot_past', fields: [{ field: 'to' }] } },
  )
})

t.test('leaving the waiting list never cancels an appointment', async t => {
  const service = await edge.service()
  const [start] = await edge.slots(service.id)
  const { body: made } = await book(ann, service.id, start!)
  const leave = (id: string) => call(ann, 'DELETE', `/api/waitlist/${id}`)
  t.match(await leave(made.id), { status: 409, body: { code: 'appointment_state_conflict' } })
  t.equal((await done(ann, 'GET', `/api/appointments/${made.id}`)).status, 'booked')
  const wish = { service_id: service.id, from: start, to: later(start!, 30) }
  const entry = await done(ann, 'POST', '/api/waitlist', wish)
  t.match(await leave(entry.id), { status: 200, body: { status: 'cancelled' } })
  t.match(await leave(entry.id), { status: 200, body: { status: 'cancelled' } })
})

t.test('nobody waits for times that are further ahead than the window and 62 days', async t => {
  const service = await edge.service({ window_days: 7 })
  const days = (n: number) => later(new Date().toISOString(), n * 24 * 60)
  const wait = (from: number, to: number) =>
    call(ann, 'POST', '/api/waitlist', { service_id: service.id, from: days(from), to: days(to) })
  t.match(await wait(61, 63), {
    status: 422,
    body: { code: 'slot_too_far', fields: [{ field: 'to', rule: /62 days/ }] },
  })
  t.match(await wait(61, 61.5), { status: 201, body: { status: 'waitlist' } })
})

t.test('whoever was absent does not rate, also when nobody noted it', async t => {
  const service = await edge.service()
  const [start] = await edge.slots(service.id)
  const { body: made } = await book(ann, service.id, start!)
  // The calendar closes it a day after its end, as fulfilled.
  const fulfilled = (checkedInAt: string | null) =>
    sql`update appointments set status = 'fulfilled', ended_at = now(),
      record = (record::jsonb || ${JSON.stringify({ checked_in_at: checkedInAt })}::jsonb)::json
      where id = ${made.id}`.execute(edge.edge.parts.database.kysely)
  const rate = () =>
    call(ann, 'POST', '/api/ratings', {
      appointment_id: made.id,
      subject: 'service',
      score: 1,
    })
  await fulfilled(null)
  t.match(await rate(), { status: 422, body: { code: 'rating_subject_mismatch' } })
  await fulfilled(start!)
  t.equal((await rate()).status, 201)
})

t.test('drivers and strangers have no part in appointments', async t => {
  const driver = await newDriver(edge.url, pharmacy.pharmacyId)
  t.equal((await call(driver, 'GET', '/api/appointments')).status, 403)
  t.equal((await call(null, 'GET', '/api/appointments')).status, 401)
})

t.test('a pharmacy that may not work takes no bookings', async t => {
  const far = await newPharmacy(edge.url, 'Far Pharmacy', 10, 10)
  const service = await done(far, 'POST', `/api/vendors/${far.pharmacyId}/services`, {
    name: 'Consultation',
    time_zone: 'UTC',
  })
  const set = (columns: object) =>
    edge.edge.parts.database.kysely
      .updateTable('vendors')
      .set(columns)
      .where('id', '=', far.pharmacyId)
      .execute()
  const start = new Date(Date.now() + 86_400_000).toISOString()
  await set({ paused: true })
  t.match(await book(ann, service.id, start), { status: 403, body: { code: 'vendor_not_active' } })
  await set({ paused: false, status: 'suspended' })
  t.match(await book(ann, service.id, start), { status: 404, body: { code: 'service_not_found' } })
})

t.test('a suspended pharmacy gives nobody another slot, and no offered place', async t => {
  const far = await newPharmacy(edge.url, 'Suspended Pharmacy', 11, 11)
  const services = `/api/vendors/${far.pharmacyId}/services`
  const service = await done(far, 'POST', services, { name: 'Consultation', ...edge.always })
  const [first, second] = await edge.slots(service.id)
  const { body: made } = await book(ann, service.id, first!)
  const entry = await done(ben, 'POST', '/api/waitlist', {
    service_id: service.id,
    from: second,
    to: later(second!, 30),
  })
  const status = (as: string) =>
    edge.edge.parts.database.kysely
      .updateTable('vendors')
      .set({ status: as as 'active' })
      .where('id', '=', far.pharmacyId)
      .execute()
  await status('suspended')
  const refused = { status: 403, body: { code: 'vendor_not_active' } }
  const move = (by: { token: string }) =>
    call(by, 'POST', `/api/appointments/${made.id}/reschedule`, { start: second })
  t.match(await move(ann), refused)
  t.match(await call(ben, 'POST', `/api/appointments/${entry.id}/confirm`, {}), refused)
  t.equal((await call(null, 'GET', services)).status, 404)
  t.match(await call(null, 'GET', `/api/vendors/${far.pharmacyId}/main-services`), {
    status: 404,
    body: { code: 'vendor_not_found' },
  })
  t.equal((await call(ann, 'POST', `/api/appointments/${made.id}/cancel`, {})).status, 200)
  await status('active')
  t.match((await call(ben, 'POST', `/api/appointments/${entry.id}/confirm`, {})).body, {
    status: 'booked',
  })
})
