/**
 * Notifications on a real edge and a real database: from events of the journal to inboxes, once and
 * only once, and what the routes answer and refuse.
 */
import t, { type Test } from 'tap'
import { newId, startFixture, viewOf } from '../acceptance/fixture-edge.ts'
import { Listener } from '../acceptance/people.ts'
import { RestClient } from '../../protocol/client/index.ts'
import { orderEvents } from '../../protocol/dispatch/order-events.ts'
import { eventVersion } from '../../protocol/dispatch/events.ts'
import { slotOf } from '../../protocol/kernel/slots.ts'
import { journalWriter } from '../orders/fixture-journal.ts'
import { deleteOldNotifications } from './housekeeping.ts'
import { notificationLimits } from './limits.ts'
import { takeNews } from './take.ts'

const edge = await startFixture({ RATE_LIMIT_AUTH_PER_ADDRESS: '10000' })
t.teardown(() => edge.stop())
const { call, database } = edge
const { parts } = edge.edge
const url = `http://127.0.0.1:${edge.edge.port}`
const pharmacy = await edge.pharmacy()
const driver = await edge.driver(pharmacy.id)
const admin = await edge.admin()
type Token = { token: string }

const { happen, seqs } = journalWriter(database)
/** Takes batches until nothing is left; the edge's own follower may take some of them. */
async function settled(): Promise<void> {
  for (;;) {
    const { led, more } = await takeNews(parts)
    const { rows } = await database.pool.query(
      `select 1 from events e where seq > coalesce((select p.seq from notification_positions p where p.slot = e.slot), 0) limit 1`,
    )
    if (led && !more && rows.length === 0) return
  }
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
const inbox = async (reader: Token, query = '', headers = {}) =>
  (await call('GET', `/api/notifications${query}`, { token: reader.token, headers })).body
const mark = (reader: Token, body: object) =>
  call('PUT', '/api/notifications/read', { token: reader.token, body })
const prefer = (reader: Token, preferences: unknown) =>
  call('PUT', '/api/notification-preferences', { token: reader.token, body: { preferences } })
const rowsOf = async (customer: { id: string }) =>
  (
    await database.pool.query('select kind, data from notifications where account_id = $1', [
      customer.id,
    ])
  ).rows

/** A customer with `count` notifications, newest first. */
async function reader(count: number) {
  const customer = await edge.customer()
  const { id } = await newOrder(customer)
  for (let i = 0; i < count; i++) await happen(id, 'picked_up')
  await settled()
  const { notifications } = await inbox(customer, '?limit=100')
  return {
    customer,
    order: id,
    ids: notifications.map((one: { id: string }) => one.id) as string[],
  }
}

t.test('an event reaches each inbox that it concerns, in the language of the reader', async t => {
  const customer = await edge.customer()
  const order = await newOrder(customer)
  const at = new Date(Date.now() - 60_000)
  await happen(
    order.id,
    'order_cancelled',
    { by: 'driver', reason: 'no Paracetamol' },
    {
      by: { role: 'driver', id: driver.id },
      at,
    },
  )
  await settled()
  const { notifications, unread, next_cursor } = await inbox(customer)
  t.same([unread, next_cursor], [1, null])
  t.match(notifications, [
    {
      kind: 'order.cancelled',
      about: { kind: 'order', id: order.id },
      text: `Order ${order.order_number} was cancelled.`,
      at: at.toISOString(),
      read_at: null,
    },
  ])
  const german = await call('GET', '/api/notifications', {
    token: customer.token,
    headers: { 'accept-language': 'fr, de-AT;q=0.8' },
  })
  t.equal(german.headers.get('content-language'), 'de')
  t.match(
    german.body.notifications[0].text,
    `Die Bestellung ${order.order_number} wurde storniert.`,
  )
  t.equal((await inbox(pharmacy)).notifications[0].about.id, order.id)
  t.same((await inbox(driver)).notifications, [], 'who acted hears nothing of it')
  t.same((await inbox(admin)).notifications, [])
})

t.test('nothing medical is in a row or in an answer', async t => {
  const customer = await edge.customer()
  const order = await newOrder(customer, {
    notes: 'zanzibar notes',
    items: [{ name: 'zanzibar pills', quantity: 1 }],
  })
  for (const [type, { example }] of Object.entries(orderEvents))
    await happen(order.id, type, example as object)
  await settled()
  const seen = JSON.stringify([await rowsOf(customer), await inbox(customer, '?limit=100')])
  t.ok((await rowsOf(customer)).length > 8)
  t.notMatch(seen, /zanzibar|Aspirin|John|out of stock|closed today/)
  for (const { data } of await rowsOf(customer)) t.same(Object.keys(data as object), ['order'])
})

t.test('a crash before the commit leaves nothing, and then the event is told once', async t => {
  const customer = await edge.customer()
  const order = await newOrder(customer)
  await database.pool.query(
    `create function crash() returns trigger language plpgsql as $$ begin raise 'the edge died'; end $$`,
  )
  let told = 0
  for (const [table, trigger] of [
    ['notification_positions', 'trigger crash before insert or update on notification_positions'],
    [
      'notifications',
      'constraint trigger crash after insert on notifications deferrable initially deferred',
    ],
  ] as const) {
    await database.pool.query(`create ${trigger} for each row execute function crash()`)
    await happen(order.id, 'picked_up')
    for (let i = 0; i < 3; i++)
      await takeNews(parts).then(
        ({ led }) => t.notOk(led, 'only a look beside the follower ends well'),
        (error: Error) => t.match(error.message, 'the edge died'),
      )
    t.equal((await rowsOf(customer)).length, told, table)
    await database.pool.query(`drop trigger crash on ${table}`)
    await settled()
    t.equal((await rowsOf(customer)).length, ++told, table)
  }
  await database.pool.query('update notification_positions set seq = 0')
  await settled()
  t.equal((await rowsOf(customer)).length, told, 'also when a position was lost')
})

t.test('many edges together tell each event once, in the order of the events', async t => {
  const customer = await edge.customer()
  const order = await newOrder(customer)
  const types = ['picked_up', 'out_for_delivery', 'arrived_at_dropoff', 'delivery_failed']
  for (const type of types) {
    await happen(order.id, type, type === 'delivery_failed' ? { reason: 'nobody' } : {})
    await Promise.all(Array.from({ length: 8 }, () => takeNews(parts)))
  }
  await settled()
  const { notifications } = await inbox(customer)
  t.same(notifications.map((one: { kind: string }) => one.kind).toReversed(), [
    'order.picked_up',
    'order.out_for_delivery',
    'order.driver_at_door',
    'order.failed',
  ])
})

t.test('an event after a gap waits, and foreign kinds and types stop nothing', async t => {
  const customer = await edge.customer()
  const order = await newOrder(customer)
  await happen(newId(), 'errand_done', {}, { kind: 'errand' })
  await happen(order.id, 'of_a_newer_release')
  const slot = slotOf(order.id)
  const before = seqs.get(slot)!
  seqs.set(slot, before + 1)
  await happen(order.id, 'picked_up')
  await takeNews(parts)
  await takeNews(parts)
  t.same(await rowsOf(customer), [])
  const other = await newOrder(customer)
  await database.pool.query(
    `insert into events (actor_id, version, slot, seq, kind, at, type, v, data) values ($1, 1, $2, $3, 'order', now(), 'out_for_delivery', $4, '{}')`,
    [other.id, slot, before + 1, eventVersion],
  )
  await settled()
  t.same((await rowsOf(customer)).map(({ kind }) => kind).toSorted(), [
    'order.out_for_delivery',
    'order.picked_up',
  ])
})

t.test('messages of a conversation make one notification until it is read', async t => {
  const customer = await edge.customer()
  const id = newId()
  await database.pool.query(
    `insert into conversations (id, topic, customer_id, vendor_id, created_at, status, last_number, last_at, customer_read, vendor_read, driver_read, support_read, version) values ($1, 'pharmacy', $2, $3, now(), 'open', 1, now(), 0, 0, 0, 0, 1)`,
    [id, customer.id, pharmacy.id],
  )
  const say = async () => {
    await happen(
      id,
      'message_sent',
      { number: 1, entry_id: newId(), side: 'vendor', kind: 'text' },
      { kind: 'conversation', by: { role: 'vendor', id: pharmacy.id } },
    )
  }
  await say()
  await say()
  await settled()
  await say()
  await settled()
  const { notifications } = await inbox(customer)
  t.match(notifications, [{ kind: 'conversation.message', about: { kind: 'conversation', id } }])
  t.equal(notifications.length, 1)
  await mark(customer, { ids: [notifications[0].id] })
  await say()
  await settled()
  t.equal((await inbox(customer)).notifications.length, 2)
})

t.test('marks only go forward, and only on notifications of the caller', async t => {
  const { customer, ids } = await reader(4)
  const [newest, third, second, oldest] = ids as [string, string, string, string]
  t.match((await mark(customer, { ids: [third, third] })).body, { marked: 1, unread: 3 })
  t.match((await mark(customer, { through: second })).body, { marked: 2, unread: 1 })
  const times = async () =>
    (await inbox(customer)).notifications.map((one: { read_at: string }) => one.read_at)
  const before = await times()
  t.equal(before[0], null)
  t.match((await mark(customer, { ids: [oldest, third] })).body, { marked: 0, unread: 1 })
  t.same(await times(), before, 'the first time stays')
  const stranger = await edge.customer()
  for (const by of [stranger, pharmacy, driver, admin])
    for (const body of [{ ids: [newest] }, { through: newest }, { through: newId() }]) {
      const { status, body: problem } = await mark(by, body)
      t.same([status, problem.code], [404, 'not_found'])
    }
  t.match(await mark(customer, { ids: [newest, newId()] }), { status: 404 })
  t.equal((await inbox(customer)).unread, 1, 'a strange id among others marks nothing')
})

t.test('bad input has its code, field and rule', async t => {
  const { customer, ids } = await reader(1)
  const many = Array.from({ length: notificationLimits.markedIdsMax + 1 }, newId)
  for (const [body, field] of [
    [{}, 'through'],
    [{ through: ids[0], ids }, 'through'],
    [{ through: 'x' }, 'through'],
    [{ ids: [] }, 'ids'],
    [{ ids: many }, 'ids'],
    [{ ids: ['x'] }, 'ids.0'],
    [{ read: true }, 'read'],
  ] as const) {
    const { status, body: problem } = await mark(customer, body)
    t.same([status, problem.code], [400, 'invalid_request'], JSON.stringify(body).slice(0, 80))
    t.equal(problem.fields[0].field, field)
  }
  const on = { kind: 'order.accepted', channel: 'inbox', wanted: true }
  for (const [preferences, field, rule] of [
    [[], 'preferences', /./],
    [[{ ...on, kind: 'order.lost' }], 'preferences.0.kind', /./],
    [[{ ...on, channel: 'pigeon' }], 'preferences.0.channel', /./],
    [[{ ...on, wanted: 'no' }], 'preferences.0.wanted', /./],
    [[{ ...on, kind: 'order.placed' }], 'preferences.0.kind', /not told to this role/],
    [[on, { ...on, wanted: false }], 'preferences.1.kind', /twice/],
    [
      [{ kind: 'order.cancelled', channel: 'push', wanted: false }],
      'preferences.0.wanted',
      /turned off/,
    ],
    [[{ ...on, kind: 'order.cancelled', wanted: false }], 'preferences.0.wanted', /turned off/],
  ] as const) {
    const { status, body: problem } = await prefer(customer, preferences)
    t.same([status, problem.code], [400, 'invalid_request'], field)
    t.match(problem.fields[0], { field, rule })
  }
  const settle = (settings: unknown) =>
    call('PUT', '/api/notification-preferences', { token: customer.token, body: { settings } })
  for (const [settings, field] of [
    [{ language: 'xx' }, 'settings.language'],
    [{ time_zone: 'Mars/Olympus' }, 'settings.time_zone'],
    [{ quiet_hours: { from: '22:00' } }, 'settings.quiet_hours.to'],
    [{ quiet_hours: { from: '22:00', to: '22:00' } }, 'settings.quiet_hours.to'],
    [{ quiet_hours: { from: '24:00', to: '07:00' } }, 'settings.quiet_hours.from'],
    [{ digest: 'hourly' }, 'settings.digest'],
    [{ other: 1 }, 'settings.other'],
  ] as const) {
    const { status, body: problem } = await settle(settings)
    t.same([status, problem.code], [400, 'invalid_request'], field)
    t.equal(problem.fields[0].field, field)
  }
  t.equal(
    (await call('PUT', '/api/notification-preferences', { token: customer.token, body: {} }))
      .status,
    400,
  )
  t.equal((await call('GET', '/api/notifications?cursor=x', { token: customer.token })).status, 400)
  t.equal((await call('GET', '/api/notifications')).status, 401)
  t.equal((await prefer(admin, [on])).status, 400, 'administrators hear of no orders')
  t.match(await prefer(pharmacy, [{ ...on, kind: 'order.requested' }]), {
    body: { fields: [{ field: 'preferences.0.channel', rule: 'is no way of this kind' }] },
  })
})

t.test('a person who turns everything off hears only what somebody waits for', async t => {
  const customer = await edge.customer()
  const { preferences } = (
    await call('GET', '/api/notification-preferences', { token: customer.token })
  ).body
  const loud = ['inbox', 'push']
  const isLetter = (one: any) => one.kind === 'appointment.reminder'
  t.ok(
    preferences.every((one: any) => one.wanted === (loud.includes(one.channel) || isLetter(one))),
  )
  const optional = preferences.filter((one: any) => one.can_change)
  const off = optional.map(({ kind, channel }: { kind: string; channel: string }) => ({
    kind,
    channel,
    wanted: false,
  }))
  const answer = await prefer(customer, off)
  t.equal(answer.status, 200)
  t.same(
    answer.body.preferences.filter((one: any) => one.wanted).map((one: any) => one.channel),
    preferences.filter((one: any) => !one.can_change).map((one: any) => one.channel),
  )
  const order = await newOrder(customer)
  for (const [type, { example }] of Object.entries(orderEvents))
    await happen(order.id, type, example as object)
  await settled()
  const kinds = (await rowsOf(customer)).map(({ kind }) => kind)
  t.same(kinds.toSorted(), ['order.cancelled', 'order.expired', 'order.failed', 'order.rejected'])
  await prefer(customer, [
    { ...off.find((one: any) => one.kind === 'order.picked_up'), wanted: true },
  ])
  await happen(order.id, 'picked_up')
  await happen(order.id, 'out_for_delivery')
  await settled()
  t.same((await rowsOf(customer)).length, 5, 'one kind is on again')
})

t.test('settings stay until they are changed, and the language decides the texts', async t => {
  const { customer } = await reader(1)
  const api = new RestClient({ url, tokens: { access_token: customer.token } })
  const none = { language: null, time_zone: null, quiet_hours: null, digest: 'none' }
  t.match(await api.inbox.preferences(), { settings: none, reached_by: ['inbox'] })
  const night = { from: '22:00', to: '07:00' }
  await api.inbox.setSettings({ language: 'de', quiet_hours: night })
  await api.inbox.setSettings({ time_zone: 'Asia/Kathmandu', digest: 'daily' })
  const all = { language: 'de', time_zone: 'Asia/Kathmandu', quiet_hours: night, digest: 'daily' }
  t.match(await api.inbox.setSettings({}), { settings: all })
  t.match((await inbox(customer, '', { 'accept-language': 'en' })).notifications[0].text, /Fahrer/)
  await api.inbox.setSettings({ language: null, quiet_hours: null })
  t.match((await api.inbox.preferences()).settings, { language: null, quiet_hours: null })
  t.match((await inbox(customer, '', { 'accept-language': 'en' })).notifications[0].text, /driver/)
})

t.test('pages go on from their cursor without gaps', async t => {
  const { customer, ids } = await reader(5)
  const first = await inbox(customer, '?limit=2')
  const second = await inbox(customer, `?limit=2&cursor=${first.next_cursor}`)
  const third = await inbox(customer, `?limit=2&cursor=${second.next_cursor}`)
  t.same(
    [first, second, third].flatMap(page => page.notifications.map((one: { id: string }) => one.id)),
    ids,
  )
  t.equal(third.next_cursor, null)
  t.equal(first.unread, 5)
})

t.test('a person whose account is deactivated hears nothing', async t => {
  const customer = await edge.customer()
  const order = await newOrder(customer)
  await database.pool.query('update users set is_active = false where id = $1', [customer.id])
  await happen(order.id, 'picked_up')
  await settled()
  t.same(await rowsOf(customer), [])
})

t.test('the job deletes what is old and what is beyond the bound, the oldest first', async t => {
  const { customer, ids } = await reader(3)
  const other = await reader(2)
  const add = async (count: number, at: Date) => {
    await database.pool.query(
      `insert into notifications (id, account_id, event_id, kind, about_kind, about_id, data, at)
       select ('ffffffff-0000-7000-8000-' || lpad(n::text, 12, '0'))::uuid, $1, 'x.' || n, 'order.picked_up', 'order', $1, '{}', $2 from generate_series(1, $3) as n`,
      [customer.id, at, count],
    )
  }
  const run = () => deleteOldNotifications(parts, { fence: async () => {} })
  const long = new Date(Date.now() - (notificationLimits.keptDays + 1) * 24 * 3_600_000)
  await add(1, long)
  t.equal((await inbox(customer)).notifications.length, 3, 'readers do not see what is too old')
  t.match(await run(), { old: 1, beyond_bound: 0 })
  await add(notificationLimits.perAccountMax, new Date())
  t.match(await run(), { old: 0, beyond_bound: 3 })
  const left = (
    await database.pool.query('select id from notifications where account_id = $1 order by id', [
      customer.id,
    ])
  ).rows.map(({ id }) => id)
  t.equal(left.length, notificationLimits.perAccountMax)
  t.notOk(left.includes(ids.at(-1)), 'the oldest went')
  t.equal((await inbox(other.customer)).notifications.length, 2, 'others keep theirs')
})

t.test(
  'the sockets of each role hear the number, and so do other devices after a mark',
  async t => {
    const customer = await edge.customer()
    const open = async (t: Test, path: string, { token }: Token) => {
      const listener = new Listener(url, `${path}?token=${token}`)
      t.teardown(() => listener.close())
      await listener.next('connection')
      return listener
    }
    const phone = await open(t, '/ws/customer/', customer)
    const terminal = await open(t, '/ws/pharmacy/', pharmacy)
    const app = await open(t, '/ws/driver', driver)
    const stranger = await open(t, '/ws/customer/', await edge.customer())
    const order = await newOrder(customer)
    await happen(order.id, 'order_cancelled', { by: 'system', reason: null })
    const about = { kind: 'order', id: order.id }
    for (const listener of [phone, terminal, app])
      t.match(await listener.next('notification', one => one.newest?.about.id === order.id), {
        newest: { kind: 'order.cancelled', about },
      })
    t.match(phone.of('notification'), [{ unread: 1 }])
    const api = new RestClient({ url, tokens: { access_token: customer.token } })
    const { notifications } = await api.inbox.list({}, 'de')
    t.match(notifications[0]?.text, /storniert/)
    t.same(await api.inbox.markRead({ through: notifications[0]!.id }), { marked: 1, unread: 0 })
    t.match(await phone.next('notification', one => one.newest === null), { unread: 0 })
    t.same(stranger.of('notification'), [])
  },
)
