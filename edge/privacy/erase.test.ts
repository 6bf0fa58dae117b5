/**
 * The erasure of a customer on a whole server: the grace, what is gone from every table, and what
 * stays whole: figures, money, custody.
 */
import { randomUUID } from 'node:crypto'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { pino } from 'pino'
import t from 'tap'
import { preparedDataDir } from '../../migrations/database/prepared.ts'
import { verifyExport } from '../../protocol/custody-log/verify.ts'
import { eventually, http, newCustomer, upload, type Person } from '../acceptance/people.ts'
import { createWorld } from '../acceptance/access-world.ts'
import { startEmbedded } from '../embedded.ts'
import { ErasureLog } from './erasure-log.ts'
import { privacyLimits } from './limits.ts'
import { eraseDue, type EraseContext } from './erase.ts'

const dataDir = await preparedDataDir()
const embedded = await startEmbedded(
  {
    DATA_DIR: dataDir,
    PORT: '0',
    RATE_LIMIT_AUTH_PER_ACCOUNT: '10000',
    ERASURES_FILE: join(dataDir, 'erasures'),
    WEBHOOK_ALLOW_PRIVATE: '1',
  },
  { log: pino({ level: 'silent' }) },
)
t.teardown(async () => {
  await embedded.stop()
  rmSync(dataDir, { recursive: true, force: true })
})
const { url, edge } = embedded
const { parts } = edge
const world = await createWorld(embedded)
const { vendor, driver } = world
const name = 'Mina Erasable'
const customer = await newCustomer(url, name)
const neighbour = await newCustomer(url, 'Nora Neighbour')
const dayMs = 24 * 3_600_000

const call = async (who: { token: string }, method: string, path: string, body?: object) => {
  const answer = await http(url, method, path, { token: who.token, body })
  if (answer.status >= 300) throw new Error(`${method} ${path}: ${JSON.stringify(answer.body)}`)
  return answer.body
}
/** A pass over everybody who is due, some days from now. */
const pass = (days: number, recordsRetentionDays = 730, others: Partial<EraseContext> = {}) =>
  eraseDue(
    {
      ...parts,
      ...others,
      nowMs: () => Date.now() + days * dayMs,
      config: { ...parts.config, recordsRetentionDays },
    },
    { signal: new AbortController().signal },
  )

async function delivered(
  who: Person,
  address: string,
  notes: string,
  prescription_url?: string,
): Promise<string> {
  const { id } = await call(who, 'POST', '/api/orders', {
    vendor_id: vendor.pharmacyId,
    delivery_address: address,
    delivery_latitude: 27.7213,
    delivery_longitude: 85.3317,
    items: [{ name: 'Zolpidem', quantity: 1 }],
    notes,
    prescription_url,
  })
  await call(vendor, 'POST', `/api/orders/${id}/accept`, {})
  await call(vendor, 'POST', `/api/orders/${id}/assign-driver`, { driver_id: driver.driverId })
  const step = (body: object) => call(driver, 'PATCH', `/api/orders/${id}`, body)
  await step({ status: 'picked_up' })
  await step({ status: 'out_for_delivery' })
  await step({
    status: 'delivered',
    proof_photo_url: await upload(url, driver.token, 'proof'),
    signature_url: await upload(url, driver.token, 'signature'),
  })
  await eventually(
    () => http(url, 'GET', `/api/orders/${id}/custody`, { token: vendor.token }),
    ({ body }) => body.entries?.at(-1)?.step.kind === 'delivered',
  )
  return id
}
const prescription = await upload(url, customer.token, 'prescription')
const order = await delivered(customer, '17 Secret Lane', 'ring twice', prescription)
const others = await delivered(neighbour, '18 Other Lane', 'knock')
const cancelled: string = (
  await call(customer, 'POST', '/api/orders', {
    vendor_id: vendor.pharmacyId,
    delivery_address: '17 Secret Lane',
    delivery_latitude: 27.7213,
    delivery_longitude: 85.3317,
    items: [{ name: 'Zolpidem', quantity: 1 }],
  })
).id
await call(customer, 'DELETE', `/api/orders/${cancelled}`)
const talk = await call(customer, 'POST', '/api/conversations', { topic: 'support' })
await call(customer, 'POST', `/api/conversations/${talk.id}/messages`, { text: 'my heart aches' })
const loose = await upload(url, customer.token, 'prescription')
await call(customer, 'PATCH', '/api/auth/me', { address: '17 Secret Lane' })

