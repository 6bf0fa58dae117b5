/**
 * The people of the older broadcast API over HTTP: profiles of customers, pharmacies that register
 * and change, spoken answers, and the paths of the older documentation.
 */
import { rmSync } from 'node:fs'
import { pino } from 'pino'
import t from 'tap'
import { preparedDataDir } from '../../migrations/database/prepared.ts'
import { createAccount } from '../accounts/accounts.ts'
import { startEmbedded } from '../embedded.ts'
import { picture } from '../acceptance/access-world.ts'
import {
  customerSocket,
  http,
  newCustomer,
  newDriver,
  newPharmacy,
  password,
  terminal,
  type Person,
} from '../acceptance/people.ts'
import { ogg, png } from '../uploads/samples.ts'

const dataDir = await preparedDataDir()
const embedded = await startEmbedded(
  { DATA_DIR: dataDir, PORT: '0', REGISTRATION: 'open', RATE_LIMIT_AUTH_PER_ACCOUNT: '8' },
  { log: pino({ level: 'silent' }) },
)
t.teardown(async () => {
  await embedded.stop()
  rmSync(dataDir, { recursive: true, force: true })
})
const { url, edge } = embedded
const call = (method: string, path: string, options: Parameters<typeof http>[3] = {}) =>
  http(url, method, path, options)

let made = 0
const nobodyYet = (): string => `older-${++made}@example.com`
const kathmandu = { lat: 27.7172, lng: 85.324 }
const signedUp = async (role: string): Promise<Person> => {
  const email = nobodyYet()
  const { body } = await call('POST', '/api/auth/register', {
    body: { email, full_name: 'Jane Doe', phone: '+9779841234567', role, password },
  })
  return { id: body.user.id, token: body.access_token, email }
}
const administrator = async (): Promise<Person> => {
  const email = nobodyYet()
  const { database, nowMs, random } = edge.parts
  const account = { email, full_name: 'Admin', phone: '', role: 'admin' as const, password }
  const { userId } = await createAccount(
    database.kysely,
    { nowMs, random },
    account,
    async () => null,
  )
  const { body } = await call('POST', '/api/auth/login', { body: { email, password } })
  return { id: userId, token: body.access_token, email }
}
const admin = await administrator()
const field = (name: string, rule: string | RegExp) => ({
  status: 400,
  body: { error: String, code: 'invalid_request', fields: [{ field: name, rule }] },
})

t.test('a customer reads and changes the own profile', async t => {
  const { token, id, email } = await newCustomer(url)
  const read = () => call('GET', '/customer/profile/', { token })
  t.match(await read(), {
    status: 200,
    body: {
      id,
      email,
      name: 'John Doe',
      phone_number: '9841234567',
      role: 'CUSTOMER',
      address: null,
      picture: null,
      email_verified: false,
    },
  })
  const shown = (await call('POST', '/api/uploads/picture', { token, body: picture() })).body.url
  const change = (method: string, body: object) =>
    call(method, '/customer/profile/', { token, body })
  const changed = await change('PUT', {
    name: 'Johnny',
    phone_number: '+9779841234568',
    address: '1 Main St',
    picture: url + shown,
  })
  t.match(changed, {
    status: 200,
    body: { name: 'Johnny', phone_number: '+9779841234568', address: '1 Main St' },
  })
  const opened = await fetch(changed.body.picture)
  t.equal(opened.status, 200, 'the picture opens without a token')
  t.match(await change('PATCH', { picture: null }), {
    status: 200,
    body: { name: 'Johnny', picture: null },
  })
  t.match(await change('PATCH', {}), field('body', /at least 1 field/))
  t.match(await change('PATCH', { role: 'ADMIN' }), field('role', 'is not a known field'))
  t.match(await change('PUT', { name: '' }), field('name', 'must not be empty'))
  t.match(
    await change('PATCH', { picture: 'https://example.org/me.png' }),
    field('picture', /your own upload/),
  )
  const other = await newCustomer(url)
  const theirs = (
    await call('POST', '/api/uploads/picture', { token: other.token, body: picture() })
  ).body.url
  t.match(await change('PATCH', { picture: theirs }), field('picture', /your own upload/))
  for (const stranger of [await newPharmacy(url, 'Some', 10, 10), admin])
    for (const method of ['GET', 'PUT', 'PATCH'])
      t.equal(
        (
          await call(method, '/customer/profile/', {
            token: stranger.token,
            ...(method !== 'GET' && { body: { name: 'X' } }),
          })
        ).status,
        403,
      )
  t.match(await call('GET', '/customer/profile/'), {
    status: 401,
    body: { error: String, code: 'unauthenticated' },
  })
})

