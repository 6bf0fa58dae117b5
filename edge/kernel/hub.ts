/**
 * All sockets of one edge, and what engines push to them. Sessions are found by topic; a push for
 * nobody here costs one look-up.
 *
 * Why not uWebSockets' own publish/subscribe: it drops or cuts a slow reader without a word, cannot
 * skip what a terminal already knows, and hides who was reached. One send per recipient of bytes that
 * were encoded once is the same number of system calls.
 */
import type { Logger } from 'pino'
import { decodeBody } from '../../protocol/bus/codec.ts'
import type { Bus, Subscription } from '../../protocol/bus/bus.ts'
import type { Env } from '../../protocol/kernel/env.ts'
import { closeCodes } from '../../protocol/kernel/errors.ts'
import type { FleetMember } from '../../protocol/pharmacies/messages.ts'
import { Seldom } from '../../protocol/kernel/seldom.ts'
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

/** Why a socket may not stay open. */
export interface Ended {
  closeCode: number
  reason: string
}
/** Looks at a session of somebody who is known; null where it may stay open. */
export type Guard = (session: Session, identity: Identity) => Ended | null

/** Pushes that are no message to a topic: each kind is the business of one feature. */
type OwnPush = Exclude<Push, { kind: 'topic' }>
type PushListener<Kind> = (push: Extract<OwnPush, { kind: Kind }>) => void

/** Below this a string costs less than making bytes of it first. */
const recipientsForBytesMin = 4

export class Hub {
  readonly #parts: HubParts
  readonly #sessions = new Set<Session>()
  readonly #byTopic = new Map<string, Set<Session>>()
  readonly #orderWatchers = new Map<string, Set<Session>>()
  readonly #fleetWatchers = new Map<string, Set<Session>>()
  readonly #perAccount = new Map<string, number>()
  readonly #pushListeners = new Map<string, ((push: never) => void)[]>()
  readonly #guards: Guard[] = []
  readonly #removeListeners: ((session: Session) => void)[] = []
  readonly #interest: Interest
  readonly #subscriptions: Subscription[]
  #stopSweep: () => void = () => {}
  readonly #stopStatus: () => void
  readonly #drainListeners: (() => void)[] = []
  /** Sessions with pushes of this turn. */
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

  /** Sockets open or opening. */
  get size(): number {
    return this.#sessions.size
  }
  get draining(): boolean {
    return this.#draining
  }

  /** Called before the sockets close: what must still reach the bus goes out then. */
  onDrain(listener: () => void): void {
    this.#drainListeners.push(listener)
  }

  /** Hears of pushes of a kind. What listens is called in the order in which it came. */
  onPush<Kind extends OwnPush['kind']>(kind: Kind, listener: PushListener<Kind>): void {
    const listeners = this.#pushListeners.get(kind) ?? []
    this.#pushListeners.set(kind, [...listeners, listener as (push: never) => void])
  }

  /** Called after a session is gone. */
  onRemove(listener: (session: Session) => void): void {
    this.#removeListeners.push(listener)
  }

  /** Asked whenever access may have ended, and when a session opens; the first guard that objects closes it. */
  addGuard(guard: Guard): void {
    this.#guards.push(guard)
  }

  /** Calls `run` for each session; what fails at one of them is not the others' loss. */
  forEach(run: (session: Session) => void): void {
    for (const session of this.#sessions) this.#safely(() => run(session))
  }

  add(session: Session): void {
    this.#sessions.add(session)
    this.#parts.metrics.sockets.inc({ role: session.role })
  }

  /**
   * Counts the session to its account. Beyond the limit the newest is refused: closing the oldest
   * instead would make fifty-one terminals that reconnect push each other out for ever.
   */
  admit(session: Session, account: string, socketsMax: number = socketLimits.perAccountMax): void {
    const count = this.#perAccount.get(account) ?? 0
    if (count >= socketsMax) throw refusals.tooManySockets()
    if (session.isClosing) return
    this.#perAccount.set(account, count + 1)
    session.account = account
  }

  /** Closes a session that a guard objects to, and says with which code; null where it stays. */
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

  /** The connection is gone: nothing refers to the session afterwards. */
  remove(session: Session): void {
    if (!this.#sessions.delete(session)) return
    for (const listener of this.#removeListeners) listener(session)
    this.#parts.metrics.sockets.dec({ role: session.role })
    for (const topic of session.topics) leave(this.#byTopic, topic, session)
    for (const orderId of session.watchedOrders) leave(this.#orderWatchers, orderId, session)
    if (session.watchedVendor !== null) leave(this.#fleetWatchers, session.watchedVendor, session)
    if (session.account === null) return
    const left = this.#perAccount.get(session.account)! - 1
    if (left > 0) this.#perAccount.set(session.account, left)
    else this.#perAccount.delete(session.account)
  }

  /** Messages to the topic, from now on. */
  subscribe(session: Session, topic: string): void {
    if (session.isClosing) return
    session.topics.push(topic)
    join(this.#byTopic, topic, session)
  }

  /** Positions of the order's driver, from now on. */
  watchOrder(session: Session, orderId: string): void {
    if (session.isClosing || session.watchedOrders.has(orderId)) return
    if (session.watchedOrders.size >= socketLimits.watchedOrdersMax) {
      this.#parts.metrics.pushesDropped.inc({ reason: 'watched_orders' })
      return
    }
    session.watchedOrders.add(orderId)
    if (join(this.#orderWatchers, orderId, session)) this.#interest.addOrder(orderId)
  }

  unwatchOrder(session: Session, orderId: string): void {
    if (session.watchedOrders.delete(orderId)) leave(this.#orderWatchers, orderId, session)
  }

  watchFleet(session: Session, vendorId: string): void {
    if (session.isClosing) return
    session.watchedVendor = vendorId
    if (join(this.#fleetWatchers, vendorId, session)) this.#interest.addVendor(vendorId)
  }

  /**
   * Once this turn has done all that it leads to, and before the next. A microtask would come too early:
   * who loses a race is told by the engine's push and by the answer to its own accept, and the answer is
   * some promises further; two system calls for each of five hundred losers. A tick asked for in a
   * microtask comes when all microtasks are done; one asked for at once would come before them.
   */
  flushSoon(session: Session): void {
    if (this.#unflushed.push(session) === 1) queueMicrotask(() => process.nextTick(this.#flushAll))
  }

  readonly #flushAll = (): void => {
    const sessions = this.#unflushed
    this.#unflushed = []
    for (const one of sessions) this.#safely(() => one.flush())
  }

  /** What fails at one socket is that socket's loss: the others have their turn, and nobody above here would catch it. */
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
      else for (const listener of this.#pushListeners.get(push.kind) ?? []) listener(push as never)
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

  /** The edge is going away: engines are told, every socket is closed with 1001, timers end. */
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

/** True when the key had no members before. */
function join(map: Map<string, Set<Session>>, key: string, session: Session): boolean {
  const members = map.get(key)
  if (members === undefined) map.set(key, new Set([session]))
  else members.add(session)
  return members === undefined
}

function leave(map: Map<string, Set<Session>>, key: string, session: Session): void {
  const members = map.get(key)
  if (members?.delete(session) === true && members.size === 0) map.delete(key)
}

function orderMessage({ at_ms, ...location }: OrderLocation): MessageNamed<'location'> {
  return { type: 'location', ...location, at: new Date(at_ms).toISOString() }
}
