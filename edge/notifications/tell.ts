/**
 * The live number of unread notifications, on every socket of a person, at any edge. Soft by
 * design: a message may be lost, and the next one has the right number.
 */
import { sql, type Kysely } from 'kysely'
import type { Tables } from '../../migrations/database/tables.ts'
import { decodeBody, encodeBody } from '../../protocol/bus/codec.ts'
import { publishList } from '../../protocol/bus/lists.ts'
import { subjects } from '../../protocol/bus/subjects.ts'
import { topics, type NotificationPush } from '../../protocol/dispatch/pushes.ts'
import { Seldom } from '../../protocol/kernel/seldom.ts'
import { rowOfKind, type Audience, type Hearer } from '../../protocol/notifications/kinds.ts'
import type { Identity } from '../kernel/identity.ts'
import type { Kernel } from '../kernel/kernel.ts'
import type { Session } from '../kernel/session.ts'
import { unreadOf } from './inbox.ts'
import { noteSeen } from './deliveries.ts'
import type { Stored, Waiting } from './take.ts'

/** The sides of notifications; administrators have no part in orders and hear only of accounts. */
type ToldSide = Hearer | 'admin'
const topicOf: Readonly<Record<ToldSide, (id: string) => string>> = {
  customer: topics.customer,
  vendor: topics.pharmacy,
  driver: topics.driver,
  admin: topics.admin,
}

/** The audience to which an account belongs. */
export const audienceOf = ({ role }: Pick<Identity, 'role'>): Audience | null =>
  role === 'service' ? null : role === 'user' ? 'customer' : role

/** The side on which an account hears; null for one that is told nothing. */
function sideOf({ role, userId, pharmacyId, driverId }: Identity): Told | null {
  const told = (side: ToldSide, id: string | null): Told | null =>
    id === null ? null : { side, recordId: id }
  switch (role) {
    case 'user':
      return told('customer', userId)
    case 'vendor':
      return told('vendor', pharmacyId)
    case 'driver':
      return told('driver', driverId)
    case 'admin':
      return told('admin', userId)
    default:
      return null
  }
}
interface Told {
  side: ToldSide
  recordId: string
}

/** The sockets that show requests and offers: the terminal of a pharmacy and the socket of a driver. */
const askedAt: ReadonlySet<string> = new Set(['pharmacy', 'driver'])

/**
 * Does this socket of the topic keep the devices silent? Only a socket of the account that hears
 * does: an administrator who looks at a pharmacy has its topic too. `ask`: the news are requests or
 * offers, and then any terminal of the pharmacy does.
 */
function vouches(
  { identity, role }: Session,
  { topic, account_id, ask }: NotificationPush[number],
): boolean {
  const own = identity === null ? null : sideOf(identity)
  return (
    own !== null &&
    topicOf[own.side](own.recordId) === topic &&
    (account_id === undefined || account_id === identity?.userId) &&
    (!ask || askedAt.has(role))
  )
}

/** The sides of accounts. */
async function sidesOf(
  db: Kysely<Tables>,
  accountIds: readonly string[],
): Promise<Map<string, Told>> {
  if (accountIds.length === 0) return new Map()
  const { rows } = await sql<{ id: string; side: ToldSide; record_id: string }>`
    select u.id, case u.role when 'admin' then 'admin' else 'customer' end as side, u.id as record_id
    from users u where u.role in ('user', 'admin') and u.id = any(${accountIds}::uuid[])
    union all select m.user_id, 'vendor', m.vendor_id from members m
      where m.user_id = any(${accountIds}::uuid[]) and m.ended_at is null
    union all select d.user_id, 'driver', d.id from drivers d where d.user_id = any(${accountIds}::uuid[])`.execute(
    db,
  )
  return new Map(rows.map(({ id, side, record_id }) => [id, { side, recordId: record_id }]))
}

