/**
 * The saga of orders and drivers in one engine: the pharmacies nearby, the free drivers and their
 * positions, and the consequences for orders. It attends to both kinds, because they share all of
 * this.
 */
import type { Bus, Subscription } from '../../protocol/bus/bus.ts'
import { decodeBody, encodeBody } from '../../protocol/bus/codec.ts'
import { limits } from '../../protocol/kernel/limits.ts'
import type { DirectoryPharmacy } from '../../protocol/dispatch/directory.ts'
import type { PositionQuery } from '../../protocol/tracking/positions.ts'
import type { RosterMessage, RosterRow } from '../../protocol/drivers/roster.ts'
import type { TerminalsMessage } from '../../protocol/pharmacies/terminals.ts'
import type { Slots } from '../../protocol/kernel/slots.ts'
import { engineQueue, subjects } from '../../protocol/bus/subjects.ts'
import { Allowance } from '../allowance/allowance.ts'
import type { Store } from '../journal/journal.ts'
import { Directory } from '../pharmacies/directory.ts'
import { OpenRequests } from '../pharmacies/open-requests.ts'
import { Resynchronisation } from './resynchronisation.ts'
import { Roster } from '../fleet/roster.ts'
import { SearchingOrders } from './searching-orders.ts'
import { requestPushFor } from '../orders/react.ts'
import type { Order } from '../orders/state.ts'
import type { Pusher } from '../bus/pusher.ts'
import { RosterExchange } from '../fleet/roster-exchange.ts'
import type { EngineBounds } from '../actors/bounds.ts'
import type { AnyAttendant, AttendedActor, EngineParts } from '../actors/kind.ts'
import { repeat } from '../actors/repeat.ts'
import { driverName, orderName, toOrder } from '../saga/commands.ts'
import type { FollowedOrder } from '../tracking/following.ts'
import { Tracking } from '../tracking/tracking.ts'
import { Assignments } from './assignments.ts'
import { DriversOfEngine } from './drivers.ts'
import type { HoldsDeps } from './holds.ts'
import { OrdersOfEngine } from './orders.ts'
import { fleetLimits } from '../fleet/limits.ts'

export interface DispatchDeps extends EngineParts {
  engineId: string
  /** Currency of new orders and drivers. */
  currency: string
  bus: Bus
  store: Store
  slots: Slots
  bounds: EngineBounds
  pusher: Pusher
  /** May this customer open this request? Asks the owner of the customer's slot. */
  mayOpen(customerId: string, orderId: string): Promise<boolean>
}

const system = { role: 'system', id: 'engine' } as const

export class Dispatch {
  readonly directory: Directory
  readonly roster: Roster
  readonly tracking: Tracking
  readonly allowance: Allowance
  /** The attendants by the name of their kind. */
  readonly attendants: ReadonlyMap<string, AnyAttendant>
  readonly #deps: DispatchDeps
  readonly #open = new OpenRequests()
  readonly #searching = new SearchingOrders()
  readonly #resynchronisation: Resynchronisation
  readonly #rosters: RosterExchange
  #subscriptions: Subscription[] = []
  #stops: (() => void)[] = []
  #pharmaciesSinceMs = 0

