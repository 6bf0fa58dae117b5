/**
 * From events to devices, mailboxes and phones on a real edge: once each, not what a socket or the
 * inbox has shown, not what is over, and again after a failure.
 */
import { createServer, type IncomingHttpHeaders } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { WebSocket } from 'ws'
import { RestClient } from '../../protocol/client/index.ts'
import { orderEvents } from '../../protocol/dispatch/order-events.ts'
import { subjects } from '../../protocol/bus/subjects.ts'
import { newId, startFixture, viewOf } from '../acceptance/fixture-edge.ts'
import { Listener } from '../acceptance/people.ts'
import { journalWriter } from '../orders/fixture-journal.ts'
import { notificationLimits } from '../notifications/limits.ts'
import { exampleKeys } from './examples.ts'
import { pushService } from './fixture-service.ts'
import { pushLimits } from './limits.ts'

const edge = await startFixture({
  PUSH_ALLOW_PRIVATE: '1',
  RATE_LIMIT_AUTH_PER_ADDRESS: '10000',
  // The clock of the tests runs ahead.
  JWT_ACCESS_TOKEN_EXPIRE_MINUTES: '1440',
})
t.teardown(() => edge.stop())
const service = await pushService()
t.teardown(() => service.stop())
const { call, database, clock, bus } = edge
const { pool } = database
const url = `http://127.0.0.1:${edge.edge.port}`
const { happen } = journalWriter(database)
const pharmacy = await edge.pharmacy()
const driver = await edge.driver(pharmacy.id)
type Person = { token: string }
const apiOf = ({ token }: Person) => new RestClient({ url, tokens: { access_token: token } })

/** A push service that notes requests and answers as it is told, then with 201. */
const statuses: { status: number; headers?: Record<string, string> }[] = []
const requests: { path: string; headers: IncomingHttpHeaders }[] = []
const plain = createServer((request, response) => {
  requests.push({ path: request.url!, headers: request.headers })
  request.resume().on('end', () => {
    const { status, headers = {} } = statuses.shift() ?? { status: 201 }
    response.writeHead(status, headers).end()
  })
}).listen(0, '127.0.0.1')
t.teardown(() => plain.close())
await once(plain, 'listening')
const plainUrl = `http://127.0.0.1:${(plain.address() as AddressInfo).port}`
/** A device of the person at the plain service; its requests are found by the path. */
async function deviceOf(person: Person, locale = 'en') {
  const path = `/${newId()}`
  const { id } = await apiOf(person).pushDevices.register({
    kind: 'web',
    endpoint: plainUrl + path,
    keys: exampleKeys,
    locale,
  })
  return { id, requests: () => requests.filter(one => one.path === path) }
}
async function newOrder(customer: { id: string }, more: object = {}) {
  const view = viewOf({
    id: newId(),
    user_id: customer.id,
    vendor_id: pharmacy.id,
    driver_id: driver.id,
    ...more,
  })
  await edge.store(view)
  return view
}
async function until<T>(
  look: () => Promise<T | false | undefined> | T | false | undefined,
): Promise<T> {
  const patientMs = Date.now() + 60_000
  for (;;) {
    const found = await look()
    if (found) return found as T
    if (Date.now() > patientMs) throw new Error(`not in a minute: ${look.toString()}`)
    await pause(20)
  }
}
interface Row {
  kind: string
  channel: string
  state: string
  answer: string | null
  attempts: number
  account_id: string
  due_at: Date
}
const rowsAbout = async (id: string): Promise<Row[]> =>
  (
    await pool.query(
      'select * from notification_deliveries where about_id = $1 order by news_id, channel',
      [id],
    )
  ).rows as unknown as Row[]
/** Waits for so many rows about the record. */
const queued = (id: string, count: number) =>
  until(async () => {
    const rows = await rowsAbout(id)
    return rows.length >= count && rows
  })
const nudge = () => bus.publish(subjects.notifications, new Uint8Array([0x90]))
/** Lets the time pass in which a socket might show the news. */
function graceOver(): void {
  clock.skewMs += notificationLimits.seenGraceMs
  nudge()
}
const ended = (id: string) =>
  until(async () => {
    nudge()
    const rows = await rowsAbout(id)
    return rows.length > 0 && rows.every(({ state }) => state !== 'waiting') && rows
  })

