/**
 * The engine put together: actors on their slots, the outbox behind them, matching and tracking
 * beside them, the bus before them. Wiring only; each part says in its own file what it does.
 */
import { decodeBody, encodeBody } from '../protocol/bus/codec.ts'
import type { Bus, Subscription } from '../protocol/bus/bus.ts'
import type { Claims } from '../protocol/claims/claims.ts'
import type { CommandEnvelope, DriverReply, OrderReply } from '../protocol/commands.ts'
import type { DriverEvent, OrderEvent } from '../protocol/events.ts'
import { slotOf, uuidV7 } from '../protocol/ids.ts'
import { limits } from '../protocol/limits.ts'
import type {
  DirectoryVendor,
  PositionQuery,
  RosterMessage,
  RosterRow,
  TerminalsMessage,
} from '../protocol/pushes.ts'
import { Seldom } from '../protocol/seldom.ts'
import { engineQueue, subjects } from '../protocol/subjects.ts'
import type { Driver, RegisteredDriver } from './driver/state.ts'
import { canTakeMore, statusOf } from './driver/state.ts'
import { view as driverView } from './driver/view.ts'
import { Allowance } from './allowance/allowance.ts'
import { Assignments } from './assignments.ts'
import type { Effect } from './effects.ts'
import { Gateway } from './gateway.ts'
import { askHolder, doubtHold, type HoldsDeps } from './holds.ts'
import type { ActorKind, Journal, SlotLease } from './journal/journal.ts'
import { Directory } from './matching/directory.ts'
import { nextDriver } from './matching/next-driver.ts'
import { Resynchronisation } from './matching/resynchronisation.ts'
import { Roster } from './matching/roster.ts'
import type { OrderCommand } from './order/commands.ts'
import { requestPushFor } from './order/react.ts'
import { vendorOf, type AutoSearch, type Order } from './order/state.ts'
import { view as orderView } from './order/view.ts'
import { planCommand } from './plan.ts'
import { Services } from './services/services.ts'
import { olderFactOfDriver, olderFactOfOrder } from './older-facts.ts'
import { uploadsOfReport } from './proofs.ts'
import { Pusher } from './pusher.ts'
import { RosterExchange } from './roster-exchange.ts'
import { Actors, type AnyBehaviour, type Committed } from './runtime/actors.ts'
import { behaviours } from './runtime/behaviours.ts'
import { engineBounds, type EngineBounds } from './runtime/bounds.ts'
import type { Cell, TellReply } from './runtime/cell.ts'
import type { Env } from '../protocol/env.ts'
import { Outbox, type OutboxEntry } from './runtime/outbox.ts'
import { Passivator } from './runtime/passivator.ts'
import { repeat } from './runtime/repeat.ts'
import { SlotKeeper } from './runtime/slots.ts'
import { Snapshotter } from './runtime/snapshotter.ts'
import { SearchingOrders } from './matching/searching-orders.ts'
import { OpenRequests } from './matching/open-requests.ts'
import { Tracking } from './tracking/tracking.ts'
import type { FollowedOrder } from './tracking/following.ts'

export interface EngineDeps {
  engineId: string
  env: Env
  journal: Journal
  bus: Bus
  claims: Claims
  /** The database is this process's alone (embedded): leases in it are of the dead. */
  exclusive: boolean
  /** For which pharmacies other services act; without it for none. */
  services?: Services
  /** How long a silent engine keeps its slots. */
  slotLeaseMs?: number
  /** What the two kinds of actor do; the simulator brings broken ones, to see that it notices. */
  behaviours?: Record<ActorKind, AnyBehaviour>
  /** How much it holds in memory; the simulator brings smaller bounds, which its few orders reach. */
  bounds?: EngineBounds
  log(level: 'info' | 'warn' | 'error', message: string, detail?: unknown): void
}

const system = { role: 'system', id: 'engine' } as const
/** A driver whose last position is older is not proposed. */
const positionStaleMs = 10 * 60_000

