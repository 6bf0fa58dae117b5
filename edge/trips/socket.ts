/**
 * The socket of the rides backend, `/ws/{user_id}`: a person hears of the own trips, in the words of
 * that backend. Engines push statuses of orders; each push is turned into a message about the trip,
 * from the order as this person may see it at that moment. One message waits for the one before, so
 * they keep their order.
 */
import { CaduceusError, closeCodes } from '../../protocol/kernel/errors.ts'
import { isUuid, uuidV7 } from '../../protocol/kernel/ids.ts'
import { topics } from '../../protocol/dispatch/pushes.ts'
import type { MessageNamed, SocketMessage } from '../../protocol/dispatch/messages.ts'
import { hasEnded, type OrderStatus } from '../../protocol/orders/statuses.ts'
import { standingOf } from '../../protocol/orders/visibility.ts'
import type { OrderView } from '../../protocol/orders/view.ts'
import { tripStatusOf, tripView, type TripStatus } from '../../protocol/trips/view.ts'
import type { WithAudit } from '../audit/port.ts'
import { principalOf, type Identity } from '../kernel/identity.ts'
import type { Kernel } from '../kernel/kernel.ts'
import { MessageTable } from '../kernel/messages.ts'
import { refusals } from '../kernel/refusal.ts'
import type { Opened, Session } from '../kernel/session.ts'
import type { Entrance } from '../kernel/socket.ts'
import { findOrder, type ReadContext } from '../orders/reads.ts'
import { firstRows } from '../sockets/first-rows.ts'
import { tripLimits } from './limits.ts'

export type TripSocketContext = ReadContext & WithAudit & Pick<Kernel, 'hub' | 'log' | 'random'>

/**
 * Opens the socket. Throws a Refusal for the path of another account, for an account that lacks its
 * record, and for too many sockets of the account.
 */
export async function openTrips(
  ctx: TripSocketContext,
  session: Session,
  entrance: Entrance,
): Promise<Opened> {
  const identity = await entrance.identify('carrying')
  refuseOthers(identity, entrance.parameter)
  ctx.hub.admit(session, identity.userId)
  session.expiresAtMs = identity.expiresAtMs
  const trips = new Trips(ctx, session, identity, entrance.address)
  await trips.begin()
  const table = MessageTable.of('trips').on('subscribe_trip', message => trips.follow(message))
  return {
    handler: {
      onText: message => table.dispatch(session, message),
      onPush: message => trips.hear(message),
    },
    greeting: [
      {
        type: 'connection',
        message: 'Connected to trips channel',
        user_id: identity.userId,
        user_name: identity.name,
      },
    ],
  }
}

/**
 * The token says who connects. The path may name the same person, by any of the ids, or by an id of
 * the older backend, which names nobody here.
 */
function refuseOthers({ userId, driverId, pharmacyId }: Identity, named: string): void {
  if (isUuid(named)) {
    if (![userId, driverId, pharmacyId].includes(named.toLowerCase()))
      throw refusals.wrongRole('this is another account')
  } else if (!/^(?:user_)?\d{1,19}$/.test(named)) throw refusals.noSuchRecord('no such account')
}

/** The trips of one connection. */
class Trips {
  readonly #ctx: TripSocketContext
  readonly #session: Session
  readonly #identity: Identity
  readonly #address: string
  /** The last message about each trip, as far as it tells news; the oldest are forgotten. */
  readonly #told = new Map<string, string>()
  /** Trips whose public topic this socket hears, because no topic of the person tells their statuses. */
  readonly #subscribed = new Set<string>()
  #last: Promise<void> = Promise.resolve()
  #waiting = 0

  constructor(ctx: TripSocketContext, session: Session, identity: Identity, address: string) {
    this.#ctx = ctx
    this.#session = session
    this.#identity = identity
    this.#address = address
  }