t.test('a customer lists the own requests, and nobody else', async t => {
  const [customer, other] = [await newCustomer(url), await newCustomer(url)]
  const place = { patient_lat: 60, patient_lng: 60, radius_km: 3 }
  const ids = []
  for (let i = 0; i < 3; i++)
    ids.push(
      (await call('POST', '/medicine/request/', { token: customer.token, body: place })).body
        .request_id,
    )
  const first = await call('GET', '/customer/requests/?limit=2', { token: customer.token })
  t.match(first, { status: 200, body: { count: 3, requests: [{ id: ids[2] }, { id: ids[1] }] } })
  const next = await call('GET', `/customer/requests/?cursor=${first.body.next_cursor}`, {
    token: customer.token,
  })
  t.same(
    [...first.body.requests, ...next.body.requests].map((one: { id: string }) => one.id),
    ids.reverse(),
  )
  t.match((await call('GET', '/customer/requests/', { token: other.token })).body, {
    count: 0,
    requests: [],
  })
  t.equal((await call('GET', '/customer/requests/', { token: admin.token })).status, 403)
})

t.test('a pharmacy registers with a new account, and works at once', async t => {
  const email = nobodyYet()
  const given = {
    user: { email, password, name: 'Jane Doe', phone_number: '+9779841000001' },
    name: 'City Pharmacy',
    address: '1 Main St',
    phone_number: '+9779841000002',
    ...kathmandu,
  }
  const answer = await call('POST', '/register-pharmacy/', { body: given })
  t.match(answer, {
    status: 201,
    body: {
      message: 'Pharmacy registered successfully',
      user: { email, name: 'Jane Doe', role: 'PHARMACY' },
      pharmacy: {
        name: 'City Pharmacy',
        address: '1 Main St',
        phone_number: '+9779841000002',
        ...kathmandu,
        status: 'active',
        is_active: true,
      },
      access: String,
      refresh: String,
    },
  })
  t.equal(answer.body.pharmacy.user, answer.body.user.id)
  const login = await call('POST', '/login', { body: { email, password } })
  t.match(login.body, { role: 'PHARMACY', user_id: answer.body.user.id })
  const listener = await terminal(url, {
    id: '',
    email,
    token: login.body.access,
    pharmacyId: answer.body.pharmacy.id,
  })
  t.match(listener.heard[0], { pharmacy_name: 'City Pharmacy', location: kathmandu })
  listener.close()
  t.match(await call('POST', '/register-pharmacy/', { body: given }), {
    status: 409,
    body: { error: String, code: 'email_taken' },
  })

  const { name: _, phone_number: __, ...bare } = given
  const byUser = await call('POST', '/pharmacy/', {
    body: { ...bare, user: { ...given.user, email: nobodyYet() } },
  })
  t.match(byUser.body.pharmacy, { name: 'Jane Doe', phone_number: '+9779841000001' })
  const nameless = { ...bare, user: { email: nobodyYet(), password } }
  t.match(await call('POST', '/register-pharmacy/', { body: nameless }), {
    status: 400,
    body: {
      fields: [
        { field: 'name', rule: 'is required' },
        { field: 'phone_number', rule: 'is required' },
      ],
    },
  })
  for (const [broken, name, rule] of [
    [{ ...given, lat: 91 }, 'lat', 'must be at most 90'],
    [{ ...given, lng: 'east' }, 'lng', 'must be a number'],
    [{ ...given, user: { email, password: 'short' } }, 'user.password', /at least 8/],
    [{ ...given, user: { email: 'nobody', password } }, 'user.email', /e-mail/],
    [{ ...given, user: 'somebody' }, 'user', /an id such as/],
  ] as const)
    t.match(await call('POST', '/register-pharmacy/', { body: broken }), field(name, rule), name)
})

t.test('an account with the role makes its pharmacy, once', async t => {
  const [owner, other] = [await signedUp('vendor'), await signedUp('vendor')]
  const given = { name: 'Own', ...kathmandu }
  const as = (token: string | undefined, body: object) =>
    call('POST', '/register-pharmacy/', { ...(token !== undefined && { token }), body })
  t.match(await as(undefined, given), { status: 401, body: { code: 'unauthenticated' } })
  t.match(await as(owner.token, { ...given, user: other.id }), {
    status: 403,
    body: { code: 'forbidden' },
  })
  const customer = await newCustomer(url)
  t.match(await as(customer.token, given), { status: 403, body: { code: 'forbidden' } })
  const racing = await Promise.all(
    Array.from({ length: 5 }, () => as(owner.token, { ...given, user: owner.id })),
  )
  t.same(racing.map(one => one.status).sort(), [201, 409, 409, 409, 409])
  const won = racing.find(one => one.status === 201)!
  t.match(won.body, { pharmacy: { name: 'Own', phone_number: '+9779841234567', user: owner.id } })
  t.notOk(won.body.access, 'nobody is signed in anew')
  t.match(
    racing.find(one => one.status === 409),
    { body: { error: String, code: 'vendor_already_exists' } },
  )
  t.match(await call('GET', '/pharmacy/profile/', { token: owner.token }), {
    status: 200,
    body: { id: won.body.pharmacy.id },
  })
  t.match(await call('GET', '/pharmacy/profile/', { token: other.token }), {
    status: 404,
    body: { code: 'vendor_not_found' },
  })

  t.match(await as(admin.token, { ...given, user: other.id }), {
    status: 201,
    body: { pharmacy: { user: other.id } },
  })
  t.match(await as(admin.token, { ...given, user: customer.id }), {
    status: 409,
    body: { code: 'account_role_conflict' },
  })
  t.match(await as(admin.token, { ...given, user: '01a1f000-0000-7000-8000-000000000000' }), {
    status: 404,
    body: { code: 'not_found' },
  })
})

