/**
 * Spellings of one thing over HTTP: ids in capitals, and e-mails, phones and passwords of other
 * keyboards.
 */
import t from 'tap'
import { hash } from '@node-rs/argon2'
import { completePhones } from '../accounts/complete-phones.ts'
import { Listener } from '../acceptance/people.ts'
import { newId, place, startFixture, viewOf } from '../acceptance/fixture-edge.ts'

const edge = await startFixture({ PHONE_COUNTRY: 'np' })
t.teardown(() => edge.stop())
const { call } = edge
const register = (given: object) =>
  call('POST', '/api/auth/register', {
    body: {
      email: edge.email(),
      full_name: 'John Doe',
      phone: '+1234567890',
      role: 'user',
      password: 'password123',
      ...given,
    },
  })
const login = (email: string, password = 'password123') =>
  call('POST', '/api/auth/login', { body: { email, password } })

t.test('ids in capitals are the same ids', async t => {
  const [admin, pharmacy] = [await edge.admin(), await edge.pharmacy()]
  const driver = await edge.driver(pharmacy.id)
  const ID = pharmacy.id.toUpperCase()
  const me = (await call('GET', '/api/auth/me', { token: pharmacy.token })).body.id as string
  for (const [method, path, token, body] of [
    ['GET', `/api/vendors/${ID}`, pharmacy.token],
    ['PATCH', `/api/vendors/${ID}`, pharmacy.token, { business_name: 'MedPharm' }],
    ['GET', `/api/vendors/${ID}/orders`, pharmacy.token],
    ['GET', `/api/drivers?vendor_id=${ID}`, admin.token],
    ['GET', `/api/drivers/${driver.id.toUpperCase()}`, pharmacy.token],
    ['PATCH', `/api/drivers/${driver.id.toUpperCase()}`, driver.token, { full_name: 'Dee' }],
    ['GET', `/api/admin/accounts/${me.toUpperCase()}`, admin.token],
    [
      'GET',
      `/api/drivers?cursor=${'F'.repeat(8)}-FFFF-7FFF-8FFF-${'F'.repeat(12)}`,
      pharmacy.token,
    ],
  ] as const)
    t.equal(
      (await call(method, path, { token, ...(body && { body }) })).status,
      200,
      `${method} ${path}`,
    )
  const another = await call('POST', '/api/drivers/register', {
    body: {
      email: edge.email(),
      full_name: 'Dee',
      phone: '+1234567890',
      password: 'password123',
      vendor_id: ID,
      vehicle_type: 'bike',
    },
  })
  t.match(another, { status: 201, body: { driver: { vendor_id: pharmacy.id } } })
  const fleet = new Listener(
    `http://127.0.0.1:${edge.edge.port}`,
    `/ws/vendor/${ID}?token=${pharmacy.token}`,
  )
  t.match(await fleet.next('fleet'), { vendor_id: pharmacy.id })
  fleet.close()
  const view = viewOf({ id: newId(), vendor_id: pharmacy.id, tracking_token: 'ab'.repeat(16) })
  await edge.store(view)
  t.equal(
    (await call('GET', `/api/tracking/${view.tracking_token.toUpperCase()}`)).status,
    200,
    'a link in capitals is the same link',
  )
})

t.test('every spelling of an e-mail is one address', async t => {
  for (const [written, typed] of [
    ['İzmir@example.com', 'i̇ZMİR@example.com'],
    ['Rene\u0301@example.org', 'RENÉ@Example.ORG'],
    ['Straße@example.de', 'straße@example.de'],
  ] as const) {
    t.equal((await register({ email: written })).status, 201, written)
    for (const email of [written, typed]) t.equal((await login(email)).status, 200, email)
    t.equal((await register({ email: typed })).body.code, 'email_taken')
    t.equal(
      (await call('POST', '/api/auth/password/forgot', { body: { email: typed } })).status,
      200,
    )
  }
})