/** Passes the numbers on to the sockets of this edge. Returns the function that ends this. */
export function hearNotifications({
  bus,
  hub,
  database: { kysely: db },
  log,
  nowMs,
}: Pick<Kernel, 'bus' | 'hub' | 'database' | 'log' | 'nowMs'>): () => void {
  const seldom = new Seldom((line, error) => log.warn({ err: error }, line), nowMs)
  const subscription = bus.subscribe(subjects.notifications, ({ body }) => {
    for (const push of decodeBody(body) as NotificationPush) {
      const { topic, account_id, message, news } = push
      if (message !== null) {
        // An edge of an earlier release names no account.
        if (account_id === undefined) hub.tell([topic], message)
        else hub.tellAccount(topic, account_id, message)
      }
      if (news.length === 0) continue
      let isNoted = false
      hub.whenArrived(
        topic,
        session => vouches(session, push),
        () => {
          if (isNoted) return
          isNoted = true
          // When this fails, a device is woken for what its owner has seen.
          noteSeen(db, news, nowMs()).catch((error: unknown) =>
            seldom.say('seen', 'notifications: what a socket has shown could not be noted', error),
          )
        },
      )
    }
  })
  return () => subscription.unsubscribe()
}

/**
 * Tells the persons of new notifications how many they have not read, and asks for those that wait
 * whether a socket has them.
 */
export async function tellStored(
  { bus, database: { kysely: db } }: Pick<Kernel, 'bus' | 'database'>,
  stored: readonly Stored[],
  waiting: readonly Waiting[] = [],
): Promise<void> {
  const newest = new Map<string, Stored>()
  for (const one of stored)
    if (one.id > (newest.get(one.accountId)?.id ?? '')) newest.set(one.accountId, one)
  const unread = await unreadOf(db, [...newest.keys()])
  const sides = await sidesOf(
    db,
    stored.flatMap(({ side, accountId }) => (side === 'account' ? [accountId] : [])),
  )
  const topicFor = ({ side, recordId }: Pick<Stored, 'side' | 'recordId'>): string | null => {
    const told = side === 'account' ? sides.get(recordId) : { side, recordId }
    return told === undefined ? null : topicOf[told.side](told.recordId)
  }
  /** News that wait, by topic and, but for requests and offers, by account. */
  const waits = new Map<string, NotificationPush[number]>()
  const waitFor = (topic: string, accountId: string | null, ask: boolean) => {
    const key = `${topic} ${accountId} ${ask}`
    const found = waits.get(key) ?? {
      topic,
      ...(accountId !== null && { account_id: accountId }),
      message: null,
      news: [],
      ask,
    }
    waits.set(key, found)
    return found
  }
  for (const one of [...stored.filter(news => news.waits), ...waiting]) {
    // A stranger who has signed in has a socket too, and must not keep the owner from hearing of it.
    const topic = one.side === 'account' ? null : topicFor(one)
    const ask = rowOfKind(one.kind).pushOnly
    if (topic !== null) waitFor(topic, ask ? null : one.accountId, ask).news.push(one.id)
  }
  for (const one of newest.values()) {
    const { accountId, id, kind, about, at } = one
    const topic = topicFor(one)
    if (topic === null) continue
    waitFor(topic, accountId, false).message = {
      type: 'notification',
      unread: unread.get(accountId) ?? 0,
      newest: { id, kind, about, at: at.toISOString() },
    }
  }
  publishList(bus, subjects.notifications, [...waits.values()], part => part)
}

/** Tells the other sockets of a person that some were read. */
export function tellRead({ bus }: Pick<Kernel, 'bus'>, identity: Identity, unread: number): void {
  const told = sideOf(identity)
  if (told === null) return
  const push: NotificationPush = [
    {
      topic: topicOf[told.side](told.recordId),
      account_id: identity.userId,
      message: { type: 'notification', unread, newest: null },
      news: [],
      ask: false,
    },
  ]
  bus.publish(subjects.notifications, encodeBody(push))
}
