/**
 * A driver's app: locations and answers come in, offers and assignments go out. A driver who
 * reconnects first gets the offer that the driver holds and the orders under way. They are read
 * after subscribing, so that no change in between is missed; an offer that a push has shown is not
 * shown again.
 */
import type { WithOrderMoney } from '../kernel/order-money.ts'
import { CaduceusError, closeCodes, type ErrorCode } from '../../protocol/kernel/errors.ts'
import { limits } from '../../protocol/kernel/limits.ts'
import {
  assignedMessage,
  offerMessage,
  type MembershipMessage,
  type OfferMessage,
} from '../../protocol/drivers/messages.ts'
import { topics } from '../../protocol/dispatch/pushes.ts'
import type { OrderView } from '../../protocol/orders/view.ts'
import type { MessageNamed, SocketMessage } from '../../protocol/dispatch/messages.ts'
import { uuidV7 } from '../../protocol/kernel/ids.ts'
import { carriedStatuses } from '../../protocol/orders/statuses.ts'
import type { Kernel } from '../kernel/kernel.ts'
import { takesTemperatures } from '../custody/said-temperatures.ts'
import type { OrderContext } from '../orders/terms.ts'
import { healProfile } from '../accounts/driver-profile.ts'
import { saidOf, type SaidContext } from '../conversations/said.ts'
import { DriverStream, type Ingest } from '../river/ingest.ts'
import { isLocationText, takeLocationText } from '../river/ingest-text.ts'
import { CommandsInFlight, MessageTable } from '../kernel/messages.ts'
import { refusals } from '../kernel/refusal.ts'
import { firstRows } from '../sockets/first-rows.ts'
import type { Entrance } from '../kernel/socket.ts'
import type { Opened, Session } from '../kernel/session.ts'
import type { Identity } from '../kernel/identity.ts'
import { refusedFor } from '../kernel/standing.ts'

export type DriverContext = Pick<
  Kernel,
  'commands' | 'database' | 'hub' | 'log' | 'nowMs' | 'random'
> &
  SaidContext &
  OrderContext &
  WithOrderMoney

/**
 * Opens a driver's socket. Throws a Refusal for another role, for another driver's path, for an
 * account without a driver record, and for too many sockets of the account.
 */
export async function openDriver(
  ctx: DriverContext,
  ingest: Ingest,
  session: Session,
  entrance: Entrance,
): Promise<Opened> {
  const identity = await entrance.identify('carrying')
  if (identity.role !== 'driver') throw refusals.wrongRole('only drivers connect here')
  const { driverId } = identity
  const named = entrance.parameter
  if (named !== '' && named !== identity.userId && named !== driverId)
    throw refusals.wrongRole('this is another driver')
  ctx.hub.admit(session, identity.userId)
  session.expiresAtMs = identity.expiresAtMs
  if (driverId === null) throw refusals.noSuchRecord('this account has no driver record')
  ctx.hub.subscribe(session, topics.driver(driverId))
  const rows = firstRows(ctx.database)
  const [driver, offered, orders = []] = await Promise.all([
    rows.driver(driverId),
    orderOffered(ctx, driverId),
    rows.underWay(driverId),
  ])
  if (driver === undefined) throw refusals.noSuchRecord('this account has no driver record')

  const offers = new Offers()
  const stream = new DriverStream(session, driver.id)
  const inFlight = new CommandsInFlight()
  const said = saidOf(ctx, session, identity, inFlight)
  const table = MessageTable.of('driver')
    .on('send', said.send)
    .on('read', said.read)
    .on('resume', said.resume)
    .on('temperatures', takesTemperatures(ctx, session, identity, inFlight))
    .on('offer_response', message =>
      inFlight.start(
        session,
        async () => {
          if (message.accept) await requireFull(ctx, identity)
          return answerOffer(ctx, driver.id, offers, message)
        },
        problem => ({
          type: 'offer_result',
          ...offerResult(message),
          outcome: outcomes[problem.code] ?? 'error',
          code: problem.code,
          message: problem.message,
        }),
      ),
    )
    .on('status', message =>
      inFlight.start(
        session,
        async () => {
          if (message.status !== 'offline') await requireFull(ctx, identity)
          return setStatus(ctx, driver.id, message)
        },
        problem => ({
          type: 'status_result',
          outcome: 'error',
          ...echo(message),
          code: problem.code,
          message: problem.message,
        }),
      ),
    )
  let { standing } = identity
  const carriesOnly = standing?.access === 'carrying'
  /** False while the driver only carries. Who may work again gets the offer a moment later. */
  const showsOffer = (offer: SocketMessage): boolean => {
    standing = ctx.standings.taken(identity) ?? standing
    if (standing?.access !== 'carrying') return true
    ctx.standings
      .of(identity)
      .then(now => {
        if (now.access !== 'full' || ctx.standings.taken(identity) !== null) return
        standing = now
        session.push(offer)
      })
      .catch((error: unknown) => ctx.log.warn({ err: error }, 'an offer was not shown'))
    return false
  }
  const held = offered === null || carriesOnly ? [] : [heldOffer(offered)]
  for (const offer of held) offers.see(offer)
  return {
    handler: {
      onBinary: bytes => ingest.takeBinary(stream, bytes),
      onText(message) {
        if (isLocationText(message)) takeLocationText(ingest, stream, message, ctx.nowMs())
        else table.dispatch(session, message)
      },
      onPush: message => {
        if (message.type === 'membership') endWithMembership(session, message)
        if (message.type === 'offer' && !showsOffer(message)) return false
        return offers.see(message)
      },
      onClose: () => ingest.forget(stream),
    },
    greeting: [
      {
        type: 'connection',
        message: 'Connected to driver channel',
        driver_id: driver.id,
        driver_name: driver.full_name,
        vendor_id: driver.vendor_id,
        status: driver.status,
        server_time_ms: ctx.nowMs(),
      },
      ...held,
      ...orders
        .filter(({ order }) => !carriesOnly || isCarried(order.status))
        .map(({ order, pharmacyPhone }) => assignedMessage(order, pharmacyPhone)),
    ],
  }
}

