/** The restore of a backup from before an erasure brings nobody back. */
import { appendFileSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pino } from 'pino'
import t from 'tap'
import { backup, restore } from '../../migrations/backup/backup.ts'
import { preparedDataDir } from '../../migrations/database/prepared.ts'
import { http, newCustomer, newPharmacy, password } from '../acceptance/people.ts'
import { startFixture } from '../acceptance/fixture-edge.ts'
import { startEmbedded } from '../embedded.ts'
import { eraseAgain } from './erase-again.ts'
import type { KernelConfig } from '../kernel/config.ts'
import { readPrivacyConfig } from './config.ts'
import { eraseDue } from './erase.ts'
import { ErasureLog } from './erasure-log.ts'

const start = (dataDir: string, file: string) =>
  startEmbedded(
    { DATA_DIR: dataDir, PORT: '0', ERASURES_FILE: file, JWT_SECRET_KEY: 'x'.repeat(32) },
    { log: pino({ level: 'silent' }) },
  )
type Server = Awaited<ReturnType<typeof start>>
const traces = async ({ edge }: Server): Promise<string[]> => {
  const { pool } = edge.parts.database
  const { rows } = await pool.query<{ place: string }>(
    `select 'users' as place from users where full_name = 'Mina Erasable'
     union all select 'orders' from orders where placed::text like '%Mina Erasable%'
     union all select 'events' from events where data::text like '%Mina Erasable%'
     union all select 'snapshots' from snapshots where encode(bytes, 'escape') like '%Mina Erasable%'
     union all select 'conversation_texts' from conversation_texts where sealed is not null
     union all select 'file_keys' from file_keys`,
  )
  return rows.map(({ place }) => place)
}

t.test('a restored backup brings nobody back', async t => {
  const folder = t.testdir()
  const dataDir = await preparedDataDir()
  const file = join(folder, 'erasures')
  t.teardown(() => rmSync(dataDir, { recursive: true, force: true }))

  const first = await start(dataDir, file)
  const customer = await newCustomer(first.url, 'Mina Erasable')
  const pharmacy = await newPharmacy(first.url, 'A', 27.7, 85.3)
  const { body: order } = await http(first.url, 'POST', '/api/orders', {
    token: customer.token,
    body: {
      vendor_id: pharmacy.pharmacyId,
      delivery_address: '17 Secret Lane',
      delivery_latitude: 27.7,
      delivery_longitude: 85.3,
      items: [{ name: 'Aspirin', quantity: 1 }],
    },
  })
  await http(first.url, 'DELETE', `/api/orders/${order.id}`, { token: customer.token })
  const { body: talk } = await http(first.url, 'POST', '/api/conversations', {
    token: customer.token,
    body: { topic: 'support' },
  })
  const said = await http(first.url, 'POST', `/api/conversations/${talk.id}/messages`, {
    token: customer.token,
    body: { text: 'my heart aches' },
  })
  t.equal(said.status, 201)
  // An order that ended just now would wait for an hour.
  await first.edge.parts.database.pool.query(
    `update orders set updated_at = now() - interval '2 hours'`,
  )
  await first.stop()
  await backup(dataDir, join(folder, 'old.tar.gz'))

  const second = await start(dataDir, file)
  t.same(await traces(second), [
    'users',
    'orders',
    'events',
    'snapshots',
    'conversation_texts',
    'file_keys',
  ])
  await http(second.url, 'DELETE', '/api/auth/me', { token: customer.token })
  await eraseDue(
    { ...second.edge.parts, nowMs: () => Date.now() + 31 * 24 * 3_600_000 },
    { signal: new AbortController().signal },
  )
  t.same(await traces(second), [])
  await second.stop()
  t.match(readFileSync(file, 'utf8'), new RegExp(`^${customer.id} \\S+\n$`))

  const again = join(folder, 'again')
  await restore(again, join(folder, 'old.tar.gz'))
  const third = await start(again, file)
  t.same(await traces(third), [], 'before anybody could ask')
  const signIn = await http(third.url, 'POST', '/api/auth/login', {
    body: { email: customer.email, password },
  })
  t.equal(signIn.status, 401)
  await third.stop()

  const lost = join(folder, 'lost')
  const fourth = await start(again, lost)
  await fourth.stop()
  t.match(readFileSync(lost, 'utf8'), new RegExp(customer.id), 'a lost file is written anew')
})

t.test('a start fails while somebody is back, and for nobody else', async t => {
  const { database, ...edge } = await startFixture()
  t.teardown(() => edge.stop())
  const [back, unlucky] = [await edge.customer(), await edge.customer()]
  await database.pool.query(
    `insert into erasures (account_id, asked_at, due_at, next_at) values ($1, now(), now(), now())`,
    [unlucky.id],
  )
  const failing = new Set([unlucky.id, back.id])
  const path = join(t.testdir(), 'erasures')
  writeFileSync(path, `${back.id} 2026-01-01T00:00:00.000Z\n`)
  const begin = () => {
    const erasureLog = new (class extends ErasureLog {
      override async add(id: string, atMs: number) {
        if (failing.has(id)) throw new Error('not this one')
        await super.add(id, atMs)
      }
    })(path)
    return eraseAgain({ ...edge.edge.parts, erasureLog })
  }
  const nameOf = async ({ id }: { id: string }) =>
    (await database.pool.query('select full_name from users where id = $1', [id])).rows[0].full_name
  for (let starts = 0; starts < 2; starts++)
    await t.rejects(begin(), { message: /^1 people who were erased/ }, 'each start fails')
  failing.delete(back.id)
  await begin()
  t.equal(await nameOf(back), '')
  t.equal(await nameOf(unlucky), 'John Doe')
})

t.test('a file that was cut off is read, and any other file stops the start', async t => {
  const path = join(t.testdir(), 'erasures')
  const id = '01a1f000-0000-7000-8000-000000000001'
  const other = '01a1f000-0000-7000-8000-000000000002'
  t.equal((await new ErasureLog(path).read()).size, 0, 'no file is no erasure')
  await new ErasureLog(path).add(id, 0)
  appendFileSync(path, other.slice(0, 9))
  const log = new ErasureLog(path)
  t.same([...(await log.read())], [id])
  await log.add(other, 0)
  await log.add(other, 0)
  t.same([...(await new ErasureLog(path).read())], [id, other])
  t.equal(readFileSync(path, 'utf8').split('\n').length, 4, 'two lines, and what was cut off')
  await t.rejects(
    new ErasureLog(join(t.testdir(), 'missing', 'erasures')).read(),
    { message: /^ERASURES_FILE .* ENOENT/ },
    'a file that cannot be made is found before anybody is erased',
  )
  writeFileSync(path, 'a letter\n')
  await t.rejects(new ErasureLog(path).read(), {
    message: /^ERASURES_FILE .* a line that is no erasure/,
  })
})

t.test('a server that owns nothing beside its data keeps no list, and starts', async t => {
  const kernel = (dataDir: string) => ({ role: 'embedded', dataDir }) as KernelConfig
  const folder = t.testdir({ data: {} })
  t.equal(readPrivacyConfig({}, kernel(`${folder}/data`)).erasuresFile, `${folder}/data.erasures`)
  t.equal(readPrivacyConfig({}, kernel(`${folder}/gone/data`)).erasuresFile, null)
  t.equal(
    readPrivacyConfig({ ERASURES_FILE: '/x/list' }, kernel(`${folder}/gone/data`)).erasuresFile,
    '/x/list',
  )
})