  constructor(deps: DispatchDeps) {
    this.#deps = deps
    this.directory = new Directory(deps.currency)
    const { env, bus, store, slots, bounds, actors } = deps
    const seed = (): number => Math.floor(env.random() * 2 ** 32)
    const seeds = [seed(), seed()] as const
    this.roster = new Roster(...seeds)
    this.tracking = new Tracking({
      env,
      bus,
      positions: store,
      roster: this.roster,
      seeds,
      log: deps.log,
      ownsActor: actors.ownsActor,
      arrived: (order, at) => this.#arrived(order, at),
    })
    this.allowance = new Allowance({
      env,
      store,
      slots,
      openRequestsPerCustomerMax: bounds.openRequestsPerCustomerMax,
    })
    this.#rosters = new RosterExchange({
      env,
      bus,
      bounds,
      engineId: deps.engineId,
      roster: this.roster,
      ownsActor: actors.ownsActor,
      changed: row => this.#rosterChanged(row),
    })
    this.#resynchronisation = new Resynchronisation({
      env,
      openOf: (pharmacyId, limit) => this.#open.ofPharmacy(pharmacyId, limit),
      tell: (orderId, pharmacyIds) => {
        const order = actors.peek(orderId)?.state as Order | undefined
        if (order?.kind === 'broadcast')
          deps.pusher.add(requestPushFor(order.core, order.broadcast, pharmacyIds))
      },
    })
    const holds: HoldsDeps = { env, journal: store, actors, ask: deps.ask }
    const orders = new OrdersOfEngine({
      facts: { env, directory: this.directory, following: this.tracking.following },
      open: this.#open,
      searching: this.#searching,
      allowance: this.allowance,
      slots,
      tracking: this.tracking,
      assignments: new Assignments(env, actors.peek),
      holds,
      search: { env, actors, roster: this.roster, tracking: this.tracking },
      openRequestsPerCustomerMax: bounds.openRequestsPerCustomerMax,
      mayOpen: deps.mayOpen,
    })
    this.attendants = new Map<string, AnyAttendant>([
      [orderName, orders as AnyAttendant],
      [driverName, new DriversOfEngine(this.#rosters, holds, deps.currency) as AnyAttendant],
    ])
  }

  /** Resolves when the pharmacies and the last positions are loaded. */
  async start(): Promise<void> {
    const { bus, env, log } = this.#deps
    await this.#pollPharmacies()
    await this.tracking.start()
    this.#subscriptions = [
      bus.subscribe(subjects.locationFilter, message => this.tracking.ingest(message.body)),
      bus.subscribe(subjects.interest, message => this.tracking.takeInterest(message.body)),
      bus.subscribe(subjects.terminals, message =>
        this.#resynchronisation.ask((decodeBody(message.body) as TerminalsMessage).vendor_ids),
      ),
      bus.subscribe(subjects.directory, message =>
        this.directory.put(decodeBody(message.body) as DirectoryPharmacy),
      ),
      bus.subscribe(subjects.roster, message =>
        this.#rosters.take(decodeBody(message.body) as RosterMessage),
      ),
      bus.subscribe(subjects.rosterWanted, () => this.#rosters.publishAll()),
      bus.subscribe(
        subjects.queryPosition,
        message => {
          message.respond?.(
            encodeBody(this.tracking.position(decodeBody(message.body) as PositionQuery)),
          )
        },
        { queue: engineQueue },
      ),
    ]
    const failed = (error: unknown): void =>
      log('warn', 'a background round failed; will try again', error)
    this.#stops = [
      repeat(env, limits.pharmacyPollMs, () => this.#pollPharmacies(), failed),
      repeat(env, fleetLimits.rosterDigestMs, () => this.#rosters.publishAll(), failed),
      bus.onStatus(connected => {
        if (connected) void this.#pollPharmacies().catch(failed)
      }),
    ]
  }

  /** Asks the other engines for their drivers. */
  askForRosters(): void {
    this.#deps.bus.publish(subjects.rosterWanted, encodeBody({}))
  }

  /** Stops the rounds; messages are still taken. */
  quiet(): void {
    for (const stop of this.#stops) stop()
    this.#resynchronisation.stop()
  }

  async stop(): Promise<void> {
    await this.tracking.stop()
    for (const subscription of this.#subscriptions) subscription.unsubscribe()
  }

  health() {
    return {
      pharmacies: this.directory.size,
      drivers: this.tracking.table.ids.count,
      open_requests: this.#open.size,
      deliveries: this.tracking.following.size,
      frames: this.tracking.frames,
    }
  }

  /** Called when a slot was gained: restores the distance of the deliveries among these actors. */
  async restore(slot: number, attentive: readonly AttendedActor[]): Promise<void> {
    const { following } = this.tracking
    const orderIds = attentive
      .map(cell => cell.actorId)
      .filter(actorId => following.get(actorId) !== undefined)
    if (orderIds.length === 0) return
    // Lost kilometres are worth a line in the log, but not a slot out of service.
    const crumbs = await this.#deps.store.loadBreadcrumbs(orderIds).catch((error: unknown) => {
      this.#deps.log('warn', `breadcrumbs of slot ${slot} not read; distances begin anew`, error)
      return []
    })
    following.restore(crumbs)
  }

  /** The fleet may be watched, and an order may be waiting for this driver. */
  #rosterChanged(row: RosterRow): void {
    this.tracking.rosterChanged(row.driverId, row.vendorId)
    if (!row.canTakeMore) return
    for (const orderId of this.#searching.ofPharmacy(row.vendorId))
      this.#deps.actors.wakeAt(orderId, this.#deps.env.nowMs())
  }

  #arrived(order: FollowedOrder, at: 'pickup' | 'dropoff'): void {
    const { actors } = this.#deps
    if (!actors.ownsActor(order.orderId)) return
    void actors
      .tell(toOrder(order.orderId, `arrived:${at}`, { verb: 'record_arrival', by: system, at }))
      .then(reply => {
        if (!reply.ok) this.tracking.following.missed(order.orderId)
      })
  }

  async #pollPharmacies(): Promise<void> {
    const { pharmacies, nextSinceMs, configuration } =
      await this.#deps.store.pharmaciesChangedSince(this.#pharmaciesSinceMs)
    for (const pharmacy of pharmacies) this.directory.put(pharmacy)
    this.directory.configuration.take(configuration)
    this.#pharmaciesSinceMs = nextSinceMs
  }
}