/** The tables in which any of these texts is found; bytes are searched as Latin characters. */
async function tablesWith(...texts: string[]): Promise<string[]> {
  const { rows } = await parts.database.pool.query<{ name: string }>(
    `select table_name as name from information_schema.tables where table_schema = 'public' and table_name !~ 'kysely'`,
  )
  const found: string[] = []
  for (const { name: table } of rows) {
    const bytes = table === 'snapshots' ? `|| encode(bytes, 'escape')` : ''
    const { rowCount } = await parts.database.pool.query(
      `select from ${table} t where row_to_json(t)::text ${bytes} like any($1::text[]) limit 1`,
      [texts.map(text => `%${text}%`)],
    )
    if (rowCount !== 0) found.push(table)
  }
  return found
}
const personal = [name, customer.email, '17 Secret Lane', 'ring twice', 'my heart aches']
const exportOf = async () => {
  const answer = await fetch(`${url}/api/orders/${order}/custody/export`, {
    headers: { authorization: `Bearer ${vendor.token}` },
  })
  return Buffer.from(await answer.arrayBuffer())
}
const figures = async () => {
  const { generated_at: _at, ...report } = await call(
    vendor,
    'GET',
    `/api/reports/vendors/${vendor.pharmacyId}`,
  )
  const ledger = await parts.database.pool.query(
    'select id, debits_posted, credits_posted from ledger_accounts order by id',
  )
  return { report, ledger: ledger.rows, custody: await exportOf() }
}

t.test('nothing happens in the grace, and the wish can be taken back', async t => {
  const path = '/api/auth/me/erasure'
  const asked = await http(url, 'DELETE', '/api/auth/me', { token: customer.token })
  t.equal(asked.status, 202)
  t.match(asked.body.kept, [{ days: 730 }, { days: null }])
  t.same((await call(customer, 'GET', path)).erasure, asked.body)
  t.same((await http(url, 'DELETE', '/api/auth/me', { token: customer.token })).body, asked.body)
  t.match(await pass(29), { passes: 0 })
  t.equal((await http(url, 'DELETE', path, { token: customer.token })).status, 204)
  t.equal((await http(url, 'DELETE', path, { token: customer.token })).status, 404)
  t.same(await call(customer, 'GET', path), { erasure: null })
  t.match(await pass(31), { passes: 0 })
  t.match(await call(customer, 'GET', '/api/auth/me'), { full_name: name })
  for (const who of [vendor, driver, world.admin])
    t.equal((await http(url, 'DELETE', '/api/auth/me', { token: who.token })).status, 403)
})

t.test(
  'after it every text of the person is gone, and figures, money and custody stay',
  async t => {
    const found = new Set(await tablesWith(...personal))
    t.notOk(found.has('conversation_texts'), 'what was said is ciphertext from the beginning')
    for (const table of ['events', 'orders', 'snapshots', 'users'])
      t.ok(found.has(table), `the search finds what is in ${table}`)
    const before = await figures()
    await call(customer, 'DELETE', '/api/auth/me')
    // An engine stores the last snapshot of an order a moment after its end.
    for (let days = 31; ; days += 2) {
      t.match(await pass(days), { passes: 1, failed: 0 })
      const row = await parts.database.kysely
        .selectFrom('erasures')
        .selectAll()
        .where('account_id', '=', customer.id)
        .executeTakeFirstOrThrow()
      if (row.waiting > 0) {
        await new Promise(resolve => {
          setTimeout(resolve, 200)
        })
        continue
      }
      t.not(row.kept_until, null, 'the proofs are kept')
      t.equal(row.settled_at, null)
      break
    }
    // An engine may have written an older snapshot during a pass; so a later one looks again.
    const { body: left } = await eventually(
      async () => {
        await pass(100)
        return { status: 200, body: await tablesWith(...personal), headers: new Headers() }
      },
      ({ body }) => body.length === 0,
    )
    t.same(left, [])
    const file = await http(url, 'GET', loose, { token: world.admin.token })
    t.equal(file.status, 404, 'a file that no order names is gone')
    const read = async (who: { token: string }) =>
      (await http(url, 'GET', prescription, { token: who.token })).status
    t.equal(await read(vendor), 200, 'the pharmacy still reads what a law wants it to keep')
    for (const who of [world.otherPharmacy, neighbour, driver]) t.equal(await read(who), 404)
    t.same(await figures(), before, 'to the byte')
    t.equal((await http(url, 'GET', '/api/auth/me', { token: customer.token })).status, 401)
    t.ok((await tablesWith('Nora Neighbour', '18 Other Lane')).includes('events'))
    t.match(await call(neighbour, 'GET', `/api/orders/${others}`), {
      delivery_address: '18 Other Lane',
    })

    const seen = await call(vendor, 'GET', `/api/orders/${order}`)
    t.match(seen, { status: 'delivered', customer_name: '', delivery_address: null, items: [] })
    t.match([seen.delivery_latitude, seen.delivery_longitude], [28, 85])
    const again = await http(url, 'PATCH', `/api/orders/${order}`, {
      token: driver.token,
      body: { status: 'picked_up' },
    })
    t.equal(again.body.code, 'order_state_conflict', 'an engine still reads the order')
  },
)

