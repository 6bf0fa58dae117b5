/**
 * The public tracking link: whoever holds the token sees the order's state and its driver, and no more
 * than that. The first message is the whole state; it is read after subscribing, so a change in between
 * is heard twice rather than not at all.
 */
import { topics } from '../../protocol/pushes.ts'
import type { EdgeContext } from '../context.ts'
import { limits } from '../../protocol/limits.ts'
import type { Handshake } from './handshake.ts'
import { MessageTable } from './messages.ts'
import { refusals } from './refusal.ts'
import { orderByToken } from './rows.ts'
import type { Opened, Session } from './session.ts'
import { trackingState } from '../dispatch/tracking-state.ts'

export async function openTracking(ctx: EdgeContext, session: Session, handshake: Handshake): Promise<Opened> {
  const known = await orderByToken(ctx.database, handshake.parameter)
  if (known === null) throw refusals.noSuchRecord('no order has this tracking token')
  ctx.hub.admit(session, `tracking:${known.id}`, limits.trackersPerOrderMax)
  ctx.hub.subscribe(session, topics.order(known.id))
  ctx.hub.watchOrder(session, known.id)
  const order = (await orderByToken(ctx.database, handshake.parameter)) ?? known
  const table = new MessageTable()
  return {
    handler: { onText: message => table.dispatch(session, message) },
    greeting: [{ type: 'state', ...await trackingState(ctx, order) }],
  }
}