t.test('a stranger cannot guess a password by registering, with whatever token', async t => {
  const owner = await signedUp('vendor')
  const guess = async (token: string) =>
    (
      await call('POST', '/register-pharmacy/', {
        token,
        body: {
          user: { email: owner.email, password: `a-guess-${++made}` },
          name: 'X',
          phone_number: `+97798410${String(made).padStart(5, '0')}`,
          ...kathmandu,
        },
      })
    ).status
  const statuses = []
  for (let i = 0; i < 12; i++) statuses.push(await guess((await newCustomer(url)).token))
  t.equal(statuses.filter(status => status === 409).length, 8)
  t.equal(statuses.filter(status => status === 429).length, 4)
})

t.test('a pharmacy is read, replaced, changed and closed by its owner alone', async t => {
  const [pharmacy, other] = [
    await newPharmacy(url, 'Corner', 27.7, 85.3),
    await newPharmacy(url, 'Far', -27, 20),
  ]
  const driver = await newDriver(url, pharmacy.pharmacyId)
  const customer = await newCustomer(url)
  const path = `/pharmacy/${pharmacy.pharmacyId}/`
  const asked = await call('GET', path, { token: customer.token })
  t.match(asked, {
    status: 200,
    body: { id: pharmacy.pharmacyId, name: 'Corner', lat: 27.7, lng: 85.3, user: null },
  })
  t.equal((await call('GET', path, { token: pharmacy.token })).body.user, pharmacy.id)

  const whole = { name: 'New Corner', phone_number: '+9779841000009', lat: 27.71, lng: 85.31 }
  for (const [method, to] of [
    ['PUT', path],
    ['PUT', '/pharmacy/profile/'],
  ] as const) {
    t.match(await call(method, to, { token: pharmacy.token, body: whole }), {
      status: 200,
      body: { name: 'New Corner', lat: 27.71, address: 'Corner street 1' },
    })
    const { name: _, ...nameless } = whole
    t.match(
      await call(method, to, { token: pharmacy.token, body: nameless }),
      field('name', 'is required'),
    )
  }
  t.match(
    await call('PATCH', '/pharmacy/profile', { token: pharmacy.token, body: { lng: 181 } }),
    field('lng', 'must be at most 180'),
  )
  t.match(
    await call('PATCH', path, { token: pharmacy.token, body: {} }),
    field('body', /at least 1 field/),
  )
  const stale = { token: pharmacy.token, headers: { 'if-match': asked.headers.get('etag')! } }
  t.match(await call('PATCH', path, { ...stale, body: { address: null } }), {
    status: 412,
    body: { code: 'precondition_failed' },
  })

  for (const [method, body] of [
    ['PUT', whole],
    ['PATCH', { name: 'Mine' }],
    ['DELETE', undefined],
  ] as const)
    for (const [who, status] of [
      [other, 404],
      [driver, 403],
      [customer, 403],
    ] as const) {
      const given = { token: who.token, ...(body !== undefined && { body }) }
      t.equal((await call(method, path, given)).status, status, `${method} ${status}`)
    }

  const listed = async (): Promise<{ count: number; ids: string[] }> => {
    const { body } = await call('GET', '/pharmacy/?limit=200', { token: customer.token })
    return { count: body.count, ids: body.pharmacies.map((one: { id: string }) => one.id) }
  }
  const before = await listed()
  t.equal(before.count, before.ids.length)
  t.ok(before.ids.includes(pharmacy.pharmacyId))
  const paged = await call('GET', '/pharmacy/?limit=1', { token: customer.token })
  t.match(paged.body, { count: before.count, pharmacies: [{ id: before.ids[0] }] })
  t.equal((await call('GET', '/pharmacy/')).status, 401)

  t.equal((await call('DELETE', path, { token: pharmacy.token })).status, 204)
  t.same(await listed(), {
    count: before.count - 1,
    ids: before.ids.filter(id => id !== pharmacy.pharmacyId),
  })
  t.match((await call('GET', path, { token: customer.token })).body, { is_active: false })
  t.match(await call('PATCH', path, { token: admin.token, body: { is_active: true } }), {
    status: 200,
    body: { is_active: true },
  })
  for (const id of ['profiles', '7', '01a1f000-0000-7000-8000-000000000000'])
    t.equal((await call('GET', `/pharmacy/${id}/`, { token: customer.token })).status, 404)
})