t.test('records go when their time is over, and every proof stays true', async t => {
  t.match(await pass(400), { settled: 0 })
  t.match(await pass(500, 400), { settled: 1, failed: 0 })
  const { rows } = await parts.database.pool.query(
    `select count(*) filter (where entry is not null)::integer as told, count(*)::integer as all
     from custody_entries where order_id = $1`,
    [order],
  )
  const { told, all } = rows[0] as { told: number; all: number }
  t.equal(told, 0)
  t.ok(all >= 5, 'the leaves are still there')
  const { body: log } = await http(url, 'GET', '/api/custody/checkpoints')
  t.match(verifyExport(await exportOf(), { logKey: log.log_key, witnessKeys: [] }), {
    faults: [],
    proven: { entries: all, erased: all },
  })
  const files = await parts.database.pool.query(
    'select from uploads where order_id = $1 or owner_id = $2',
    [order, customer.id],
  )
  t.equal(files.rowCount, 0)
  const left = await parts.database.pool.query('select from uploads where order_id = $1', [others])
  t.equal(left.rowCount, 2, 'those of others stay')
  t.match(await pass(600), { passes: 0 })
})

/** The grace of the person ends now; what is asked for later is not due. */
const ask = (who: Person) => call(who, 'DELETE', '/api/auth/me')
const wishOf = (id: string) =>
  parts.database.kysely
    .selectFrom('erasures')
    .selectAll()
    .where('account_id', '=', id)
    .executeTakeFirst()
const rowOf = (id: string) =>
  parts.database.kysely
    .selectFrom('users')
    .selectAll()
    .where('id', '=', id)
    .executeTakeFirstOrThrow()

t.test('a person without a password is erased as well', async t => {
  const phone = '+9779841000001'
  await call(neighbour, 'PATCH', '/api/auth/me', { phone })
  await call(neighbour, 'POST', '/api/auth/otp/request', { phone })
  await parts.messenger.drain()
  const otp = parts.messenger
    .outbox()
    .find(({ to }) => to === phone)!
    .text.slice(0, 6)
  const { body } = await http(url, 'POST', '/api/auth/otp/verify', { body: { phone, otp } })
  const { id } = body.user
  t.match(await rowOf(id), { password_hash: '', phone, email: '' })
  await ask({ id, token: body.access_token, email: '' })
  t.match(await pass(31), { passes: 1, failed: 0 })
  t.match(await rowOf(id), { full_name: '', phone: '', is_active: false, phone_verified_at: null })
})

t.test('a role that is given in the grace takes the wish back', async t => {
  const [helper, left] = [
    await newCustomer(url, 'Hanna Helper'),
    await newCustomer(url, 'Lena Left'),
  ]
  for (const who of [helper, left]) await ask(who)
  await call(world.admin, 'PATCH', `/api/admin/accounts/${helper.id}`, { role: 'admin' })
  t.equal(await wishOf(helper.id), undefined)
  // A role may be given on another way.
  await parts.database.pool.query(`update users set role = 'admin' where id = $1`, [left.id])
  t.match(await pass(31), { passes: 0, failed: 0 })
  t.equal(await wishOf(left.id), undefined)
  for (const [who, full_name] of [
    [helper, 'Hanna Helper'],
    [left, 'Lena Left'],
  ] as const)
    t.match(await rowOf(who.id), { full_name, is_active: true })
  const gone = await http(url, 'PATCH', `/api/admin/accounts/${customer.id}`, {
    token: world.admin.token,
    body: { role: 'admin' },
  })
  t.match(gone, { status: 409, body: { code: 'account_role_conflict' } })
})