t.test('every spelling of a phone is one number, and an invalid one is refused', async t => {
  for (const phone of [
    '+977 984 123 4567',
    '00977-9841234567',
    '9841234567',
    '०९८४१२३४५६७',
    '\u202a984 123 4567\u202c',
  ])
    t.match(
      (await register({ phone })).body.user,
      { phone: '+9779841234567', phone_notice: null },
      phone,
    )
  t.match(
    (await register({ phone: '+1 (234) 567890' })).body.user,
    { phone: '+1234567890', phone_notice: null },
    'an unlikely number is kept',
  )
  t.match((await register({ phone: '(12) 3' })).body.user, {
    phone: '(12) 3',
    phone_notice: /names no country/,
  })
  const refused = await register({ phone: 'none' })
  t.match(refused, {
    status: 400,
    body: {
      fields: [{ field: 'phone', rule: 'must be a phone number, such as +977 984 123 4567' }],
    },
  })
  t.equal(refused.body.fields.length, 1, 'the mistake is told once')
  const person = await edge.customer()
  t.match(
    (
      await call('PATCH', '/api/auth/me', {
        token: person.token,
        body: { phone: '00977 9841234567' },
      })
    ).body,
    { phone: '+9779841234567' },
  )
  const made = await call('POST', '/customer/register', {
    body: { email: edge.email(), password: 'password123', name: 'J', phone_number: '(12) 3' },
  })
  t.match(made.body.user, { phone_notice: /names no country/ }, 'the older API says so too')
})

t.test('stored numbers are completed when their country is known', async t => {
  const person = await edge.customer()
  const phoneOf = async () =>
    (await call('GET', '/api/auth/me', { token: person.token })).body.phone as string
  for (const [before, after] of [
    ['984-1112223', '+9779841112223'],
    ['(12) 3', '(12) 3'],
    ['none', 'none'],
    ['+1999888777', '+1999888777'],
  ] as const) {
    await edge.database.kysely
      .updateTable('users')
      .set({ phone: before })
      .where('id', '=', person.id)
      .execute()
    await completePhones(edge.edge.parts)
    t.equal(await phoneOf(), after)
  }
})

t.test('a password is equal from another keyboard, and old hashes still work', async t => {
  const {
    body: { user },
  } = await register({ email: 'keys@example.org', password: 'cafe\u0301\u3000noir' })
  for (const password of ['café noir', 'cafe\u0301 noir', 'café\u00a0noir'])
    t.equal((await login('keys@example.org', password)).status, 200)
  t.equal((await login('keys@example.org', 'cafe noir')).body.code, 'credentials_wrong')
  const old = 'cre\u0300me bru\u0302le\u0301e'
  await edge.database.kysely
    .updateTable('users')
    .set({ password_hash: await hash(old) })
    .where('id', '=', user.id)
    .execute()
  const stored = async () =>
    (
      await edge.database.kysely
        .selectFrom('users')
        .select('password_hash')
        .where('id', '=', user.id)
        .executeTakeFirstOrThrow()
    ).password_hash
  const before = await stored()
  t.equal((await login('keys@example.org', old)).status, 200, 'the password as it was typed then')
  t.not(await stored(), before, 'it is stored in its new form')
  t.equal((await login('keys@example.org', 'crème brûlée')).status, 200)
  t.match(await register({ password: 'line\nbreak1' }), {
    status: 400,
    body: { fields: [{ field: 'password', rule: /control/ }] },
  })
})

t.test('names are normalised, and too many marks are refused', async t => {
  t.equal((await register({ full_name: 'Rene\u0301' })).body.user.full_name, 'René')
  t.match(await register({ full_name: `Z${'\u0301'.repeat(60)}` }), {
    status: 400,
    body: { fields: [{ field: 'full_name' }] },
  })
  t.equal(
    (
      await call('POST', '/api/requests', {
        token: (await edge.customer()).token,
        body: { ...place, radius_km: 3, notes: `a${'\u0301\u0316'.repeat(500)}` },
      })
    ).status,
    400,
  )
})
