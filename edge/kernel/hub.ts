/**
 * All sockets of one edge, and the delivery of engine pushes to them. Sessions are found by topic;
 * a push that has no reader here costs one look-up.
 *
 * Rejected: the publish/subscribe of uWebSockets. It drops messages for a slow reader or closes it
 * without a close code, cannot skip messages that a terminal already knows, and hides which sockets
 * were reached. Sending bytes that were encoded once to each recipient takes the same number of
 * system calls.
 */
import type { Logger } from 'pino'
import { decodeBody } from '../../protocol/bus/codec.ts'
import type { Bus, Subscription } from '../../protocol/bus/bus.ts'
import type { Env } from '../../protocol/kernel/env.ts'
import { closeCodes } from '../../protocol/kernel/errors.ts'
import type { FleetMember } from '../../protocol/pharmacies/messages.ts'
import { Seldom } from '../../protocol/kernel/seldom.ts'
import { SetsByKey } from '../../protocol/kernel/sets-by-key.ts'
import type { LocationPush, OrderLocation } from '../../protocol/tracking/positions.ts'
import type { Push, PushList } from '../../protocol/dispatch/pushes.ts'
import type { MessageNamed, SocketMessage } from '../../protocol/dispatch/messages.ts'
import { subjects } from '../../protocol/bus/subjects.ts'
import type { Metrics } from './metrics.ts'
import type { Identity } from './identity.ts'
import { Interest } from './interest.ts'
import { refusals } from './refusal.ts'
import type { Session } from './session.ts'
import { socketLimits } from './limits.ts'

export interface HubParts extends Pick<Env, 'nowMs' | 'after'> {
  edgeId: string
  bus: Bus
  metrics: Pick<Metrics, 'sockets' | 'pushesDelivered' | 'pushesDropped'>
  log: Pick<Logger, 'error'>
}

/** The reason why a socket may not stay open. */
export interface Ended {
  closeCode: number
  reason: string
}
/** Checks a session whose identity is known. Null: it may stay open. */
export type Guard = (session: Session, identity: Identity) => Ended | null

/** Pushes that are not a message to topics. One feature handles each kind. */
type OwnPush = Exclude<Push, { kind: 'topic' | 'topics' }>
type PushListener<Kind> = (push: Extract<OwnPush, { kind: Kind }>) => void

/** With fewer recipients than this, sending a string costs less than first encoding it to bytes. */
const recipientsForBytesMin = 4

export class Hub {
  readonly #parts: HubParts
  readonly #sessions = new Set<Session>()
  readonly #byTopic = new SetsByKey<string, Session>()
  readonly #orderWatchers = new SetsByKey<string, Session>()
  readonly #fleetWatchers = new SetsByKey<string, Session>()
  readonly #perAccount = new Map<string, number>()
  readonly #pushListeners = new Map<string, ((push: never) => void)[]>()
  readonly #guards: Guard[] = []
  readonly #removeListeners: ((session: Session) => void)[] = []
  readonly #interest: Interest
  readonly #subscriptions: Subscription[]
  #stopSweep: () => void = () => {}
  readonly #stopStatus: () => void
  readonly #drainListeners: (() => void)[] = []
  /** Sessions with pushes of this turn of the event loop. */
  #unflushed: Session[] = []
  #draining = false
  readonly #seldom: Seldom