t.test('a spoken answer is a part of the form, and the customer hears it', async t => {
  const at = { latitude: 12, longitude: 12 }
  const [pharmacy, rival, far] = [
    await newPharmacy(url, 'Voice', at.latitude, at.longitude),
    await newPharmacy(url, 'Rival', at.latitude, at.longitude),
    await newPharmacy(url, 'Elsewhere', -50, 50),
  ]
  const customer = await newCustomer(url)
  const ears = await customerSocket(url, customer)
  t.teardown(() => ears.close())
  const asked = await call('POST', '/medicine/request/', {
    token: customer.token,
    body: { patient_lat: at.latitude, patient_lng: at.longitude, radius_km: 3 },
  })
  const form = (bytes: Uint8Array, more: Record<string, string> = {}): FormData => {
    const made = new FormData()
    for (const [name, value] of Object.entries({
      request_id: asked.body.request_id,
      response_type: 'ACCEPTED',
      text_message: 'In stock',
      ...more,
    }))
      made.set(name, value)
    made.set('audio', new Blob([bytes as Uint8Array<ArrayBuffer>]), 'answer.ogg')
    return made
  }
  const answer = (token: string, body: FormData, headers = {}) =>
    call('POST', '/medicine/response/', { token, body, headers })
  const files = async (owner: Person): Promise<number> => {
    const { rows } = await edge.parts.database.pool.query(
      'select count(*)::int as count from uploads where owner_id = $1',
      [owner.id],
    )
    return rows[0]!['count'] as number
  }

  t.match(await answer(pharmacy.token, form(png)), {
    status: 415,
    body: { error: String, code: 'unsupported_media_type' },
  })
  t.match(await answer(pharmacy.token, form(ogg.subarray(0, 40))), {
    status: 422,
    body: { code: 'file_malformed' },
  })
  t.match(
    await answer(pharmacy.token, form(ogg, { response_type: 'PERHAPS' })),
    field('response_type', /one of/),
  )
  t.match(await answer(far.token, form(ogg)), {
    status: 403,
    body: { code: 'request_not_offered' },
  })
  t.equal(await files(far), 0, 'a refused answer leaves no file')

  const headers = { 'idempotency-key': 'spoken' }
  const won = await answer(pharmacy.token, form(ogg), headers)
  t.match(won, {
    status: 201,
    body: { response_type: 'ACCEPTED', text_message: 'In stock', audio: /^http.*signature=/ },
  })
  const sound = await fetch(won.body.audio)
  t.equal(sound.headers.get('content-type'), 'audio/ogg')
  t.same(new Uint8Array(await sound.arrayBuffer()), new Uint8Array(ogg))
  t.equal((await answer(pharmacy.token, form(ogg), headers)).body.id, won.body.id)
  const again = await answer(pharmacy.token, form(ogg))
  t.equal(again.body.id, won.body.id)
  t.match(
    again.body.audio.split('?')[0],
    won.body.audio.split('?')[0],
    'a repeat hears of the first sound',
  )
  t.equal(await files(pharmacy), 1)

  const told = await ears.next('pharmacy_response')
  t.match(told, { pharmacy_id: pharmacy.pharmacyId, text_message: 'In stock' })
  const heard = await fetch(url + told.audio_url, {
    headers: { authorization: `Bearer ${customer.token}` },
  })
  t.equal(heard.status, 200)
  t.match(await answer(rival.token, form(ogg)), {
    status: 400,
    body: { error: 'This request has already been assigned to a pharmacy' },
  })
  t.equal(await files(rival), 0)
})

t.test('the paths of the older documentation lead to ours', async t => {
  for (const path of ['/swagger/', '/redoc/', '/swagger', '/redoc?format=openapi']) {
    const answer = await fetch(url + path, { redirect: 'manual' })
    t.equal(answer.status, 302)
    t.equal(answer.headers.get('location'), '/docs')
    const page = await fetch(url + path)
    t.match([page.status, new URL(page.url).pathname], [200, '/docs'])
    t.match(page.headers.get('content-type'), 'text/html')
  }
  t.equal((await fetch(`${url}/swagger/`, { method: 'POST' })).status, 405)
})
