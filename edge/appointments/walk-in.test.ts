/** People who stand in the pharmacy, on a whole server: received at once, and unknown elsewhere. */
import t from 'tap'
import { newPharmacy } from '../acceptance/people.ts'
import { startVisits } from './fixture.ts'

const edge = await startVisits()
t.teardown(() => edge.stop())
const { call, done, pharmacy } = edge
const admit = (service_id: string, more: object = {}, by: { token: string } = pharmacy) =>
  call(by, 'POST', '/api/appointments/walk-in', {
    service_id,
    customer_name: 'Mina Rai',
    ...more,
  })

t.test('a person is received at once, and the visit goes on as every other', async t => {
  const service = await edge.service({ steps: [{ id: 'talk', name: 'Talk', minutes: 5 }] })
  const { status, body: made, headers } = await admit(service.id, { notes: 'asks for water' })
  t.equal(status, 201)
  t.equal(headers.get('location'), `/api/appointments/${made.id}`)
  t.match(made, {
    status: 'checked_in',
    user_id: null,
    customer_name: 'Mina Rai',
    customer_phone: '',
    check_in_code: null,
    reminders: [],
    missing: [],
  })
  t.ok(Date.parse(made.start) <= Date.now() && Date.now() < Date.parse(made.end))
  await done(pharmacy, 'POST', `/api/appointments/${made.id}/steps/talk`, {})
  await done(pharmacy, 'POST', `/api/appointments/${made.id}/complete`, {})
  t.match(await done(pharmacy, 'GET', `/api/appointments/${made.id}`), { status: 'fulfilled' })
})

t.test('of twenty at once each has a seat of their own, or hears the next free slots', async t => {
  const service = await edge.service({ capacity: 2, duration_minutes: 60, interval_minutes: 60 })
  const answers = await Promise.all(Array.from({ length: 20 }, () => admit(service.id)))
  const seats = new Map<string, number>()
  for (const { status, body } of answers) {
    if (status === 201) seats.set(body.start, (seats.get(body.start) ?? 0) + 1)
    else {
      t.match({ status, code: body.code }, { status: 409, code: 'slot_taken' })
      t.equal(body.next_free.length, 5)
    }
  }
  // The hour that has begun, and those that begin within two hours.
  t.ok(seats.size === 3 || seats.size === 2, `${seats.size} hours`)
  t.same([...new Set(seats.values())], [2])
})

t.test('the same key again is the same person', async t => {
  const service = await edge.service({ capacity: 5 })
  const key = { 'idempotency-key': 'walk-in-1' }
  const body = { service_id: service.id, customer_name: 'Mina Rai' }
  const path = '/api/appointments/walk-in'
  const [first, again] = [
    await call(pharmacy, 'POST', path, body, key),
    await call(pharmacy, 'POST', path, body, key),
  ]
  t.equal(again.status, 201)
  t.equal(again.body.id, first.body.id)
  const listed = await done(pharmacy, 'GET', `/api/appointments?service_id=${service.id}`)
  t.equal(listed.appointments.length, 1)
})

t.test('bad input and strangers change nothing', async t => {
  const service = await edge.service({ required_documents: ['prescription'] })
  const ann = await edge.customer()
  const other = await newPharmacy(edge.url, 'Other Pharmacy', 27.9, 85.33)
  const hour = 3_600_000
  for (const [given, status, code, field] of [
    [await admit(service.id, {}, ann), 403, 'forbidden', undefined],
    [await admit(service.id, {}, other), 404, 'service_not_found', undefined],
    [await admit(service.id), 409, 'appointment_incomplete', 'settles'],
    [await admit(service.id, { customer_name: '' }), 400, 'invalid_request', 'customer_name'],
    [
      await admit(service.id, { start_local: '2026-02-30T10:00', settles: ['documents'] }),
      400,
      'invalid_request',
      'start_local',
    ],
    [
      await admit(service.id, {
        start: new Date(Date.now() - 2 * hour).toISOString(),
        settles: ['documents'],
      }),
      422,
      'slot_past',
      'start',
    ],
    [
      await admit(service.id, {
        start: new Date(Date.now() + 3 * hour).toISOString(),
        settles: ['documents'],
      }),
      422,
      'slot_too_far',
      'start',
    ],
  ] as const) {
    t.match({ status: given.status, code: given.body.code }, { status, code })
    if (field !== undefined) t.equal(given.body.fields[0].field, field)
  }
  const listed = await done(pharmacy, 'GET', `/api/appointments?service_id=${service.id}`)
  t.same(listed.appointments, [])
})

t.test('nobody else can touch the appointment, and nobody is written to', async t => {
  const service = await edge.service()
  const { body: made } = await admit(service.id)
  const ann = await edge.customer()
  t.equal((await call(ann, 'GET', `/api/appointments/${made.id}`)).status, 404)
  const opened = await call(pharmacy, 'POST', '/api/conversations', {
    topic: 'pharmacy',
    appointment_id: made.id,
  })
  t.match(opened, { status: 409, body: { code: 'conversation_not_possible' } })
  const rated = await call(ann, 'POST', '/api/ratings', {
    appointment_id: made.id,
    subject: 'service',
    score: 5,
  })
  t.match(rated, { status: 404 })
})

t.test('a pharmacy that may not work receives nobody', async t => {
  const service = await edge.service()
  const { kysely } = edge.edge.parts.database
  const become = (status: 'suspended' | 'active') =>
    kysely.updateTable('vendors').set({ status }).where('id', '=', pharmacy.pharmacyId).execute()
  await become('suspended')
  const { status } = await admit(service.id)
  await become('active')
  t.ok(status >= 400, String(status))
})
