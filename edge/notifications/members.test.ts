/** The people of a pharmacy and its news, on a real server: each hears in the own inbox. */
import t from 'tap'
import { newId } from '../acceptance/fixture-edge.ts'
import { eventually, Listener, newDriver } from '../acceptance/people.ts'
import { startMembers, type Member } from '../members/fixture.ts'
import { notificationLimits } from './limits.ts'
import { forMembers } from './members.ts'

const { embedded, url, call, done, customer, pharmacy } = await startMembers(t)
const { owner, path, hire } = await pharmacy()
const [petra, asa] = [await hire('pharmacist', 'Petra'), await hire('assistant', 'Asa')]
const db = embedded.edge.parts.database

interface Inbox {
  unread: number
  notifications: { id: string; kind: string; about: { id: string } }[]
}
const inbox = (who: { token: string }): Promise<Inbox> => done(who, 'GET', '/api/notifications')
const heard = async (who: { token: string }, about: string): Promise<string[]> =>
  (await inbox(who)).notifications.filter(one => one.about.id === about).map(one => one.kind)
const ownerHears = (about: string) =>
  eventually(
    () => call(owner, 'GET', '/api/notifications'),
    ({ body }) => (body as Inbox).notifications.some(one => one.about.id === about),
  )
/** A direct order of a new customer, once the owner has heard of it. */
async function newOrder(): Promise<string> {
  const { id } = await done(await customer(), 'POST', '/api/orders', {
    vendor_id: owner.pharmacyId,
    delivery_address: '2 Side St',
    delivery_latitude: 27.71,
    delivery_longitude: 85.32,
  })
  await ownerHears(id)
  return id
}

t.test('each member hears in the own inbox, and reads for itself', async t => {
  const sockets = new Map<Member, Listener>()
  for (const who of [owner, petra, asa]) {
    const socket = new Listener(url, `/ws/pharmacy/?token=${who.token}`)
    await socket.next('connection')
    sockets.set(who, socket)
  }
  const order = await newOrder()
  for (const [who, socket] of sockets) {
    t.same(await heard(who, order), ['order.placed'])
    t.match(await socket.next('notification'), { unread: 1, newest: { kind: 'order.placed' } })
  }
  const { id } = (await inbox(petra)).notifications[0]!
  t.match(await call(asa, 'PUT', '/api/notifications/read', { ids: [id] }), { status: 404 })
  await done(petra, 'PUT', '/api/notifications/read', { ids: [id] })
  t.match(await sockets.get(petra)!.next('notification'), { unread: 0, newest: null })
  t.equal((await inbox(asa)).unread, 1, 'what one has read is new to another')

  await newOrder()
  t.match(await sockets.get(asa)!.next('notification'), { unread: 2 }, 'nothing of another person')
  t.match(await sockets.get(petra)!.next('notification'), { unread: 1 })
  for (const socket of sockets.values()) socket.close()
})

t.test('each has wishes of the own', async t => {
  const preferences = [{ kind: 'order.placed', channel: 'inbox', wanted: false }]
  await done(asa, 'PUT', '/api/notification-preferences', { preferences })
  const order = await newOrder()
  t.same(await heard(petra, order), ['order.placed'])
  t.same(await heard(asa, order), [])
})

t.test('a role hears of what it sees to, and nobody hears after the end of a place', async t => {
  const driver = await newDriver(url, owner.pharmacyId)
  await ownerHears(driver.driverId)
  t.same(await heard(petra, driver.driverId), ['driver.registered'])
  t.same(await heard(asa, driver.driverId), [], 'assistants do not see to drivers')

  const leaver = await hire('pharmacist', 'Leaver')
  const order = await newOrder()
  t.same(await heard(leaver, order), ['order.placed'])
  // Two news as the outbox keeps them for the morning. This server has no mail, so none is sent.
  const queued = (about_kind: string, about_id: string) => ({
    news_id: newId(),
    account_id: leaver.id,
    channel: 'mail',
    event_id: newId(),
    kind: 'order.placed',
    about_kind,
    about_id,
    data: '{}',
    at: new Date(),
    expires_at: new Date(Date.now() + 3_600_000),
    due_at: new Date(Date.now() + 3_600_000),
  })
  await db.kysely
    .insertInto('notification_deliveries')
    .values([queued('order', order), queued('account', leaver.id)])
    .execute()
  await done(owner, 'DELETE', `${path}/${leaver.memberId}`)
  const waiting = await db.kysely
    .selectFrom('notification_deliveries')
    .select(['about_kind', 'state'])
    .where('account_id', '=', leaver.id)
    .orderBy('about_kind')
    .execute()
  t.same(waiting, [
    { about_kind: 'account', state: 'waiting' },
    { about_kind: 'order', state: 'replaced' },
  ])
  await newOrder()
  const { rows } = await db.pool.query('select 1 from notifications where account_id = $1', [
    leaver.id,
  ])
  t.equal(rows.length, 1)
})

t.test('of a big pharmacy those hear who joined first, and the account in its record', async t => {
  const big = await pharmacy(40, 40)
  const { id: founder, pharmacyId } = big.owner
  const max = notificationLimits.membersToldMax
  await db.pool.query(
    `with made as (
      insert into users (id, email, password_hash, full_name, phone, role)
      select gen_random_uuid(), 'big-' || n || '@example.org', '', 'Big', '', 'vendor'
      from generate_series(1, $1) n returning id)
    insert into members (id, vendor_id, user_id, role, created_at, joined_at)
    select ('00000000-0000-7000-8000-' || lpad(row_number() over ()::text, 12, '0'))::uuid,
      $2, id, 'assistant', now(), now() from made`,
    [max + 5, pharmacyId],
  )
  const news = (kind: 'order.placed' | 'order.requested') => ({
    side: 'vendor' as const,
    recordId: pharmacyId,
    kind,
    about: { kind: 'order' as const, id: pharmacyId },
    data: '{}',
    eventId: '1.1',
    at: new Date(),
  })
  const told = await forMembers(db.kysely, [news('order.placed')])
  t.equal(told.length, max)
  t.equal(told[0]!.accountId, founder)
  t.equal(new Set(told.map(one => one.accountId)).size, max)
  t.same(await forMembers(db.kysely, [news('order.requested')]), [], 'nobody has a device')
})
