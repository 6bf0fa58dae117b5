/**
 * A full disk under the embedded database and its uploads, and under PostgreSQL. Nothing is
 * acknowledged that is not stored [2]. A caller who is refused may come again, and when there is
 * room everything goes on by itself, under the same keys [3].
 */
import { randomUUID } from 'node:crypto'
import { cpSync, rmSync } from 'node:fs'
import { pino } from 'pino'
import t, { type Test } from 'tap'
import { openDatabase } from '../../migrations/database/open.ts'
import { preparedDataDir } from '../../migrations/database/prepared.ts'
import { freePort } from '../../protocol/testing/free-port.ts'
import { startProcess, untilHealthy } from '../../protocol/testing/processes.ts'
import {
  makeSmallDisk,
  smallDiskMissing,
  type SmallDisk,
} from '../../protocol/testing/small-disk.ts'
import {
  requireOrSkip,
  startNats,
  startPostgres,
  startRedis,
} from '../../protocol/testing/services.ts'
import { startEmbedded } from '../embedded.ts'
import { png } from '../uploads/samples.ts'
import { eventually, http, newCustomer, newPharmacy, type Answer } from './people.ts'

const noDisk = smallDiskMissing() ?? false
const log = pino({ level: 'silent' })

/**
 * Tokens of a customer and a pharmacy; `stored` is an order that was placed before the disk was
 * full.
 */
interface People {
  customer: string
  pharmacy: string
  stored: string
}
interface FullDisk {
  url: string
  disk: SmallDisk
  whileFull(people: People): Promise<void>
  afterwards(people: People): Promise<void>
  recover?(): Promise<void>
}

/** Places orders before the disk is full, while it is full and afterwards. */
async function orders(
  t: Test,
  { url, disk, whileFull, afterwards, recover }: FullDisk,
): Promise<void> {
  const customer = await newCustomer(url)
  const pharmacy = await newPharmacy(url, 'A', 27.7, 85.3)
  const keys = Array.from({ length: 12 }, () => randomUUID())
  const told = new Map<string, string>()
  const place = async (key: string): Promise<Answer> => {
    const answer = await http(url, 'POST', '/api/orders', {
      token: customer.token,
      headers: { 'idempotency-key': key },
      body: {
        vendor_id: pharmacy.pharmacyId,
        delivery_address: 'home',
        delivery_latitude: 27.7,
        delivery_longitude: 85.3,
        customer_name: 'J',
        customer_phone: '+1234567890',
        items: [],
      },
    })
    if (answer.status !== 201) return answer
    if (told.has(key)) t.equal(answer.body.id, told.get(key), 'the same key, the same order [3]')
    told.set(key, answer.body.id)
    return answer
  }
  for (const key of keys.slice(0, 2)) t.equal((await place(key)).status, 201)
  const people = { customer: customer.token, pharmacy: pharmacy.token, stored: told.get(keys[0]!)! }
  disk.fill()
  const answers = await Promise.all(keys.slice(2, 10).map(place))
  const refused = answers.filter(({ status }) => status !== 201)
  t.ok(refused.length > 0, `${refused.length} of ${answers.length} were refused`)
  t.same(
    refused.map(({ status, body, headers }) => [
      status,
      body.code,
      body.retryable,
      headers.has('retry-after'),
    ]),
    refused.map(() => [503, 'unavailable', true, true]),
  )
  t.ok((await http(url, 'GET', '/api/health')).status < 504, 'the health route still answers')
  await whileFull(people)
  disk.free()
  await recover?.()
  for (const key of keys)
    t.equal(
      (
        await eventually(
          () => place(key),
          answer => answer.status < 500,
          30_000,
        )
      ).status,
      201,
    )
  const { body } = await http(url, 'GET', '/api/orders?limit=200', { token: customer.token })
  t.same(
    body.orders.map(({ id }: { id: string }) => id).sort(),
    [...told.values()].sort(),
    'each order is there once [2]',
  )
  await afterwards(people)
}

t.test('an embedded server outlives a full disk', { skip: noDisk }, async t => {
  const disk = makeSmallDisk(96)
  t.teardown(() => disk.remove())
  const prepared = await preparedDataDir()
  cpSync(prepared, disk.path, { recursive: true })
  rmSync(prepared, { recursive: true })
  const { url, stop } = await startEmbedded(
    { PORT: '0', DATA_DIR: disk.path, LOG_LEVEL: 'silent' },
    { log },
  )
  const key = randomUUID()
  const upload = (token: string) => {
    const form = new FormData()
    form.append('file', new Blob([png as Uint8Array<ArrayBuffer>]), 'file')
    return http(url, 'POST', '/api/uploads/signature', {
      token,
      body: form,
      headers: { 'idempotency-key': key },
    })
  }
  await orders(t, {
    url,
    disk,
    async whileFull({ customer }) {
      t.match(await upload(customer), { status: 503, body: { code: 'unavailable' } })
    },
    async afterwards({ customer }) {
      const { status, body } = await upload(customer)
      t.equal(status, 201)
      t.equal((await http(url, 'GET', body.url, { token: customer })).status, 200)
    },
  })
  await stop()
})

t.test(
  'engine and edge outlive a PostgreSQL whose disk is full, its log included',
  { skip: noDisk || requireOrSkip(t, 'nats', 'redis', 'postgres'), timeout: 120_000 },
  async t => {
    const disk = makeSmallDisk(128)
    const [nats, redis, postgres] = await Promise.all([
      startNats(),
      startRedis(),
      startPostgres({ folder: disk.path }),
    ])
    const port = await freePort()
    const environment = {
      NATS_URL: nats.url,
      REDIS_URL: redis.url,
      DATABASE_URL: postgres.url,
      JWT_SECRET_KEY: 'only for tests on the loopback interface',
      PORT: String(port),
      LOG_LEVEL: 'warn',
      REGISTRATION: 'open',
      DATA_DIR: disk.path,
    }
    const database = await openDatabase({ url: postgres.url, log })
    const children = [
      startProcess('engine/main.js', environment),
      startProcess('edge/main.js', environment),
    ]
    t.teardown(async () => {
      await Promise.all(children.map(child => child.kill()))
      await Promise.all([nats, redis, postgres].map(server => server.stop()))
      disk.remove()
    })
    const url = `http://127.0.0.1:${port}`
    await untilHealthy(url, children[1]!)
    const accept = (token: string, orderId: string) =>
      http(url, 'POST', `/api/orders/${orderId}/accept`, { token, body: {} })
    await orders(t, {
      url,
      disk,
      async whileFull({ pharmacy, stored }) {
        // The server wants another file for its log and cannot have it; it may answer or fail.
        await database.pool.query('select pg_switch_wal()').catch(() => undefined)
        await t.rejects(database.pool.query('create table wanted (id int)'))
        await database.close()
        // Without a key nothing is written before the engine's journal.
        t.match(await accept(pharmacy, stored), { status: 503, body: { code: 'unavailable' } })
      },
      async afterwards({ pharmacy, stored }) {
        t.match(await accept(pharmacy, stored), { status: 200, body: { status: 'accepted' } })
      },
      // A supervisor would restart it.
      recover: () => postgres.restart(),
    })
    t.same(
      children.map(child => child.process.exitCode),
      [null, null],
      'no process ended',
    )
  },
)