t.test('an event wakes each device of the person once, in its language', async t => {
  const customer = await edge.customer()
  const api = apiOf(customer)
  const { vapid_public_key: key } = await api.pushDevices.list()
  const { clientHash, ...subscription } = await service.subscribe(key!)
  await api.pushDevices.register({ kind: 'web', ...subscription, locale: 'de' })
  const other = await deviceOf(customer)
  const order = await newOrder(customer)
  await happen(order.id, 'picked_up')
  await queued(order.id, 2)
  graceOver()
  const rows = await ended(order.id)
  t.same(
    rows.map(({ state, channel, answer }) => [state, channel, answer]),
    [
      ['sent', 'push', '201'],
      ['sent', 'push', '201'],
    ],
  )
  const messages = (await service.messages(clientHash)) as Record<string, string>[]
  t.equal(messages.length, 1)
  t.same(Object.keys(messages[0]!).toSorted(), [
    'about_id',
    'about_kind',
    'at',
    'id',
    'kind',
    'text',
  ])
  t.equal(messages[0]!['text'], `Der Fahrer hat Ihre Bestellung ${order.order_number} abgeholt.`)
  t.equal(messages[0]!['kind'], 'order.picked_up')
  const { headers } = other.requests()[0]!
  t.equal(other.requests().length, 1)
  t.match(headers, { urgency: 'normal', 'content-encoding': 'aes128gcm', topic: /^[\w-]{32}$/ })
  const ttl = Number(headers['ttl'])
  t.ok(ttl > 3_600 && ttl <= 7_200, `${ttl} s: as long as it is worth something`)
})

t.test('what a live socket shows wakes no device; a dead one shows nothing', async t => {
  const customer = await edge.customer()
  const device = await deviceOf(customer)
  const live = new Listener(url, `/ws/customer/?token=${customer.token}`)
  t.teardown(() => live.close())
  await live.next('connection')
  const order = await newOrder(customer)
  await happen(order.id, 'picked_up')
  await live.next('notification')
  const [row] = await ended(order.id)
  t.equal(row!.state, 'seen')
  t.equal(device.requests().length, 0)
  await live.close()

  // A phone without a network: the connection seems open, and nobody answers a ping.
  const dead = new WebSocket(`${url.replace('http', 'ws')}/ws/customer/?token=${customer.token}`, {
    autoPong: false,
  })
  t.teardown(() => dead.terminate())
  await once(dead, 'message')
  const second = await newOrder(customer)
  await happen(second.id, 'picked_up')
  await queued(second.id, 1)
  graceOver()
  t.match(await ended(second.id), [{ state: 'sent' }])
  t.equal(device.requests().length, 1)
})

t.test('what was read in the inbox wakes no device', async t => {
  const customer = await edge.customer()
  const device = await deviceOf(customer)
  const order = await newOrder(customer)
  await happen(order.id, 'picked_up')
  await queued(order.id, 1)
  const api = apiOf(customer)
  const { notifications } = await api.inbox.list()
  await api.inbox.markRead({ through: notifications[0]!.id })
  graceOver()
  t.match(await ended(order.id), [{ state: 'seen' }])
  t.equal(device.requests().length, 0)
})

t.test("an order's newer news replaces the older; another order's does not", async t => {
  const customer = await edge.customer()
  const device = await deviceOf(customer)
  const [order, other] = [await newOrder(customer), await newOrder(customer)]
  await happen(other.id, 'picked_up')
  await happen(order.id, 'picked_up')
  await happen(order.id, 'out_for_delivery')
  await queued(order.id, 2)
  await queued(other.id, 1)
  graceOver()
  t.same(
    (await ended(order.id)).map(({ kind, state }) => [kind, state]),
    [
      ['order.picked_up', 'replaced'],
      ['order.out_for_delivery', 'sent'],
    ],
  )
  t.match(await ended(other.id), [{ state: 'sent' }])
  const topics = device.requests().map(({ headers }) => headers['topic'])
  t.equal(new Set(topics).size, 2)
})

