/**
 * Settings that change while the house runs: each is refused with its field and rule when it is
 * wrong, and changes what the edge and the engine do. A row that another edge wrote is found too.
 */
import { rmSync } from 'node:fs'
import { pino } from 'pino'
import t from 'tap'
import { preparedDataDir } from '../../migrations/database/prepared.ts'
import { eventually, http, newCustomer, newPharmacy, password } from '../acceptance/people.ts'
import { makeAdministrator } from '../accounts/administrator.ts'
import { startEmbedded } from '../embedded.ts'

const place = { latitude: 27.7172, longitude: 85.324 }
const path = '/api/admin/configuration'

t.test('the configuration at run time', { timeout: 120_000 }, async t => {
  const dataDir = await preparedDataDir()
  const server = await startEmbedded(
    { PORT: '0', DATA_DIR: dataDir },
    { log: pino({ level: 'silent' }) },
  )
  t.teardown(async () => {
    await server.stop()
    rmSync(dataDir, { recursive: true, force: true })
  })
  const { url } = server
  const { database, nowMs, random } = server.edge.parts
  const email = 'admin@example.org'
  const made = await makeAdministrator(
    database.kysely,
    { nowMs, random },
    { email, name: 'Ada', phone: '', password },
  )
  const adminId = (made as { id: string }).id
  const login = await http(url, 'POST', '/api/auth/login', { body: { email, password } })
  const token: string = login.body.access_token
  const change = (body: object, headers: Record<string, string> = {}) =>
    http(url, 'PATCH', path, { token, body, headers })
  const pharmacy = await newPharmacy(url, 'Corner', place.latitude, place.longitude)
  const customer = await newCustomer(url)
  const another = await newCustomer(url)
  const ask = (radius_km: number, by = customer) =>
    http(url, 'POST', '/api/requests', {
      token: by.token,
      body: { ...place, radius_km, items: [{ name: 'Aspirin', quantity: 1 }] },
    })

  await t.test('a wrong setting is refused with its field and its rule', async t => {
    for (const [body, field, rule] of [
      [{ radius_km_min: 0.5 }, 'radius_km_min', /at least 1/],
      [{ radius_km_max: 51 }, 'radius_km_max', /at most 50/],
      [{ radius_km_min: 9, radius_km_max: 8 }, 'radius_km_min', /at most radius_km_max \(8\)/],
      [{ offer_seconds: 4 }, 'offer_seconds', /at least 5/],
      [{ offer_seconds: 31 }, 'offer_seconds', /at most 30/],
      [{ offer_seconds: 7.5 }, 'offer_seconds', /integer|whole/],
      [{ takes_orders: 'no' }, 'takes_orders', /boolean|true/],
      [{ colour: 'red' }, 'colour', /./],
      [
        { pricing: { base_fee: 1, minimum_fee: 1, bands: [{ up_to_km: 2, per_km: 1 }] } },
        'pricing.bands',
        /must end with a band/,
      ],
      [
        { pricing: { base_fee: 0.001, minimum_fee: 1, bands: [{ up_to_km: null, per_km: 1 }] } },
        'pricing.base_fee',
        /smallest unit/,
      ],
    ] as const) {
      const { status, body: problem } = await change(body)
      t.equal(status, 400, JSON.stringify(body))
      t.match(problem.fields, [{ field, rule }])
    }
    const { body } = await http(url, 'GET', path, { token })
    t.match(body, { revision: 0, pricing: null, offer_seconds: 30, takes_orders: true })
  })

  await t.test('two administrators do not overwrite each other unseen', async t => {
    t.equal((await change({ offer_seconds: 20 }, { 'if-match': '"0"' })).status, 200)
    const late = await change({ offer_seconds: 25 }, { 'if-match': '"0"' })
    t.match([late.status, late.body.code], [412, 'precondition_failed'])
    const { body } = await http(url, 'GET', `${path}/changes`, { token })
    t.match(body.changes, [{ revision: 1, changed_by: adminId, offer_seconds: 20 }])
    const isDone = (entry: { actor_id: string; status: number }): boolean =>
      entry.actor_id === adminId && entry.status === 200
    const trail = await eventually(
      () => http(url, 'GET', '/api/admin/audit?operation=changeConfiguration', { token }),
      answer => answer.body.entries.some(isDone),
    )
    t.ok(trail.body.entries.some(isDone), 'the audit trail has the change')
  })

  await t.test('prices of pharmacies without one follow, also in the engine', async t => {
    const pricing = { base_fee: 7, minimum_fee: 9, bands: [{ up_to_km: null, per_km: 0 }] }
    t.equal((await change({ pricing })).status, 200)
    const shown = await http(url, 'GET', `/api/vendors/${pharmacy.pharmacyId}`, {
      token: customer.token,
    })
    t.match(shown.body.pricing, { base_fee: 7, minimum_fee: 9 })
    const order = await eventually(
      () =>
        http(url, 'POST', '/api/orders', {
          token: customer.token,
          body: {
            vendor_id: pharmacy.pharmacyId,
            delivery_address: '7 Long Lane',
            delivery_latitude: place.latitude,
            delivery_longitude: place.longitude,
            items: [{ name: 'Aspirin', quantity: 1 }],
          },
        }),
      ({ body }) => body.delivery_fee === 9,
    )
    t.equal(order.body.delivery_fee, 9)

    await t.test('and so does the time to answer an offer', async t => {
      const { id } = order.body
      for (const verb of ['accept', 'find-driver'])
        await http(url, 'POST', `/api/orders/${id}/${verb}`, { token: pharmacy.token, body: {} })
      await eventually(
        () => http(url, 'GET', `/api/orders/${id}/events`, { token }),
        ({ body }) =>
          body.events.some(({ type }: { type: string }) => type === 'driver_search_started'),
      )
      const { rows } = await database.pool.query<{ ms: number }>(
        `select (data ->> 'offer_ttl_ms')::integer as ms from events
          where actor_id = $1 and type = 'driver_search_started'`,
        [id],
      )
      t.same(rows, [{ ms: 20_000 }])
    })
  })

  await t.test('what another edge wrote is found without a restart', async t => {
    await database.pool.query(
      `insert into configurations (revision, settings, changed_by, changed_at)
        values (9, '{"radius_km_min": 3, "radius_km_max": 4, "takes_registrations": false}', $1, now())`,
      [adminId],
    )
    const narrow = await eventually(
      () => ask(5),
      ({ status }) => status === 400,
    )
    t.match(narrow.body.fields, [{ field: 'radius_km', rule: 'must be from 3 to 4' }])
    t.equal((await ask(3.5, another)).status, 201)
    const closed = await http(url, 'POST', '/api/auth/register', {
      body: {
        email: 'late@example.org',
        full_name: 'Late',
        phone: '+9779841234567',
        password,
        role: 'user',
      },
    })
    t.match([closed.status, closed.body.code], [403, 'registration_closed'])
    const own = await http(url, 'POST', '/api/admin/accounts', {
      token,
      body: { email: 'own@example.org', full_name: 'Own', phone: '+9779841234568', role: 'user' },
    })
    t.equal(own.status, 201, 'administrators still make accounts')
  })

  await t.test('a pause stops new orders and nothing else', async t => {
    t.equal((await change({ takes_orders: false })).status, 200)
    const paused = await eventually(
      () => ask(3.5),
      ({ status }) => status === 503,
    )
    t.equal(paused.body.code, 'orders_paused')
    t.equal((await change({ takes_orders: true })).status, 200)
    // The first customer may have as many open requests as one may have.
    const again = await eventually(
      () => ask(3.5, another),
      ({ status }) => status === 201,
    )
    t.equal(again.status, 201)
  })
})
