/**
 * Puts the engine together: actors on their slots, the outbox behind them, the bus in front of
 * them, and the attendant of each kind beside them. This file is only wiring; each part has its own
 * file.
 */
import { firstCurrency } from '../protocol/pricing/money.ts'
import { encodeBody } from '../protocol/bus/codec.ts'
import type { Bus, Subscription } from '../protocol/bus/bus.ts'
import type { Claims } from '../protocol/claims/claims.ts'
import type { Env } from '../protocol/kernel/env.ts'
import { limits } from '../protocol/kernel/limits.ts'
import { Seldom } from '../protocol/kernel/seldom.ts'
import { slots as allSlots, type Slots } from '../protocol/kernel/slots.ts'
import { subjects } from '../protocol/bus/subjects.ts'
import { answerFigures } from '../protocol/dispatch/figures.ts'
import { Dispatch } from './dispatch/dispatch.ts'
import { Dispatcher } from './bus/dispatcher.ts'
import type { ActorCommand } from './actors/effects.ts'
import { Gateway } from './bus/gateway.ts'
import type { Store } from './journal/journal.ts'
import type { SlotLease } from './journal/leases.ts'
import { kinds as allKinds } from './kinds.ts'
import type { Directory } from './pharmacies/directory.ts'
import type { Roster } from './fleet/roster.ts'
import { Pusher } from './bus/pusher.ts'
import { Actors, type Committed } from './actors/actors.ts'
import { engineBounds, type EngineBounds } from './actors/bounds.ts'
import type { Cell } from './actors/cell.ts'
import { Kinds, type AnyAttendant, type AnyKind, type EngineParts } from './actors/kind.ts'
import { Outbox, type OutboxEntry } from './actors/outbox.ts'
import { Passivator } from './actors/passivator.ts'
import { SlotKeeper } from './actors/slots.ts'
import { Snapshotter } from './actors/snapshotter.ts'
import { Services } from '../protocol/bus/services.ts'
import { softEffects, type SoftEffect } from './bus/soft-effects.ts'
import type { Tracking } from './tracking/tracking.ts'

export interface EngineDeps {
  /** Currency of new orders and drivers; by default the first one of the list of currencies. */
  currency?: string
  engineId: string
  env: Env
  journal: Store
  bus: Bus
  claims: Claims
  /**
   * True when no other process can use this database (embedded). Any lease found at start belongs
   * to a process that has ended.
   */
  exclusive: boolean
  /** The pharmacies that other services act for; by default none. */
  services?: Services
  /** The slots that this engine shares out with others; by default those of a deployment. */
  slots?: Slots
  /** Time for which a silent engine keeps its slots, ms. */
  slotLeaseMs?: number
  /**
   * The kinds of actor. The simulator brings broken kinds, to prove that it notices. The journal
   * must know the same kinds.
   */
  kinds?: readonly AnyKind[]
  /** The bounds of memory. The simulator brings smaller ones, which its few orders reach. */
  bounds?: EngineBounds
  log(level: 'info' | 'warn' | 'error', message: string, detail?: unknown): void
}

export class Engine {
  readonly directory: Directory
  readonly roster: Roster
  readonly actors: Actors
  readonly tracking: Tracking
  readonly #deps: EngineDeps
  readonly #services: Services
  readonly #currency: string
  readonly #attendants = new Map<AnyKind, AnyAttendant>()
  readonly #dispatch: Dispatch
  readonly #outbox: Outbox
  readonly #gateway: Gateway
  readonly #slots: SlotKeeper
  readonly #snapshotter: Snapshotter
  readonly #passivator: Passivator
  readonly #pusher: Pusher
  readonly #soft: (effect: SoftEffect) => void
  readonly #lastSeq = new Map<number, number>()
  #subscriptions: Subscription[] = []