const isCarried = (status: string): boolean =>
  (carriedStatuses as readonly string[]).includes(status)

/**
 * Closes the socket after the message that ends the membership, unless an order is still to be
 * delivered.
 */
function endWithMembership(
  session: Session,
  { membership, active_order_ids }: MembershipMessage,
): void {
  if (membership !== 'ended' || active_order_ids.length > 0) return
  // The close follows the message itself, which this call lets through.
  queueMicrotask(() =>
    session.close(closeCodes.wrongRole, 'you do not belong to this pharmacy any more'),
  )
}

/** Throws `driver_not_member` for a driver who may only finish the deliveries under way. */
async function requireFull({ standings }: DriverContext, identity: Identity): Promise<void> {
  const { access, why } = await standings.of(identity)
  if (access !== 'full') throw refusedFor('driver', why)
}

type OfferResponse = MessageNamed<'offer_response'>

/** The offers of this connection. None is shown twice, and an answer need not name its order. */
class Offers {
  readonly #orders = new Map<string, string>()

  /** False for an offer that was shown, or was withdrawn before it could be shown. */
  see(message: SocketMessage): boolean {
    if (!('offer_id' in message) || message.order_id === undefined) return true
    const { offer_id, order_id } = message
    const known = this.#orders.has(offer_id)
    this.#orders.set(offer_id, order_id)
    if (this.#orders.size > limits.offersPerSearchMax)
      for (const oldest of this.#orders.keys()) {
        this.#orders.delete(oldest)
        break
      }
    return message.type !== 'offer' || !known
  }

  orderOf(offerId: string): string | undefined {
    return this.#orders.get(offerId)
  }
}

async function answerOffer(
  ctx: DriverContext,
  driverId: string,
  offers: Offers,
  message: OfferResponse,
): Promise<MessageNamed<'offer_result'>> {
  const { offer_id, accept, reason } = message
  const orderId =
    message.order_id ??
    offers.orderOf(offer_id) ??
    (await orderOfHeldOffer(ctx, driverId, offer_id))
  if (orderId === null) throw new CaduceusError('offer_not_found', 'you hold no such offer')
  if (accept) await ctx.orderMoney.taking(orderId, driverId)
  const { order } = await ctx.commands.order({
    // The same answer to the same offer is the same command, however often the app repeats it.
    id: `${driverId}:${message.id ?? `${offer_id}:${accept}`}`,
    actor_id: orderId,
    verb: accept ? 'accept_offer' : 'decline_offer',
    by: { role: 'driver', id: driverId },
    data: { offer_id, ...(!accept && reason !== undefined && { reason }) },
  })
  return {
    type: 'offer_result',
    ...offerResult(message),
    order_id: order.id,
    outcome: accept ? 'accepted' : 'declined',
  }
}

async function orderOfHeldOffer(
  ctx: DriverContext,
  driverId: string,
  offerId: string,
): Promise<string | null> {
  const order = await orderOffered(ctx, driverId)
  return order?.driver_search.offer?.offer_id === offerId ? order.id : null
}

/** The order whose open offer a driver holds, by the read model. */
async function orderOffered(ctx: DriverContext, driverId: string): Promise<OrderView | null> {
  const order = await firstRows(ctx.database).lastOffered(driverId)
  const offer = order?.driver_search.offer
  return order !== undefined && offer && Date.parse(offer.expires_at) > ctx.nowMs() ? order : null
}

const offerResult = (message: OfferResponse) => ({ offer_id: message.offer_id, ...echo(message) })
const echo = (message: { id?: string }) => (message.id === undefined ? {} : { id: message.id })
const outcomes: Partial<Record<ErrorCode, MessageNamed<'offer_result'>['outcome']>> = {
  offer_expired: 'expired',
  offer_not_found: 'not_found',
  offer_not_yours: 'not_yours',
}

async function setStatus(
  ctx: DriverContext,
  driverId: string,
  message: MessageNamed<'set_status'>,
): Promise<MessageNamed<'status_result'>> {
  const { driver } = await ctx.commands.driver({
    id: `${driverId}:${message.id ?? uuidV7(ctx.nowMs(), ctx.random)}`,
    actor_id: driverId,
    verb: 'set_status',
    by: { role: 'driver', id: driverId },
    data: { status: message.status },
  })
  await healProfile(ctx, driver, ctx.log)
  return { type: 'status_result', outcome: 'changed', status: driver.status, ...echo(message) }
}

/** The open offer of an order, as the message that the engine sends. */
const heldOffer = (order: OrderView): OfferMessage =>
  offerMessage({
    ...order.driver_search.offer!,
    order_id: order.id,
    distance_km: order.estimated_distance_km,
    fee: order.delivery_fee,
    currency: order.currency,
    pickup: { latitude: order.pickup_latitude!, longitude: order.pickup_longitude! },
    dropoff: { latitude: order.delivery_latitude, longitude: order.delivery_longitude },
  })
