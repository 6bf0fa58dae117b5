/**
 * The erasure of a customer on a whole server: the grace, what is gone from every table, and what
 * stays whole: figures, money, custody.
 */
import { rmSync } from 'node:fs'
import { pino } from 'pino'
import t from 'tap'
import { preparedDataDir } from '../../migrations/database/prepared.ts'
import { verifyExport } from '../../protocol/custody-log/verify.ts'
import { eventually, http, newCustomer, upload, type Person } from '../acceptance/people.ts'
import { createWorld } from '../acceptance/access-world.ts'
import { startEmbedded } from '../embedded.ts'
import { eraseDue } from './erase.ts'

const dataDir = await preparedDataDir()
const embedded = await startEmbedded(
  { DATA_DIR: dataDir, PORT: '0', RATE_LIMIT_AUTH_PER_ACCOUNT: '10000' },
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
const pass = (days: number, recordsRetentionDays = 730) =>
  eraseDue(
    {
      ...parts,
      nowMs: () => Date.now() + days * dayMs,
      config: { ...parts.config, recordsRetentionDays },
    },
    { signal: new AbortController().signal },
  )

async function delivered(who: Person, address: string, notes: string): Promise<string> {
  const { id } = await call(who, 'POST', '/api/orders', {
    vendor_id: vendor.pharmacyId,
    delivery_address: address,
    delivery_latitude: 27.7213,
    delivery_longitude: 85.3317,
    items: [{ name: 'Zolpidem', quantity: 1 }],
    notes,
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
const order = await delivered(customer, '17 Secret Lane', 'ring twice')
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
const prescription = await upload(url, customer.token, 'prescription')
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
    for (const table of ['conversation_texts', 'events', 'orders', 'snapshots', 'users'])
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
    t.same(await tablesWith(...personal), [])
    const file = await http(url, 'GET', prescription, { token: world.admin.token })
    t.equal(file.status, 404, 'a file that no order names is gone')
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