  constructor(deps: EngineDeps) {
    this.#deps = deps
    const kinds = new Kinds(deps.kinds ?? allKinds)
    const bounds = deps.bounds ?? engineBounds
    this.#services = deps.services ?? new Services()
    this.#currency = deps.currency ?? firstCurrency
    const { env, bus, journal, log, slots = allSlots } = deps
    const seldom = new Seldom(
      (line, detail) => log('error', line, detail),
      () => env.nowMs(),
    )
    this.#pusher = new Pusher(bus, error =>
      seldom.say('pushes', 'pushes could not be made into messages; they are dropped', error),
    )
    this.#soft = softEffects(this.#pusher, deps.claims, log)
    const tell = (command: ActorCommand) =>
      this.actors.tell(command.kind, command.actorId, command.id, command.command)
    const parts: EngineParts = {
      env,
      actors: {
        peek: actorId => this.actors.peek(actorId),
        wakeAt: (actorId, atMs) => this.actors.wakeAt(actorId, atMs),
        ownsActor: actorId => this.actors.ownsActor(actorId),
        tell,
      },
      ask: command => this.#gateway.ask(command),
      log,
    }
    this.#dispatch = new Dispatch({
      ...parts,
      engineId: deps.engineId,
      currency: this.#currency,
      bus,
      store: journal,
      slots,
      bounds,
      pusher: this.#pusher,
      mayOpen: (customerId, orderId) => this.#gateway.mayOpen(customerId, orderId),
    })
    ;({ directory: this.directory, roster: this.roster, tracking: this.tracking } = this.#dispatch)
    for (const kind of kinds.list) {
      const attendant = this.#dispatch.attendants.get(kind.name) ?? kind.attend?.(parts)
      if (attendant === undefined) throw new Error(`nobody attends to the kind ${kind.name}`)
      this.#attendants.set(kind, attendant)
    }
    this.actors = new Actors({
      env,
      journal,
      bounds,
      log,
      kinds,
      slots,
      committed: what => this.#committed(what),
      recovered: cell => this.#attendant(cell).observe?.(cell, []),
      due: cell => this.#attendant(cell).due?.(cell),
      fenced: slot => this.#slots.fenced(slot),
      leaseHolds: () => this.#slots.leaseHolds,
    })
    this.#outbox = new Outbox({
      env,
      bus,
      deliver: command => this.#gateway.deliver(command),
      soft: this.#soft,
      park: parked => journal.park(parked),
      log,
    })
    const dispatcher = new Dispatcher({
      kinds,
      attendants: this.#attendants,
      actors: this.actors,
      services: this.#services,
      mayAct: pharmacyId => this.directory.mayAct(pharmacyId),
      isBehind: () => this.#outbox.pending >= bounds.outboxPendingMax,
    })
    this.#gateway = new Gateway({
      bus,
      log,
      kinds,
      nowMs: () => env.nowMs(),
      ownsActor: actorId => this.actors.ownsActor(actorId),
      handle: envelope => dispatcher.handle(envelope),
      tell,
      grant: (customerId, orderId) => this.#dispatch.allowance.grant(customerId, orderId),
    })
    this.#slots = new SlotKeeper({
      env,
      leases: journal,
      slots,
      engineId: deps.engineId,
      exclusive: deps.exclusive,
      leaseMs: deps.slotLeaseMs ?? limits.slotLeaseMsDefault,
      log,
      announce: () => {
        bus.publish(subjects.slotsChanged, encodeBody({}))
      },
      gained: lease => this.#gained(lease),
      lost: slot => this.#lost(slot),
    })
    this.#snapshotter = new Snapshotter({
      env,
      store: journal,
      actors: this.actors,
      outbox: this.#outbox,
      lastSeq: this.#lastSeq,
      bounds,
      log,
    })
    this.#passivator = new Passivator({
      env,
      actors: this.actors,
      busy: actorId => this.#outbox.busy(actorId),
      bounds,
      log,
    })
  }

  /** Resolves when the engine serves its share of the slots. */
  async start(): Promise<void> {
    const { bus } = this.#deps
    await this.#dispatch.start()
    this.#subscriptions = [
      bus.subscribe(subjects.slotsChanged, () => this.#slots.hurry()),
      bus.subscribe(subjects.queryHealth, message => message.respond?.(encodeBody(this.health()))),
      answerFigures(bus, 'engine', this.#deps.engineId, () => this.health()),
    ]
    this.#gateway.start()
    await this.#slots.start()
    this.#snapshotter.start()
    this.#passivator.start()
    this.#dispatch.askForRosters()
  }

  /** Hands over: takes no new commands, answers the commands under way, releases the slots. */
  async stop(): Promise<void> {
    const { env } = this.#deps
    this.#gateway.stop()
    this.#dispatch.quiet()
    const deadlineMs = env.nowMs() + limits.drainTimeoutMs
    while ((this.actors.inFlight > 0 || this.#outbox.pending > 0) && env.nowMs() < deadlineMs)
      await new Promise<void>(resolve => {
        env.after(10, resolve)
      })
    this.#passivator.stop()
    await this.#snapshotter.stop()
    this.#outbox.stop()
    await this.#dispatch.stop()
    for (const subscription of this.#subscriptions) subscription.unsubscribe()
    this.actors.stop()
    await this.#slots.stop()
  }

  health() {
    return {
      engine_id: this.#deps.engineId,
      currency: this.#currency,
      slots: this.#slots.held.size,
      actors: this.actors.size,
      actors_asleep: this.actors.asleep,
      commands_in_flight: this.actors.inFlight,
      outbox_pending: this.#outbox.pending,
      commands_parked: this.#outbox.parked,
      ...this.#dispatch.health(),
      pushes_dropped: this.#pusher.dropped,
      messages_too_large: this.#deps.bus.losses.tooLarge,
      handlers_failed: this.#deps.bus.losses.handlersFailed,
      events_unpublished: this.#outbox.unpublished,
    }
  }

  #attendant(cell: Cell): AnyAttendant {
    return this.#attendants.get(cell.kind)!
  }

  // After a transition

  #committed({ cell, firstSeq, events, atMs, by, command }: Committed): void {
    this.#lastSeq.set(cell.slot, firstSeq + events.length - 1)
    events.forEach((event, i) =>
      this.#follow(
        cell,
        {
          slot: cell.slot,
          seq: firstSeq + i,
          actorId: cell.actorId,
          version: cell.version - events.length + 1 + i,
          atMs,
          by,
          event,
        },
        command,
      ),
    )
    this.#attendant(cell).observe?.(cell, events)
  }

  /**
   * Publishes an event and starts its effects. The state of the cell is the state after the event,
   * or a later one.
   */
  #follow(
    { kind, state }: Cell,
    stored: Omit<OutboxEntry, 'kind' | 'aboutId' | 'older' | 'hearers' | 'effects'>,
    command?: unknown,
  ): void {
    const { event, atMs, slot, seq } = stored
    this.#outbox.add({
      ...stored,
      kind: kind.name,
      aboutId: kind.aboutOf?.(event) ?? null,
      older: kind.olderFact?.(event, state) ?? null,
      hearers: this.#services.hearing(kind.pharmacyOf?.(state) ?? null),
      effects: kind.react(event, state, atMs, { slot, seq }, command),
    })
  }

  // Slots

  async #gained(lease: SlotLease): Promise<void> {
    const loaded = await this.#deps.journal.loadSlot(lease.slot)
    this.#lastSeq.set(lease.slot, loaded.lastSeq)
    this.#outbox.open(lease.slot, loaded.cursorSeq)
    const attentive = this.actors.adopt(lease, loaded)
    this.#gateway.openSlot(lease.slot)
    for (const { kind, state } of attentive)
      for (const effect of kind.resume(state)) if (effect.do !== 'command') this.#soft(effect)
    // The last owner may not have finished these events. At worst they are published twice, marked
    // by id.
    for (const stored of loaded.events) {
      if (stored.seq <= loaded.cursorSeq) continue
      const cell = this.actors.peek(stored.actorId)
      if (cell === undefined) continue
      const { slot, seq, actorId, version, atMs, by, event } = stored
      this.#follow(cell, { slot, seq, actorId, version, atMs, by, event })
    }
    await this.#dispatch.restore(lease.slot, attentive)
  }

  #lost(slot: number): void {
    this.#gateway.closeSlot(slot)
    for (const attendant of this.#attendants.values()) attendant.lost?.(slot)
    this.#outbox.close(slot)
    this.#lastSeq.delete(slot)
    this.actors.abandon(slot)
  }
}