export class Engine {
  readonly directory = new Directory()
  readonly roster: Roster
  readonly actors: Actors
  readonly tracking: Tracking
  readonly #deps: EngineDeps
  readonly #behaviours: Record<ActorKind, AnyBehaviour>
  readonly #bounds: EngineBounds
  readonly #services: Services
  readonly #outbox: Outbox
  readonly #gateway: Gateway
  readonly #slots: SlotKeeper
  readonly #snapshotter: Snapshotter
  readonly #passivator: Passivator
  readonly #pusher: Pusher
  readonly #open = new OpenRequests()
  readonly #searching = new SearchingOrders()
  readonly #holds: HoldsDeps
  readonly #lastSeq = new Map<number, number>()
  readonly #resynchronisation: Resynchronisation
  readonly #rosters: RosterExchange
  readonly #assignments: Assignments
  readonly #allowance: Allowance
  #subscriptions: Subscription[] = []
  #stops: (() => void)[] = []
  #vendorsSinceMs = 0

  constructor(deps: EngineDeps) {
    this.#deps = deps
    this.#behaviours = deps.behaviours ?? behaviours
    this.#bounds = deps.bounds ?? engineBounds
    const bounds = this.#bounds
    this.#services = deps.services ?? new Services()
    const { env, bus, journal } = deps
    const seldom = new Seldom(
      (line, detail) => deps.log('error', line, detail),
      () => env.nowMs(),
    )
    this.#pusher = new Pusher(bus, error =>
      seldom.say('pushes', 'pushes could not be made into messages; they are dropped', error),
    )
    const seed = (): number => Math.floor(env.random() * 2 ** 32)
    const seeds = [seed(), seed()] as const
    this.roster = new Roster(...seeds)
    this.tracking = new Tracking({
      env,
      bus,
      journal,
      roster: this.roster,
      seeds,
      log: deps.log,
      ownsActor: id => this.actors.ownsActor(id),
      arrived: (order, at) => this.#arrived(order, at),
    })
    this.actors = new Actors({
      env,
      journal,
      bounds,
      log: deps.log,
      behaviours: this.#behaviours,
      committed: what => this.#committed(what),
      recovered: cell => this.#observe(cell),
      due: cell => this.#due(cell),
      fenced: slot => this.#slots.fenced(slot),
      leaseHolds: () => this.#slots.leaseHolds,
    })
    this.#assignments = new Assignments(env, orderId => this.actors.peek(orderId))
    this.#allowance = new Allowance({
      env,
      journal,
      openRequestsPerCustomerMax: bounds.openRequestsPerCustomerMax,
    })
    this.#outbox = new Outbox({
      env,
      bus,
      deliver: command => this.#gateway.deliver(command),
      soft: effect => this.#soft(effect),
      park: parked => journal.park(parked),
      log: deps.log,
    })
    this.#gateway = new Gateway({
      bus,
      log: deps.log,
      nowMs: () => env.nowMs(),
      owns: slot => this.actors.owns(slot),
      handle: envelope => this.#handle(envelope),
      tell: command => this.actors.tell(command.kind, command.actorId, command.id, command.command),
      grant: (customerId, orderId) => this.#allowance.grant(customerId, orderId),
    })
    this.#rosters = new RosterExchange({
      env,
      bus,
      bounds,
      engineId: deps.engineId,
      roster: this.roster,
      ownsActor: id => this.actors.ownsActor(id),
      changed: row => this.#rosterChanged(row),
    })
    this.#resynchronisation = new Resynchronisation({
      env,
      openOf: (vendorId, limit) => this.#open.ofVendor(vendorId, limit),
      tell: (orderId, vendorIds) => {
        const order = this.actors.peek(orderId)?.state as Order | undefined
        if (order?.kind === 'broadcast')
          this.#pusher.add(requestPushFor(order.core, order.broadcast, vendorIds))
      },
    })
    this.#holds = { env, journal, actors: this.actors, ask: command => this.#gateway.ask(command) }
    this.#slots = new SlotKeeper({
      env,
      journal,
      engineId: deps.engineId,
      exclusive: deps.exclusive,
      leaseMs: deps.slotLeaseMs ?? limits.slotLeaseMsDefault,
      log: deps.log,
      announce: () => {
        bus.publish(subjects.slotsChanged, encodeBody({}))
      },
      gained: lease => this.#gained(lease),
      lost: slot => this.#lost(slot),
    })
    this.#snapshotter = new Snapshotter({
      env,
      journal,
      actors: this.actors,
      outbox: this.#outbox,
      lastSeq: this.#lastSeq,
      bounds,
      log: deps.log,
    })
    this.#passivator = new Passivator({
      env,
      actors: this.actors,
      busy: actorId => this.#outbox.busy(actorId),
      bounds,
      log: deps.log,
    })
  }

  /** Resolves when the engine serves its share of the slots. */
  async start(): Promise<void> {
    const { bus, env, log } = this.#deps
    await this.#pollVendors()
    await this.tracking.start()
    this.#subscriptions = [
      bus.subscribe(subjects.locationFilter, message => this.tracking.ingest(message.body)),
      bus.subscribe(subjects.interest, message => this.tracking.takeInterest(message.body)),
      bus.subscribe(subjects.terminals, message =>
        this.#resynchronisation.ask((decodeBody(message.body) as TerminalsMessage).vendor_ids),
      ),
      bus.subscribe(subjects.directory, message =>
        this.directory.put(decodeBody(message.body) as DirectoryVendor),
      ),
      bus.subscribe(subjects.roster, message =>
        this.#rosters.take(decodeBody(message.body) as RosterMessage),
      ),
      bus.subscribe(subjects.rosterWanted, () => this.#rosters.publishAll()),
      bus.subscribe(subjects.slotsChanged, () => this.#slots.hurry()),
      bus.subscribe(
        subjects.queryPosition,
        message => {
          message.respond?.(
            encodeBody(this.tracking.position(decodeBody(message.body) as PositionQuery)),
          )
        },
        { queue: engineQueue },
      ),
      bus.subscribe(subjects.queryHealth, message => message.respond?.(encodeBody(this.health()))),
    ]
    const failed = (error: unknown): void =>
      log('warn', 'a background round failed; will try again', error)
    this.#stops = [
      repeat(env, limits.vendorPollMs, () => this.#pollVendors(), failed),
      repeat(env, limits.rosterDigestMs, () => this.#rosters.publishAll(), failed),
      bus.onStatus(connected => {
        if (connected) void this.#pollVendors().catch(failed)
      }),
    ]
    this.#gateway.start()
    await this.#slots.start()
    this.#snapshotter.start()
    this.#passivator.start()
    bus.publish(subjects.rosterWanted, encodeBody({}))
  }

  /** Hands over: no new commands, what is under way is answered, slots are released. */
  async stop(): Promise<void> {
    this.#gateway.stop()
    for (const stop of this.#stops) stop()
    this.#resynchronisation.stop()
    const deadlineMs = this.#deps.env.nowMs() + limits.drainTimeoutMs
    while (
      (this.actors.inFlight > 0 || this.#outbox.pending > 0) &&
      this.#deps.env.nowMs() < deadlineMs
    )
      await new Promise<void>(resolve => {
        this.#deps.env.after(10, resolve)
      })
    this.#passivator.stop()
    await this.#snapshotter.stop()
    this.#outbox.stop()
    await this.tracking.stop()
    for (const subscription of this.#subscriptions) subscription.unsubscribe()
    this.actors.stop()
    await this.#slots.stop()
  }

  health() {
    return {
      engine_id: this.#deps.engineId,
      slots: this.#slots.held.size,
      actors: this.actors.size,
      actors_asleep: this.actors.asleep,
      commands_in_flight: this.actors.inFlight,
      outbox_pending: this.#outbox.pending,
      commands_parked: this.#outbox.parked,
      pharmacies: this.directory.size,
      drivers: this.tracking.table.ids.count,
      open_requests: this.#open.size,
      deliveries: this.tracking.following.size,
      frames: this.tracking.frames,
      pushes_dropped: this.#pusher.dropped,
      messages_too_large: this.#deps.bus.losses.tooLarge,
      handlers_failed: this.#deps.bus.losses.handlersFailed,
      events_unpublished: this.#outbox.unpublished,
    }
  }

  // Commands

  async #handle(envelope: CommandEnvelope): Promise<OrderReply | DriverReply> {
    if (this.#outbox.pending >= this.#bounds.outboxPendingMax)
      return {
        ok: false,
        problem: { code: 'overloaded', detail: 'events wait for the bus; try again shortly' },
      }
    const planned = planCommand(envelope, {
      env: this.#deps.env,
      directory: this.directory,
      following: this.tracking.following,
      services: this.#services,
    })
    if (
      planned.command.verb === 'broadcast' &&
      this.#bounds.openRequestsPerCustomerMax !== Infinity &&
      !(await this.#gateway.mayOpen(planned.command.data.customer_id, envelope.actor_id))
    )
      return {
        ok: false,
        problem: {
          code: 'too_many_open_requests',
          detail: `${this.#bounds.openRequestsPerCustomerMax} requests of this customer are open; cancel one, or wait until one is taken or has expired`,
        },
      }
    if (planned.command.verb === 'accept_offer') {
      const holder = await askHolder(this.#holds, envelope.actor_id, planned.command.data.offer_id)
      // Not a refusal, which would be remembered.
      if (holder === 'not yet')
        return {
          ok: false,
          problem: {
            code: 'unavailable',
            detail: 'the driver does not hold this offer yet; try again',
          },
        }
      if (holder === 'no member')
        return {
          ok: false,
          problem: {
            code: 'driver_not_member',
            detail: 'you do not belong to this pharmacy any more',
          },
        }
      planned.command.driver = holder
    }
    if (planned.command.verb === 'deliver') {
      const uploads = await uploadsOfReport(
        this.#deps.journal,
        envelope.actor_id,
        envelope.by,
        planned.command.data,
      ).catch(() => null)
      if (uploads === null)
        return {
          ok: false,
          problem: { code: 'unavailable', detail: 'the proof cannot be looked up now; try again' },
        }
      planned.command.uploads = uploads
    }
    const reply = await this.actors.tell(
      planned.kind,
      envelope.actor_id,
      envelope.id,
      planned.command,
    )
    if (!reply.ok) return { ok: false, problem: { code: reply.code, detail: reply.detail } }
    if (planned.kind === 'driver') return driverReply(reply)
    if (planned.command.verb === 'assign_driver') {
      const settled = await this.#assignments.settled(
        envelope.actor_id,
        planned.command.data.driver_id,
        reply,
      )
      return settled.ok
        ? orderReply(settled, planned.command)
        : { ok: false, problem: { code: settled.code, detail: settled.detail } }
    }
    return orderReply(reply, planned.command)
  }

  // After a transition

  #committed({ cell, firstSeq, events, atMs, by }: Committed): void {
    this.#lastSeq.set(cell.slot, firstSeq + events.length - 1)
    events.forEach((event, i) =>
      this.#follow(
        {
          slot: cell.slot,
          seq: firstSeq + i,
          kind: cell.kind,
          actorId: cell.actorId,
          version: cell.version - events.length + 1 + i,
          atMs,
          by,
          event,
        },
        cell.state,
      ),
    )
    this.#observe(cell, events)
  }

  /** What an event is published as, and what must follow it; `state` is the actor's after it, or later. */
  #follow(stored: Omit<OutboxEntry, 'older' | 'hearers' | 'effects'>, state: unknown): void {
    const { kind, event, atMs, slot, seq } = stored
    const older =
      kind === 'order'
        ? olderFactOfOrder(event as OrderEvent, state as Order)
        : olderFactOfDriver(event as DriverEvent, state as Driver)
    const vendorId =
      kind === 'driver'
        ? (state as RegisteredDriver).vendorId
        : (vendorOf(state as Order)?.vendor_id ?? null)
    this.#outbox.add({
      ...stored,
      older,
      hearers: this.#services.hearing(vendorId),
      effects: this.#behaviours[kind].react(event, state, atMs, { slot, seq }),
    })
  }

  /** What other parts derive from an actor's state; at transitions and at recovery alike. */
  #observe(cell: Cell, events: readonly unknown[] = []): void {
    if (cell.kind === 'order') {
      const order = cell.state as Order
      this.#open.observe(order)
      this.#searching.observe(order)
      this.#allowance.observe(order)
      this.tracking.observe(order)
      this.#assignments.observe(cell, events as readonly OrderEvent[])
      return
    }
    const driver = cell.state as Driver
    if (driver.kind === 'absent') return
    this.#rosters.put({
      driverId: driver.driverId,
      vendorId: driver.vendorId,
      vehicleType: driver.vehicleType,
      status: statusOf(driver),
      canTakeMore: canTakeMore(driver),
    })
  }

  /** A fleet may be watched, and an order may be waiting for just this driver. */
  #rosterChanged(row: RosterRow): void {
    this.tracking.rosterChanged(row.driverId, row.vendorId)
    if (!row.canTakeMore) return
    for (const orderId of this.#searching.ofVendor(row.vendorId))
      this.actors.wakeAt(orderId, this.#deps.env.nowMs())
  }

  #due(cell: Cell): void {
    if (cell.kind === 'driver') return doubtHold(this.#holds, cell)
    const order = cell.state as Order
    const { env } = this.#deps
    const internal = (id: string, command: OrderCommand): void => {
      void this.actors.tell('order', cell.actorId, id, command)
    }
    if (order.kind === 'broadcast')
      return internal(`expire:${cell.version}`, { verb: 'expire', by: system })
    if (order.kind !== 'accepted') return
    const { search, deal } = order
    if (search.kind === 'offering')
      return internal(`offer_expired:${search.offer.offerId}`, {
        verb: 'offer_expired',
        by: system,
        offerId: search.offer.offerId,
      })
    if (search.kind !== 'searching') return
    const nowMs = env.nowMs()
    if (nowMs >= search.auto.deadlineMs || search.auto.offersMade >= limits.offersPerSearchMax)
      return internal(`end_search:${cell.version}`, { verb: 'end_search', by: system })
    const driver = nextDriver(this.roster, this.tracking.table, {
      vendorId: deal.vendor.vendor_id,
      latitude: deal.vendor.latitude,
      longitude: deal.vendor.longitude,
      triedDriverIds: notNow(search.auto, nowMs),
      staleBeforeMs: nowMs - positionStaleMs,
    })
    // Nobody near: no event for that, only another look in a while.
    if (driver === null)
      return this.actors.wakeAt(
        cell.actorId,
        Math.min(nowMs + limits.driverSearchRetryMs, search.auto.deadlineMs),
      )
    internal(`propose:${cell.version}`, {
      verb: 'propose_driver',
      by: system,
      candidate: { offerId: uuidV7(nowMs, env.random), ...driver },
    })
  }

  #arrived(order: FollowedOrder, at: 'pickup' | 'dropoff'): void {
    if (!this.actors.ownsActor(order.orderId)) return
    void this.actors
      .tell('order', order.orderId, `arrived:${at}`, {
        verb: 'record_arrival',
        by: system,
        at,
      } satisfies OrderCommand)
      .then(reply => {
        if (!reply.ok) this.tracking.following.missed(order.orderId)
      })
  }

  #soft(effect: Exclude<Effect, { do: 'command' }>): void {
    const { claims, log } = this.#deps
    const softly = (done: Promise<void>): void => {
      done.catch(error =>
        log(
          'warn',
          `claim of ${'orderId' in effect ? effect.orderId : ''} not written; the actor decides`,
          error,
        ),
      )
    }
    switch (effect.do) {
      case 'push':
        return this.#pusher.add(effect.push)
      case 'openClaim':
        return softly(claims.open(effect.orderId, effect.vendorIds, effect.deadlineMs))
      case 'confirmClaim':
        return softly(claims.confirm(effect.orderId, effect.vendorId))
      case 'closeClaim':
        return softly(claims.close(effect.orderId, effect.as))
    }
  }

  // Slots

  async #gained(lease: SlotLease): Promise<void> {
    const loaded = await this.#deps.journal.loadSlot(lease.slot)
    this.#lastSeq.set(lease.slot, loaded.lastSeq)
    this.#outbox.open(lease.slot, loaded.cursorSeq)
    const attentive = this.actors.adopt(lease, loaded)
    this.#gateway.openSlot(lease.slot)
    const following: string[] = []
    for (const cell of attentive) {
      for (const effect of this.#behaviours[cell.kind].resume(cell.state))
        if (effect.do !== 'command') this.#soft(effect)
      if (this.tracking.following.get(cell.actorId) !== undefined) following.push(cell.actorId)
    }
    // What the last owner may not have finished: published twice at worst, marked by id.
    for (const stored of loaded.events) {
      if (stored.seq <= loaded.cursorSeq) continue
      const cell = this.actors.peek(stored.actorId)
      if (cell === undefined) continue
      const { slot, seq, kind, actorId, version, atMs, by, event } = stored
      this.#follow({ slot, seq, kind, actorId, version, atMs, by, event }, cell.state)
    }
    if (following.length === 0) return
    // Kilometres are worth a line in the log, not a slot out of service.
    const crumbs = await this.#deps.journal.loadBreadcrumbs(following).catch((error: unknown) => {
      this.#deps.log(
        'warn',
        `breadcrumbs of slot ${lease.slot} not read; distances begin anew`,
        error,
      )
      return []
    })
    this.tracking.following.restore(crumbs)
  }

  #lost(slot: number): void {
    this.#gateway.closeSlot(slot)
    const ofSlot = (orderId: string): boolean => slotOf(orderId, limits.slotCount) === slot
    for (const part of [this.#open, this.#searching, this.tracking.following])
      for (const orderId of [...part.orderIds()].filter(ofSlot)) part.drop(orderId)
    this.#allowance.drop(slot)
    this.#outbox.close(slot)
    this.#lastSeq.delete(slot)
    this.actors.abandon(slot)
  }

  // What every engine hears

  /** Terminals that (re)connected: every open request they are eligible for, oldest first, and each request once for all of them. */
  async #pollVendors(): Promise<void> {
    const { vendors, nextSinceMs } = await this.#deps.journal.vendorsChangedSince(
      this.#vendorsSinceMs,
    )
    for (const vendor of vendors) this.directory.put(vendor)
    this.#vendorsSinceMs = nextSinceMs
  }
}