t.test('arrivals and offers are urgent; an offer wakes until it is closed', async t => {
  const customer = await edge.customer()
  const mine = await deviceOf(customer)
  const theirs = await deviceOf(driver)
  const shop = await deviceOf(pharmacy)
  const order = await newOrder(customer)
  await happen(order.id, 'arrived_at_dropoff')
  await queued(order.id, 1)
  graceOver()
  await ended(order.id)
  t.match(mine.requests()[0]!.headers, { urgency: 'high' })

  const offer = (more: object = {}) => ({
    ...orderEvents.offer_made.example,
    driver_id: driver.id,
    expires_at_ms: Date.now() + clock.skewMs + 60_000,
    ...more,
  })
  const first = await newOrder(customer)
  await happen(first.id, 'offer_made', offer())
  await queued(first.id, 1)
  await happen(first.id, 'offer_closed', {
    ...orderEvents.offer_closed.example,
    driver_id: driver.id,
  })
  t.match(await ended(first.id), [{ kind: 'order.offered', state: 'replaced' }])
  const second = await newOrder(customer)
  await happen(second.id, 'offer_made', offer())
  await queued(second.id, 1)
  graceOver()
  t.match(await ended(second.id), [{ kind: 'order.offered', state: 'sent' }])
  const { headers } = theirs.requests()[0]!
  t.equal(headers['urgency'], 'high')
  t.ok(Number(headers['ttl']) <= 60, 'it lives as long as the offer')
  const third = await newOrder(customer)
  await happen(third.id, 'offer_made', offer({ mode: 'assign' }))
  await happen(third.id, 'picked_up')
  t.same(
    (await queued(third.id, 1)).map(({ kind }) => kind),
    ['order.picked_up'],
    'a driver who was picked is not asked',
  )

  const request = await newOrder(customer, { vendor_id: null, driver_id: null, kind: 'broadcast' })
  const asked = await edge.pharmacy()
  await happen(request.id, 'broadcast_opened', {
    ...orderEvents.broadcast_opened.example,
    expires_at_ms: Date.now() + clock.skewMs + 60_000,
    candidates: [pharmacy, asked].map(({ id }) => ({ vendor_id: id, distance_km: 1 })),
  })
  await queued(request.id, 1)
  graceOver()
  t.match(await ended(request.id), [{ kind: 'order.requested', state: 'sent' }])
  t.equal(shop.requests().length, 1)
  t.equal(
    (await apiOf(pharmacy).inbox.list()).notifications.some(one => one.about.id === request.id),
    false,
  )
})

t.test(
  'a failure is tried again, a dead address ends the device, a refusal ends the news',
  async t => {
    const customer = await edge.customer()
    const device = await deviceOf(customer)
    const tell = async () => {
      const order = await newOrder(customer)
      await happen(order.id, 'picked_up')
      await queued(order.id, 1)
      graceOver()
      return order.id
    }
    statuses.push({ status: 503, headers: { 'retry-after': '120' } })
    const first = await tell()
    const [waiting] = await until(async () => {
      const rows = await rowsAbout(first)
      return rows[0]!.answer === '503' && rows
    })
    t.match(waiting, { state: 'waiting', attempts: 1 })
    const laterMs = waiting!.due_at.getTime() - (Date.now() + clock.skewMs)
    t.ok(laterMs > 100_000 && laterMs <= 120_000, 'as long as the service asks')
    clock.skewMs += 120_000
    t.match(await ended(first), [{ state: 'sent', attempts: 2 }])
    t.equal(device.requests().length, 2)

    statuses.push({ status: 403 })
    t.match(await ended(await tell()), [{ state: 'refused', answer: '403' }])
    t.equal((await apiOf(customer).pushDevices.list()).devices.length, 1, 'our mistake')
    for (let i = 0; i < pushLimits.attemptsMax; i++) statuses.push({ status: 500 })
    const hopeless = await tell()
    const given = await until(async () => {
      clock.skewMs += 60_000
      nudge()
      const rows = await rowsAbout(hopeless)
      return rows[0]!.state !== 'waiting' && rows
    })
    t.match(given, [{ state: 'given_up', attempts: pushLimits.attemptsMax }])
    statuses.length = 0
    statuses.push({ status: 410 })
    await tell()
    await until(async () => (await apiOf(customer).pushDevices.list()).devices.length === 0)
  },
)

t.test('an edge that dies while it sends leaves the row to another one', async t => {
  const customer = await edge.customer()
  const device = await deviceOf(customer)
  const order = await newOrder(customer)
  await happen(order.id, 'picked_up')
  await queued(order.id, 1)
  await pool.query(
    `update notification_deliveries set attempts = 1, due_at = $2 where about_id = $1`,
    [order.id, new Date(Date.now() + clock.skewMs + pushLimits.takenMs)],
  )
  graceOver()
  await pause(200)
  t.equal(device.requests().length, 0)
  clock.skewMs += pushLimits.takenMs
  t.match(await ended(order.id), [{ state: 'sent', attempts: 2 }])
})

t.test('who may not work is woken for no work; who is signed out, for nothing', async t => {
  const shop = await edge.pharmacy()
  const device = await deviceOf(shop)
  const customer = await edge.customer()
  const mine = await deviceOf(customer)
  await pool.query(`update vendors set status = 'suspended' where id = $1`, [shop.id])
  const order = await newOrder(customer, { vendor_id: shop.id, driver_id: null })
  await happen(order.id, 'order_cancelled', { by: 'system', reason: null })
  const rows = await queued(order.id, 1)
  t.same(
    rows.map(({ account_id }) => account_id),
    [customer.id],
  )
  await ended(order.id)
  t.equal(device.requests().length, 0)
  const before = mine.requests().length
  await call('POST', '/api/auth/logout', {
    token: customer.token,
    body: { refresh_token: customer.refresh },
  })
  const next = await newOrder(customer)
  await happen(next.id, 'order_cancelled', { by: 'system', reason: null })
  const later = await newOrder(customer)
  await happen(later.id, 'picked_up')
  await until(
    async () =>
      (await pool.query('select from notifications where about_id = $1', [later.id])).rowCount ===
      1,
  )
  t.notOk((await rowsAbout(next.id)).some(row => row.account_id === customer.id))
  t.equal(mine.requests().length, before)
})