  constructor(parts: HubParts) {
    this.#parts = parts
    this.#seldom = new Seldom((line, error) => parts.log.error({ err: error }, line), parts.nowMs)
    const { bus, edgeId } = parts
    this.#interest = new Interest(
      edgeId,
      bus,
      parts.after,
      () => this.#orderWatchers.keys(),
      () => this.#fleetWatchers.keys(),
    )
    this.#subscriptions = [
      bus.subscribe(subjects.pushAll, message =>
        this.#onPushes(decodeBody(message.body) as PushList),
      ),
      bus.subscribe(subjects.pushEdge(edgeId), message =>
        this.#onLocations(decodeBody(message.body) as LocationPush),
      ),
    ]
    this.#stopStatus = bus.onStatus(connected => {
      if (connected) this.#interest.renew()
    })
    this.#sweepLater()
  }

  #sweepLater(): void {
    this.#stopSweep = this.#parts.after(socketLimits.sweepMs, () => {
      this.#sweepLater()
      const nowMs = this.#parts.nowMs()
      for (const session of this.#sessions) this.#safely(() => session.sweep(nowMs))
    })
  }

  /** Number of sockets that are open or opening. */
  get size(): number {
    return this.#sessions.size
  }
  get draining(): boolean {
    return this.#draining
  }

  /** `listener` runs before the sockets close, while messages can still reach the bus. */
  onDrain(listener: () => void): void {
    this.#drainListeners.push(listener)
  }

  /**
   * `listener` gets the pushes of a kind. Listeners are called in the order in which they were
   * added.
   */
  onPush<Kind extends OwnPush['kind']>(kind: Kind, listener: PushListener<Kind>): void {
    const listeners = this.#pushListeners.get(kind) ?? []
    this.#pushListeners.set(kind, [...listeners, listener as (push: never) => void])
  }

  /** `listener` is called after a session was removed. */
  onRemove(listener: (session: Session) => void): void {
    this.#removeListeners.push(listener)
  }

  /**
   * Guards are asked when a session opens and whenever access may have ended. The first guard that
   * objects closes the session.
   */
  addGuard(guard: Guard): void {
    this.#guards.push(guard)
  }

  /** Calls `run` for each session. A failure at one session does not affect the others. */
  forEach(run: (session: Session) => void): void {
    for (const session of this.#sessions) this.#safely(() => run(session))
  }

  add(session: Session): void {
    this.#sessions.add(session)
    this.#parts.metrics.sockets.inc({ role: session.role })
  }

  /**
   * Counts the session for its account. Beyond the limit the newest session is refused with a
   * Refusal (4429). Closing the oldest instead would let fifty-one terminals that reconnect push
   * each other out for ever.
   */
  admit(session: Session, account: string, socketsMax: number = socketLimits.perAccountMax): void {
    const count = this.#perAccount.get(account) ?? 0
    if (count >= socketsMax) throw refusals.tooManySockets()
    if (session.isClosing) return
    this.#perAccount.set(account, count + 1)
    session.account = account
  }

  /** Closes a session when a guard objects and returns the close code; null: the session stays. */
  closeIfEnded(session: Session): number | null {
    const { identity } = session
    if (identity === null) return null
    for (const guard of this.#guards) {
      const ended = guard(session, identity)
      if (ended === null) continue
      session.close(ended.closeCode, ended.reason)
      return ended.closeCode
    }
    return null
  }

  /** Forgets a session whose connection is gone. */
  remove(session: Session): void {
    if (!this.#sessions.delete(session)) return
    for (const listener of this.#removeListeners) listener(session)
    this.#parts.metrics.sockets.dec({ role: session.role })
    for (const topic of session.topics) this.#byTopic.delete(topic, session)
    for (const orderId of session.watchedOrders) this.#orderWatchers.delete(orderId, session)
    for (const pharmacyId of session.watchedPharmacies)
      this.#fleetWatchers.delete(pharmacyId, session)
    if (session.account === null) return
    const left = this.#perAccount.get(session.account)! - 1
    if (left > 0) this.#perAccount.set(session.account, left)
    else this.#perAccount.delete(session.account)
  }

  /** The session gets the messages of the topic from now on. */
  subscribe(session: Session, topic: string): void {
    if (session.isClosing) return
    session.topics.push(topic)
    this.#byTopic.add(topic, session)
  }

  /** The session gets the positions of the order's driver from now on. */
  watchOrder(session: Session, orderId: string): void {
    if (session.isClosing || session.watchedOrders.has(orderId)) return
    if (session.watchedOrders.size >= socketLimits.watchedOrdersMax) {
      this.#parts.metrics.pushesDropped.inc({ reason: 'watched_orders' })
      return
    }
    session.watchedOrders.add(orderId)
    if (this.#orderWatchers.add(orderId, session)) this.#interest.addOrder(orderId)
  }

  unwatchOrder(session: Session, orderId: string): void {
    if (session.watchedOrders.delete(orderId)) this.#orderWatchers.delete(orderId, session)
  }

  watchFleet(session: Session, pharmacyId: string): void {
    if (session.isClosing || session.watchedPharmacies.has(pharmacyId)) return
    session.watchedPharmacies.add(pharmacyId)
    if (this.#fleetWatchers.add(pharmacyId, session)) this.#interest.addPharmacy(pharmacyId)
  }

  /**
   * Flushes the session after this turn's work and before the next turn. A microtask would come too
   * early: the loser of a race gets the engine's push and then the answer to its own accept, a few
   * promises later. Two writes instead of one would cost two system calls for each of five hundred
   * losers. `nextTick` called inside a microtask runs when all microtasks are done; called directly
   * it would run before them.
   */
  flushSoon(session: Session): void {
    if (this.#unflushed.push(session) === 1) queueMicrotask(() => process.nextTick(this.#flushAll))
  }

  readonly #flushAll = (): void => {
    const sessions = this.#unflushed
    this.#unflushed = []
    for (const one of sessions) this.#safely(() => one.flush())
  }

  /**
   * Runs `run` and logs a failure. A failure at one socket must not stop the others, and no caller
   * above would catch it.
   */
  #safely(run: () => void): void {
    try {
      run()
    } catch (error) {
      this.#seldom.say('socket', 'a socket could not be written to', error)
    }
  }

  #onPushes(pushes: PushList): void {
    for (const push of pushes)
      if (push.kind === 'topic') this.#deliver(this.#byTopic.get(push.topic), push.message)
      else if (push.kind === 'topics') this.tell(push.topics, push.message)
      else for (const listener of this.#pushListeners.get(push.kind) ?? []) listener(push as never)
  }

  /** Sends a message to the sockets of this edge that have one of these topics. */
  tell(topics: readonly string[], message: SocketMessage): void {
    this.#deliver(this.#allOf(topics), message)
  }

  /** Sends a message to the sockets of one account that have the topic. */
  tellAccount(topic: string, accountId: string, message: SocketMessage): void {
    const sessions = [...(this.#byTopic.get(topic) ?? [])]
    const own = sessions.filter(({ identity }) => identity?.userId === accountId)
    if (own.length > 0) this.#deliver(new Set(own), message)
  }

  /**
   * Calls `run` for each socket of this edge that has the topic and that `vouches`, once its client
   * has got what was sent before.
   */
  whenArrived(topic: string, vouches: (session: Session) => boolean, run: () => void): void {
    for (const session of this.#byTopic.get(topic) ?? [])
      if (vouches(session)) this.#safely(() => session.whenArrived(run))
  }

  /** The sessions of several topics, each once. Undefined when there is none. */
  #allOf(topics: readonly string[]): ReadonlySet<Session> | undefined {
    const sets = topics.flatMap(topic => this.#byTopic.get(topic) ?? [])
    return sets.length < 2 ? sets[0] : new Set(sets.flatMap(set => [...set]))
  }

  #onLocations(push: LocationPush): void {
    for (const location of push.orders)
      this.#deliver(this.#orderWatchers.get(location.order_id), orderMessage(location))
    const fleets = new Map<string, FleetMember[]>()
    for (const { vendor_id, at_ms, ...location } of push.fleet) {
      const member = { ...location, at: new Date(at_ms).toISOString() }
      const members = fleets.get(vendor_id)
      if (members === undefined) fleets.set(vendor_id, [member])
      else members.push(member)
    }
    for (const [vendor_id, drivers] of fleets)
      this.#deliver(this.#fleetWatchers.get(vendor_id), { type: 'locations', vendor_id, drivers })
  }

  #deliver(sessions: ReadonlySet<Session> | undefined, message: SocketMessage): void {
    if (sessions === undefined) return
    const json = JSON.stringify(message)
    const text = sessions.size >= recipientsForBytesMin ? Buffer.from(json) : json
    let delivered = 0
    for (const session of sessions) if (session.push(message, text)) delivered++
    this.#parts.metrics.pushesDelivered.inc({ type: message.type }, delivered)
  }

  /**
   * Ends this edge's sockets: tells the engines, closes every socket with 1001 and stops the
   * timers.
   */
  closeAll(): void {
    if (this.#draining) return
    this.#draining = true
    for (const listener of this.#drainListeners) listener()
    this.#stopSweep()
    this.#stopStatus()
    this.#interest.gone()
    for (const subscription of this.#subscriptions) subscription.unsubscribe()
    for (const session of this.#sessions) session.close(closeCodes.goingAway, 'server going away')
  }
}

function orderMessage({ at_ms, ...location }: OrderLocation): MessageNamed<'location'> {
  return { type: 'location', ...location, at: new Date(at_ms).toISOString() }
}