  /** Subscribes to the news of the person, and of a driver's trips under way. */
  async begin(): Promise<void> {
    const { id } = principalOf(this.#identity)
    const { hub, database } = this.#ctx
    switch (this.#identity.role) {
      case 'user':
        return hub.subscribe(this.#session, topics.customer(id))
      case 'vendor':
        return hub.subscribe(this.#session, topics.pharmacy(id))
      case 'driver':
        hub.subscribe(this.#session, topics.driver(id))
        for (const { order } of (await firstRows(database).underWay(id)) ?? [])
          this.#subscribe(order.id)
    }
  }

  /** Drivers and administrators hear a status only on the topic of the order. */
  #subscribe(tripId: string): void {
    const { role } = this.#identity
    if ((role !== 'driver' && role !== 'admin') || this.#subscribed.has(tripId)) return
    this.#subscribed.add(tripId)
    this.#ctx.hub.subscribe(this.#session, topics.order(tripId))
  }

  /** Takes a push of an engine. True: the socket gets it as it is. */
  hear(message: SocketMessage): boolean {
    switch (message.type) {
      case 'location':
        return true
      case 'new_order':
        this.#later(() => this.#tell(message.order_id, message.status, message.timestamp))
        return false
      case 'status':
        this.#later(() =>
          this.#tell(message.order_id, message.status, message.at, message.reason ?? null),
        )
        return false
      case 'assigned':
        this.#subscribe(message.order_id)
        this.#later(() => this.#tell(message.order_id, 'driver_assigned', message.assigned_at))
        return false
      case 'assignment_ended': {
        const at = new Date(this.#ctx.nowMs()).toISOString()
        this.#ctx.hub.unwatchOrder(this.#session, message.order_id)
        this.#later(async () => this.#cancelled(message.order_id, at, message.reason))
        return false
      }
      default:
        return false
    }
  }

  /** Answers `subscribe_trip`. */
  follow({ trip_id, id }: MessageNamed<'subscribe_trip'>): void {
    const echo = id === undefined ? {} : { id }
    this.#later(async () => {
      try {
        const tripId = trip_id.toLowerCase()
        const trip = tripView(await this.#followed(tripId))
        this.#note(tripId, trip.status, trip.driver_id)
        this.#say({ type: 'trip_subscribed', trip_id: tripId, trip, ...echo })
      } catch (error) {
        if (!(error instanceof CaduceusError)) throw error
        this.#session.report(error.code, error.message, echo)
      }
    })
  }

  /**
   * Subscribes to a trip and reads it. Throws `order_not_found` for a trip of somebody else, and
   * `too_many_requests` beyond the bound of a connection.
   */
  async #followed(tripId: string): Promise<OrderView> {
    const { hub } = this.#ctx
    const noSuchTrip = () => new CaduceusError('order_not_found', 'no such trip')
    const known = await this.#read(tripId)
    if (this.#identity.role === 'admin') this.#noteReading(tripId, known !== null)
    if (known === null) throw noSuchTrip()
    const { watchedOrders } = this.#session
    if (
      Math.max(this.#subscribed.size, watchedOrders.size) >= tripLimits.followedMax &&
      !watchedOrders.has(tripId)
    )
      throw new CaduceusError(
        'too_many_requests',
        `a connection follows at most ${tripLimits.followedMax} trips`,
      )
    this.#subscribe(tripId)
    if (!hasEnded(known.status)) hub.watchOrder(this.#session, tripId)
    // It is read again, because a change before the subscription was told to nobody here.
    const now = await this.#read(tripId)
    if (now !== null && !hasEnded(now.status)) return now
    hub.unwatchOrder(this.#session, tripId)
    if (now === null) throw noSuchTrip()
    return now
  }

  /** Administrators see the trips of everybody, so the trail says which one. */
  #noteReading(tripId: string, exists: boolean): void {
    const { audit, nowMs, random } = this.#ctx
    audit.note({
      actorRole: this.#identity.role,
      actorId: this.#identity.userId,
      operation: 'socket.subscribe_trip',
      targetKind: 'orders',
      targetId: tripId,
      address: this.#address,
      userAgent: null,
      status: exists ? 200 : 404,
      code: exists ? null : 'order_not_found',
      requestId: uuidV7(nowMs(), random),
    })
  }

  async #tell(
    tripId: string,
    orderStatus: OrderStatus,
    at: string,
    reason: string | null = null,
  ): Promise<void> {
    if (hasEnded(orderStatus)) this.#ctx.hub.unwatchOrder(this.#session, tripId)
    const status = tripStatusOf(orderStatus)
    if (this.#isKnown(tripId, status)) return
    const trip = await this.#read(tripId)
    if (trip === null) return
    if (status === 'cancelled') return this.#cancelled(tripId, at, reason)
    const { driver_id, driver_name, driver_phone } = trip
    if (!this.#note(tripId, status, status === 'requested' ? null : driver_id)) return
    this.#say(
      status === 'requested'
        ? { type: 'trip_requested', trip_id: tripId, at }
        : { type: `trip_${status}`, trip_id: tripId, at, driver_id, driver_name, driver_phone },
    )
  }

  #cancelled(tripId: string, at: string, reason: string | null): void {
    if (this.#note(tripId, 'cancelled', null))
      this.#say({ type: 'trip_cancelled', trip_id: tripId, at, reason })
  }

  /**
   * Is it no news, whatever the order says? Several statuses of an order are one of a trip. Only an
   * assigned trip may get another driver.
   */
  #isKnown(tripId: string, status: TripStatus): boolean {
    return status !== 'assigned' && this.#told.get(tripId)?.startsWith(`${status} `) === true
  }

  /** False when the same was told before: an engine repeats its pushes after a crash. */
  #note(tripId: string, status: TripStatus, driverId: string | null): boolean {
    const news = `${status} ${driverId ?? ''}`
    if (this.#told.get(tripId) === news) return false
    this.#told.delete(tripId)
    this.#told.set(tripId, news)
    if (this.#told.size > tripLimits.toldMax) this.#told.delete(this.#told.keys().next().value!)
    return true
  }

  /**
   * The order, for its customer, its pharmacy, its driver and administrators; null for anybody
   * else, also for those who were only asked.
   */
  async #read(tripId: string): Promise<OrderView | null> {
    const { role } = this.#identity
    const order = await findOrder(this.#ctx, this.#identity, tripId).catch((error: unknown) => {
      if (error instanceof CaduceusError && error.code === 'order_not_found') return null
      throw error
    })
    if (order === null || role === 'admin') return order
    const standing = standingOf(principalOf(this.#identity), order, this.#ctx.nowMs())
    return standing === 'asked' || standing === 'offered' || standing === 'outsider' ? null : order
  }

  #say(message: SocketMessage): void {
    this.#session.pushText(JSON.stringify(message))
  }

  /** Runs `work` after everything that came before. A failure ends the socket, so that nothing is missed. */
  #later(work: () => Promise<void>): void {
    if (this.#session.isClosing) return
    if (this.#waiting >= tripLimits.waitingMax) {
      this.#session.close(closeCodes.goingAway, 'too much at once; connect again')
      return
    }
    this.#waiting++
    this.#last = this.#last
      .then(work)
      .catch((error: unknown) => {
        this.#ctx.log.warn({ err: error }, 'a trip could not be read for its socket')
        this.#session.close(closeCodes.goingAway, 'temporarily unavailable')
      })
      .finally(() => {
        this.#waiting--
      })
  }
}
