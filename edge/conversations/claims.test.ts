/**
 * The sight of conversations ends with the claim to what they are about: of a pharmacy that lost the
 * request, of a driver who was replaced, and of one whose membership ended. The next conversation of
 * the same people has a new id, also when the last one was deleted.
 */
import t from 'tap'
import { picture, type Who } from '../acceptance/access-world.ts'
import {
  eventually,
  http,
  Listener,
  newDriver,
  newPharmacy,
  type Answer,
} from '../acceptance/people.ts'
import { talks } from './fixture-talks.ts'
import { deleteOld } from './housekeeping.ts'

const { parts, world, url, call, open, say } = await talks(t)
const run = { signal: new AbortController().signal, fence: async () => {} }
const dayMs = 24 * 3_600_000
const here = { latitude: 27.7172, longitude: 85.324 }
const by =
  (token: string) =>
  (method: string, path: string, body?: unknown): Promise<Answer> =>
    http(url, method, path, { token, ...(body !== undefined && { body }) })
const statusOf = (id: string) => () => call('customer', 'GET', `/api/conversations/${id}`)
const isClosed = ({ body }: Answer) => body.status === 'closed'
const members = `/api/vendors/${world.vendor.pharmacyId}/drivers`

/** A driver on duty. */
async function onDuty() {
  const driver = await newDriver(url, world.vendor.pharmacyId, 'Second Driver')
  const ask = by(driver.token)
  const ready = async (): Promise<void> => {
    await ask('PATCH', `/api/drivers/${driver.driverId}/status`, { status: 'available' })
    const app = new Listener(url, `/ws/driver?token=${driver.token}`)
    await app.next('connection')
    app.send({ type: 'location', ...here })
    await app.next('ack')
    app.close()
  }
  await ready()
  return { ...driver, ask, ready }
}

/** An order that the pharmacy gives to the driver. */
async function orderFor(driverId: string): Promise<string> {
  const id = await world.pendingOrder()
  await call('vendor', 'POST', `/api/orders/${id}/accept`, {})
  await call('vendor', 'POST', `/api/orders/${id}/assign-driver`, { driver_id: driverId })
  return id
}

t.test('a pharmacy that lost the request sees nothing of its conversation any more', async t => {
  const rival = await newPharmacy(url, 'Rival', here.latitude, here.longitude)
  const order_id = await world.openRequest()
  const vendor_id = world.vendor.pharmacyId
  await call('vendor', 'POST', `/api/requests/${order_id}/responses`, { response_type: 'REJECTED' })
  const { id } = await open('customer', { topic: 'pharmacy', order_id, vendor_id })
  const file = (await call('customer', 'POST', '/api/uploads/prescription', picture())).body.id
  const sent = await call('customer', 'POST', `/api/conversations/${id}/messages`, {
    kind: 'document',
    upload_id: file,
    text: 'my quinine',
  })
  t.equal(sent.status, 201)
  const read = () => call('vendor', 'GET', `/api/conversations/${id}/messages`)
  const opens = async (who: Who) => (await call(who, 'GET', `/api/uploads/file/${file}`)).status
  t.same([(await read()).status, await opens('vendor')], [200, 200])
  const won = await by(rival.token)('POST', `/api/requests/${order_id}/responses`, {
    response_type: 'ACCEPTED',
  })
  t.equal(won.status, 201)
  t.same([(await read()).status, await opens('vendor')], [404, 404], 'at once')
  t.equal((await say('vendor', id, 'are you there?')).status, 404)
  const list = (await call('vendor', 'GET', '/api/conversations')).body.conversations
  t.notOk(list.some((one: { id: string }) => one.id === id))
  const found = await call('vendor', 'GET', '/api/conversations/search?text=quinine')
  t.same(found.body.messages, [])
  t.equal((await eventually(statusOf(id), isClosed)).body.status, 'closed', 'without housekeeping')
  t.equal(await opens('customer'), 200)
})

t.test('a request that nobody took leaves nothing to read for those who answered', async t => {
  const order_id = await world.openRequest()
  await call('vendor', 'POST', `/api/requests/${order_id}/responses`, { response_type: 'REJECTED' })
  const { id } = await open('customer', {
    topic: 'pharmacy',
    order_id,
    vendor_id: world.vendor.pharmacyId,
  })
  t.equal((await say('customer', id, 'hello')).status, 201)
  await call('customer', 'DELETE', `/api/orders/${order_id}`)
  t.equal((await call('vendor', 'GET', `/api/conversations/${id}`)).status, 404)
})

t.test('a replaced driver reads nothing, and one who is assigned again talks anew', async t => {
  const second = await onDuty()
  const order_id = await orderFor(second.driverId)
  const duty = (status: string) =>
    call('driver', 'PATCH', `/api/drivers/${world.driver.driverId}/status`, { status })
  // Nobody else may take the order meanwhile.
  await duty('offline')
  const talk = async () =>
    (await second.ask('POST', '/api/conversations', { topic: 'delivery', order_id })).body
  const { id } = await talk()
  await say('customer', id, 'the door is green')
  t.equal((await second.ask('GET', `/api/conversations/${id}`)).status, 200)
  await call('vendor', 'POST', `${members}/${second.driverId}/end`, {})
  await call('vendor', 'POST', `${members}/${second.driverId}/approve`, {})
  const again = await eventually(
    () => second.ask('GET', `/api/conversations/${id}`),
    ({ status }) => status !== 403,
  )
  t.equal(again.status, 404)
  t.equal((await eventually(statusOf(id), isClosed)).body.status, 'closed', 'without housekeeping')
  // As it is when the fact was lost and no housekeeping has run.
  const store = (status: string) =>
    parts.database.pool.query(`update conversations set status = '${status}' where id = '${id}'`)
  await store('open')
  t.equal((await second.ask('GET', `/api/conversations/${id}/messages`)).status, 404)
  await store('closed')
  await second.ready()
  const order = await eventually(
    () => call('vendor', 'GET', `/api/orders/${order_id}`),
    ({ body }) => body.driver_search.offer !== null,
  )
  const { offer_id } = order.body.driver_search.offer
  t.equal(
    (await second.ask('POST', `/api/orders/${order_id}/offers/${offer_id}/accept`, {})).status,
    200,
  )
  await duty('available')
  const next = await talk()
  t.not(next.id, id)
  t.equal(next.status, 'open')
  t.same((await talk()).id, next.id)
  t.equal((await say('customer', next.id, 'it is still green')).status, 201)
})

