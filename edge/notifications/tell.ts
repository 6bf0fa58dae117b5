/**
 * The live number of unread notifications, on every socket of a person, at any edge. Soft by
 * design: a message may be lost, and the next one has the right number.
 */
import { decodeBody, encodeBody } from '../../protocol/bus/codec.ts'
import { publishList } from '../../protocol/bus/lists.ts'
import { subjects } from '../../protocol/bus/subjects.ts'
import { topics, type NotificationPush } from '../../protocol/dispatch/pushes.ts'
import type { Hearer } from '../../protocol/notifications/kinds.ts'
import type { Identity } from '../kernel/identity.ts'
import type { Kernel } from '../kernel/kernel.ts'
import { unreadOf } from './inbox.ts'
import type { Stored } from './take.ts'

const topicOf: Readonly<Record<Hearer, (id: string) => string>> = {
  customer: topics.customer,
  vendor: topics.pharmacy,
  driver: topics.driver,
}

/** The side on which an account hears; null for one that is told nothing. */
export function sideOf({ role, userId, pharmacyId, driverId }: Identity): Told | null {
  const told = (side: Hearer, id: string | null): Told | null =>
    id === null ? null : { side, recordId: id }
  switch (role) {
    case 'user':
      return told('customer', userId)
    case 'vendor':
      return told('vendor', pharmacyId)
    case 'driver':
      return told('driver', driverId)
    default:
      return null
  }
}
type Told = Pick<Stored, 'side' | 'recordId'>

/** Passes the numbers on to the sockets of this edge. Returns the function that ends this. */
export function hearNotifications({ bus, hub }: Pick<Kernel, 'bus' | 'hub'>): () => void {
  const subscription = bus.subscribe(subjects.notifications, ({ body }) => {
    for (const { topic, message } of decodeBody(body) as NotificationPush)
      hub.tell([topic], message)
  })
  return () => subscription.unsubscribe()
}

/** Tells the persons of new notifications how many they have not read. */
export async function tellStored(
  { bus, database: { kysely: db } }: Pick<Kernel, 'bus' | 'database'>,
  stored: readonly Stored[],
): Promise<void> {
  const newest = new Map<string, Stored>()
  for (const one of stored)
    if (one.id > (newest.get(one.accountId)?.id ?? '')) newest.set(one.accountId, one)
  const unread = await unreadOf(db, [...newest.keys()])
  const push: NotificationPush = [...newest.values()].map(
    ({ accountId, side, recordId, id, kind, about, at }) => ({
      topic: topicOf[side](recordId),
      message: {
        type: 'notification',
        unread: unread.get(accountId) ?? 0,
        newest: { id, kind, about, at: at.toISOString() },
      },
    }),
  )
  publishList(bus, subjects.notifications, push, part => part)
}

/** Tells the other sockets of a person that some were read. */
export function tellRead(
  { bus }: Pick<Kernel, 'bus'>,
  { side, recordId }: Told,
  unread: number,
): void {
  const push: NotificationPush = [
    { topic: topicOf[side](recordId), message: { type: 'notification', unread, newest: null } },
  ]
  bus.publish(subjects.notifications, encodeBody(push))
}
