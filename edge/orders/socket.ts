/**
 * A customer's socket: answers of pharmacies, the status of the customer's orders, and the
 * positions of their drivers; and their conversations.
 */
import { hasEnded } from '../../protocol/orders/statuses.ts'
import { topics } from '../../protocol/dispatch/pushes.ts'
import type { SocketMessage } from '../../protocol/dispatch/messages.ts'
import type { Kernel } from '../kernel/kernel.ts'
import { firstRows } from '../sockets/first-rows.ts'
import type { Hub } from '../kernel/hub.ts'
import { saidOf, type SaidContext } from '../conversations/said.ts'
import { CommandsInFlight, MessageTable } from '../kernel/messages.ts'
import { refusals } from '../kernel/refusal.ts'
import type { Entrance } from '../kernel/socket.ts'
import type { Opened, Session } from '../kernel/session.ts'

/**
 * Opens a customer's socket. Throws a Refusal for another role and for too many sockets of the
 * account.
 */
export async function openCustomer(
  ctx: Pick<Kernel, 'database' | 'hub'> & SaidContext,
  session: Session,
  entrance: Entrance,
): Promise<Opened> {
  const identity = await entrance.identify()
  if (identity.role !== 'user') throw refusals.wrongRole('only customers connect here')
  ctx.hub.admit(session, identity.userId)
  session.expiresAtMs = identity.expiresAtMs
  ctx.hub.subscribe(session, topics.customer(identity.userId))
  for (const orderId of (await firstRows(ctx.database).openOrderIds(identity.userId)) ?? [])
    ctx.hub.watchOrder(session, orderId)

  const said = saidOf(ctx, session, identity, new CommandsInFlight())
  const table = MessageTable.of('customer')
    .on('send', said.send)
    .on('read', said.read)
    .on('resume', said.resume)
  return {
    handler: {
      onText: message => table.dispatch(session, message),
      onPush(message) {
        followStatus(ctx.hub, session, message)
        return true
      },
    },
    greeting: [
      {
        type: 'connection',
        message: 'Connected to customer channel',
        user_id: identity.userId,
        user_name: identity.name,
      },
    ],
  }
}

/** Watches the positions of an order after a status push, and stops when the order has ended. */
export function followStatus(hub: Hub, session: Session, message: SocketMessage): void {
  if (message.type !== 'status') return
  if (hasEnded(message.status)) hub.unwatchOrder(session, message.order_id)
  else hub.watchOrder(session, message.order_id)
}