t.test('a carrying driver without membership sees that delivery alone', async t => {
  const second = await onDuty()
  const order_id = await orderFor(second.driverId)
  const { id } = (await second.ask('POST', '/api/conversations', { topic: 'delivery', order_id }))
    .body
  const support = (await second.ask('POST', '/api/conversations', { topic: 'support' })).body
  t.equal(
    (await second.ask('PATCH', `/api/orders/${order_id}`, { status: 'picked_up' })).status,
    200,
  )
  const chat = new Listener(url, `/ws/chat?token=${second.token}`)
  t.teardown(() => chat.close())
  await chat.next('connection')
  await call('vendor', 'POST', `${members}/${second.driverId}/end`, {})
  const list = async () =>
    (await second.ask('GET', '/api/conversations')).body.conversations.map(
      (one: { id: string }) => one.id,
    )
  t.same(await list(), [id])
  t.equal((await second.ask('GET', `/api/conversations/${support.id}/messages`)).status, 404)
  chat.send({ type: 'resume', conversation_id: support.id, after: 0, id: 'r' })
  t.match(await chat.next('error'), { code: 'conversation_not_found', id: 'r' })
  chat.send({ type: 'resume', conversation_id: id, after: 0, id: 's' })
  t.match(await chat.next('messages'), { id: 's' })
})

t.test('a driver hears that the conversation was closed, and nothing after that', async t => {
  const { id: order_id } = await world.assignedOrder()
  const { id } = await open('driver', { topic: 'delivery', order_id })
  await say('driver', id, 'I am at the gate')
  const [driver, customer] = (['driver', 'customer'] as const).map(
    who => new Listener(url, `/ws/chat?token=${world[who].token}`),
  ) as [Listener, Listener]
  for (const listener of [driver, customer]) {
    t.teardown(() => listener.close())
    await listener.next('connection')
  }
  await call('admin', 'POST', `/api/conversations/${id}/close`, {})
  await driver.next('conversation_entry', ({ entry }) => entry.kind === 'closed')
  await call('customer', 'PUT', `/api/conversations/${id}/read`, { number: 1 })
  await customer.next('conversation_read')
  await call('admin', 'GET', `/api/conversations/${id}/messages?reason=report`)
  await customer.next('conversation_entry', ({ entry }) => entry.kind === 'support_read')
  driver.send({ type: 'ping' })
  await driver.next('pong')
  t.same(driver.of('conversation_read'), [])
  t.equal(driver.of('conversation_entry').length, 1)
  t.equal(
    (await open('customer', { topic: 'delivery', order_id })).id,
    id,
    'what support closed is not opened anew',
  )
})

t.test('after its retention a conversation is followed by one with a new id', async t => {
  const ids = new Set<string>()
  for (let year = 1; year <= 3; year++) {
    const [{ id }, other] = await Promise.all([
      open('customer', { topic: 'support' }),
      open('customer', { topic: 'support' }),
    ])
    t.equal(other.id, id, 'two at once open one')
    t.notOk(ids.has(id), `year ${year}`)
    ids.add(id)
    t.equal((await say('customer', id, 'help')).status, 201)
    await call('customer', 'POST', `/api/conversations/${id}/close`, {})
    const later = { ...parts, nowMs: () => Date.now() + 366 * dayMs }
    await deleteOld(later, run)
    t.equal((await call('customer', 'GET', `/api/conversations/${id}`)).status, 404)
  }
})

t.test('reading an old conversation does not keep it', async t => {
  const { id } = await open('vendor', { topic: 'support' })
  const { body: message } = await say('vendor', id, 'help')
  await call('vendor', 'POST', `/api/conversations/${id}/close`, {})
  await parts.database.pool.query(
    `update conversation_entries set at = at - interval '2 days' where conversation_id = '${id}'`,
  )
  // Whoever looks at it today makes an entry, as taking back does.
  const back = await call(
    'admin',
    'DELETE',
    `/api/conversations/${id}/messages/${message.id}?reason=other`,
  )
  t.equal(back.status, 204)
  const later = { ...parts, nowMs: () => Date.now() + 364 * dayMs }
  await deleteOld(later, run)
  t.equal((await call('vendor', 'GET', `/api/conversations/${id}`)).status, 404)
})

t.test('the housekeeping finds its conversations by indexes', async t => {
  const client = await parts.database.pool.connect()
  try {
    // Tables of a test are so small that reading them whole is cheaper.
    await client.query('begin; set local enable_seqscan = off')
    const plan = async (query: string): Promise<string> =>
      (await client.query(`explain ${query}`)).rows.map(row => String(row['QUERY PLAN'])).join('\n')
    const quiet = `select id from conversations where topic = 'support' and status = 'open' and last_at < now() limit 500`
    t.match(await plan(quiet), /conversations_quiet/)
    const old = `select conversation_id from conversation_entries where kind = 'closed' and at < now() limit 500`
    t.match(await plan(old), /conversation_entries_closed/)
  } finally {
    await client.query('rollback')
    client.release()
  }
})