t.test('people who fail do not keep others from being erased', async t => {
  const last = await newCustomer(url, 'Lara Last')
  await ask(last)
  const failing: string[] = Array.from({ length: privacyLimits.peoplePerRunMax }, () =>
    randomUUID(),
  )
  await parts.database.pool.query(
    `insert into erasures (account_id, asked_at, due_at, next_at)
      select id, now(), now(), now() from unnest($1::uuid[]) id`,
    [failing],
  )
  const erasureLog = new (class extends ErasureLog {
    override async add(id: string, atMs: number) {
      if (failing.includes(id)) throw new Error('not this one')
      await super.add(id, atMs)
    }
  })(join(t.testdir(), 'erasures'))
  t.match(await pass(31, 730, { erasureLog }), { passes: 0, failed: failing.length })
  t.match(await pass(31, 730, { erasureLog }), { passes: 1, failed: 0 })
  t.equal((await rowOf(last.id)).full_name, '')
  await parts.database.pool.query('delete from erasures where account_id = any($1::uuid[])', [
    failing,
  ])
})

t.test('the erasure waits a week for an order, and takes nothing from it', async t => {
  const waiting = await newCustomer(url, 'Wanda Waits')
  const file = await upload(url, waiting.token, 'prescription')
  const { id } = await call(waiting, 'POST', '/api/orders', {
    vendor_id: vendor.pharmacyId,
    delivery_address: '19 Third Lane',
    delivery_latitude: 27.7213,
    delivery_longitude: 85.3317,
    items: [{ name: 'Zolpidem', quantity: 1 }],
    prescription_url: file,
  })
  await call(vendor, 'POST', `/api/orders/${id}/accept`, {})
  const talks = await Promise.all(
    [{ topic: 'pharmacy', order_id: id }, { topic: 'support' }].map(about =>
      call(waiting, 'POST', '/api/conversations', about),
    ),
  )
  for (const one of talks)
    await call(waiting, 'POST', `/api/conversations/${one.id}/messages`, { text: 'at the back' })
  const texts = async () => {
    const { rows } = await parts.database.pool.query<{ id: string }>(
      `select conversation_id as id from conversation_texts
       where sealed is not null and conversation_id = any($1::uuid[])`,
      [talks.map(one => one.id)],
    )
    return rows.map(row => row.id)
  }
  await eventually(
    async () => ({ status: 200, body: await texts(), headers: new Headers() }),
    ({ body }) => body.length === 2,
  )
  await ask(waiting)
  t.match(await pass(31), { passes: 0, failed: 0 })
  t.equal((await rowOf(waiting.id)).full_name, 'Wanda Waits')
  t.match(await pass(38), { failed: 0 })
  t.equal((await rowOf(waiting.id)).full_name, '')
  t.same(await texts(), [talks[0].id], 'the pharmacy reads what was said about the order')
  const { messages } = await call(vendor, 'GET', `/api/conversations/${talks[0].id}/messages`)
  t.match(messages, [{ text: 'at the back' }])
  const read = async () => (await http(url, 'GET', file, { token: vendor.token })).status
  t.equal(await read(), 200)
  t.match(await call(vendor, 'GET', `/api/orders/${id}`), { delivery_address: '19 Third Lane' })

  await call(vendor, 'DELETE', `/api/orders/${id}`)
  t.match(await pass(39, 1), { failed: 0 })
  t.same(await texts(), [])
  t.equal(await read(), 404)
})

t.test('copies of appointments go, and those of others in the same queue are sent', async t => {
  const patient = await newCustomer(url, 'Pia Patient')
  await world.subscription()
  const { service, slotStart, otherSlotStart } = await world.service()
  const book = (who: Person, start: string) =>
    call(who, 'POST', '/api/appointments', { service_id: service, start })
  const mine = await book(patient, slotStart)
  const theirs = await book(neighbour, otherSlotStart)
  await call(patient, 'POST', `/api/appointments/${mine.id}/cancel`, {})
  const copies = async () => {
    const { rows } = await parts.database.pool.query<{ body: string; state: string }>(
      'select body, state from webhook_deliveries where order_id = $1',
      [service],
    )
    return rows
  }
  await eventually(
    async () => ({ status: 200, body: await copies(), headers: new Headers() }),
    ({ body }) => body.length >= 3,
  )
  await ask(patient)
  t.match(await pass(31), { failed: 0 })
  t.match(await copies(), [{ body: new RegExp(theirs.id), state: 'waiting' }])
  // The snapshot of a calendar keeps the last that ended until newer ones push them out: decision 59.
  const left = await tablesWith('Pia Patient')
  t.same(
    left.filter(table => table !== 'snapshots'),
    [],
  )
})
