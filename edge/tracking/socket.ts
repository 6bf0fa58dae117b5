/**
 * The public tracking link: the holder of the token sees the order's state and its driver, and
 * nothing else. The first message is the whole state. It is read after subscribing, so a change in
 * between is told twice rather than never. A link that ends or is replaced closes the connection:
 * 4001 after its time, 4004 when it opens nothing any more.
 */
import { CaduceusError, closeCodes } from '../../protocol/kernel/errors.ts'
import { topics } from '../../protocol/dispatch/pushes.ts'
import { hasEnded } from '../../protocol/orders/statuses.ts'
import type { Kernel, WithConfig } from '../kernel/kernel.ts'
import type { TrackingConfig } from './config.ts'
import { linkEndsAtMs, orderByToken, orderOfLink } from './link.ts'
import { trackingState } from './state.ts'
import { MessageTable } from '../kernel/messages.ts'
import { refusals } from '../kernel/refusal.ts'
import type { Entrance } from '../kernel/socket.ts'
import type { Opened, Session } from '../kernel/session.ts'

const trackersPerOrderMax = 1_000

/**
 * Opens the socket of a tracking link. Throws a Refusal or CaduceusError for a link that opens
 * nothing, and a Refusal for too many sockets of the order.
 */
export async function openTracking(
  ctx: Pick<Kernel, 'commands' | 'database' | 'hub' | 'log' | 'nowMs'> & WithConfig<TrackingConfig>,
  session: Session,
  entrance: Entrance,
): Promise<Opened> {
  const token = entrance.parameter
  const linked = () =>
    orderOfLink(ctx, token).catch((error: unknown) => {
      throw error instanceof CaduceusError && error.code === 'tracking_expired'
        ? refusals.unauthenticated()
        : error
    })
  const known = await linked()
  ctx.hub.admit(session, `tracking:${known.id}`, trackersPerOrderMax)
  ctx.hub.subscribe(session, topics.order(known.id))
  ctx.hub.watchOrder(session, known.id)
  session.targetId = known.id
  const order = await linked()
  session.expiresAtMs = linkEndsAtMs(ctx.config, order) ?? Infinity

  /** It asks the read model, because the message may be older than this token. */
  const stillOpens = async (): Promise<void> => {
    const now = await orderByToken(ctx.database, token)
    if (now === null) {
      const { closeCode, message } = refusals.noSuchRecord('this tracking link was replaced')
      session.close(closeCode, message)
    }
  }
  const table = MessageTable.of('tracking')
  return {
    handler: {
      onText: message => table.dispatch(session, message),
      onPush(message) {
        if (message.type === 'tracking_reissued') {
          stillOpens().catch((error: unknown) => {
            ctx.log.warn(
              { err: error, order_id: order.id },
              'a tracking link could not be checked; its reader may come again',
            )
            session.close(closeCodes.goingAway, 'temporarily unavailable')
          })
          return false
        }
        if (message.type === 'status' && hasEnded(message.status))
          session.expiresAtMs = linkEndsAtMs(ctx.config, {
            ended_at: new Date(ctx.nowMs()).toISOString(),
          })!
        return true
      },
    },
    greeting: [{ type: 'state', ...(await trackingState(ctx, order)) }],
  }
}