t.test(
  'mail and SMS go to confirmed addresses that asked, mail once a day in one letter',
  async t => {
    const { messenger } = edge.edge.parts
    const customer = await edge.customer()
    const api = apiOf(customer)
    const wish = (channel: 'email' | 'sms' | 'push' | 'inbox', wanted: boolean) =>
      api.inbox.setPreferences([
        { kind: 'order.picked_up', channel, wanted },
        { kind: 'order.delivered', channel, wanted },
      ])
    await wish('email', true)
    await wish('sms', true)
    const sentTo = (to: string) => messenger.outbox().filter(one => one.to === to)
    const unconfirmed = await newOrder(customer)
    await happen(unconfirmed.id, 'picked_up')
    const phone = '+12025550143'
    await until(
      async () =>
        (await pool.query('select from notifications where about_id = $1', [unconfirmed.id]))
          .rowCount === 1,
    )
    t.same(await rowsAbout(unconfirmed.id), [])
    await pool.query(
      'update users set email_verified_at = now(), phone = $2, phone_verified_at = now() where id = $1',
      [customer.id, phone],
    )
    t.same((await api.inbox.preferences()).reached_by, ['inbox', 'email', 'sms'])
    await api.inbox.setSettings({ language: 'de' })
    const order = await newOrder(customer)
    await happen(order.id, 'picked_up')
    await queued(order.id, 2)
    graceOver()
    t.match(await ended(order.id), [{ state: 'sent' }, { state: 'sent' }])
    const text = `Der Fahrer hat Ihre Bestellung ${order.order_number} abgeholt.`
    t.match(sentTo(phone), [{ channel: 'sms', text }])
    t.match(sentTo(customer.email), [{ channel: 'email', subject: text }])

    await wish('sms', false)
    await api.inbox.setSettings({ digest: 'daily' })
    const orders = [await newOrder(customer), await newOrder(customer)]
    for (const { id } of orders) {
      await happen(id, 'picked_up')
      await happen(id, 'delivered', orderEvents.delivered.example as object)
    }
    for (const { id } of orders) await queued(id, 2)
    graceOver()
    await until(async () => {
      nudge()
      const rows = (await Promise.all(orders.map(({ id }) => rowsAbout(id)))).flat()
      const mails = rows.filter(({ channel }) => channel === 'email')
      return mails.length === 4 && mails.every(({ due_at }) => due_at.getUTCHours() === 8)
    })
    t.equal(sentTo(customer.email).length, 1, 'it waits for the morning')
    clock.skewMs += 24 * 3_600_000
    await ended(orders[1]!.id)
    clock.skewMs -= 24 * 3_600_000
    const [letter, ...others] = sentTo(customer.email)
    t.equal(others.length, 1, 'one letter for all')
    t.match(letter, { subject: 'Neues von Caduceus' })
    for (const { order_number } of orders)
      t.equal(letter!.text.split(order_number).length - 1, 2, 'both news of both orders')
  },
)

t.test('what is turned off for devices stays in the inbox, and the other way round', async t => {
  const customer = await edge.customer()
  const api = apiOf(customer)
  const device = await deviceOf(customer)
  await api.inbox.setPreferences([
    { kind: 'order.picked_up', channel: 'push', wanted: false },
    { kind: 'order.delivered', channel: 'inbox', wanted: false },
  ])
  const order = await newOrder(customer)
  await happen(order.id, 'picked_up')
  await happen(order.id, 'delivered', orderEvents.delivered.example as object)
  await queued(order.id, 1)
  graceOver()
  t.match(await ended(order.id), [{ kind: 'order.delivered', state: 'sent' }])
  t.equal(device.requests().length, 1)
  t.same(
    (await api.inbox.list()).notifications.map(({ kind }) => kind),
    ['order.picked_up'],
  )
})

t.test('old rows are deleted', async (t: Test) => {
  const { deleteOldDeliveries } = await import('./queue.ts')
  const count = async () =>
    Number((await pool.query('select count(*) from notification_deliveries')).rows[0]!['count'])
  const before = await count()
  t.ok(before > 0)
  const parts = { database, nowMs: () => Date.now() + clock.skewMs }
  t.same(await deleteOldDeliveries(parts), { deleted: 0 })
  const later = { database, nowMs: () => Date.now() + clock.skewMs + pushLimits.endedKeptMs + 1 }
  t.ok((await deleteOldDeliveries(later)).deleted > 0)
  t.ok((await count()) < before)
})