/** Whom a search does not ask: those who had their chance, and for a while those who could not. */
const notNow = ({ triedDriverIds, unavailable }: AutoSearch, nowMs: number): string[] => [
  ...triedDriverIds,
  ...unavailable
    .filter(one => nowMs - one.atMs < limits.driverSearchRetryMs)
    .map(one => one.driverId),
]

function orderReply(reply: TellReply & { ok: true }, command: OrderCommand): OrderReply {
  const order = reply.state as Order
  if (order.kind === 'absent')
    return { ok: false, problem: { code: 'order_not_found', detail: 'no such order' } }
  const outcome =
    command.verb === 'respond'
      ? {
          response:
            command.data.response_type === 'ACCEPTED' ? ('won' as const) : ('recorded' as const),
        }
      : order.kind === 'accepted' && order.search.kind === 'offering'
        ? { offer_id: order.search.offer.offerId }
        : {}
  return { ok: true, order: orderView(order, reply.version, reply.updatedAtMs), outcome }
}

function driverReply(reply: TellReply & { ok: true }): DriverReply {
  const driver = reply.state as Driver
  if (driver.kind === 'absent')
    return { ok: false, problem: { code: 'driver_not_found', detail: 'no such driver' } }
  return { ok: true, driver: driverView(driver, reply.version) }
}
