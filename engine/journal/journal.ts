/**
 * The journal: the only place where truth lives. Appends are conditional on the slot's epoch, update
 * the read model in the same transaction, and are numbered per slot without gaps.
 *
 * Rules, tested by `contract.ts` against every adapter:
 *  J1  A committed append is there after any restart, with its read-model row.
 *  J2  An append whose slot's epoch is not the current one writes nothing and answers `fenced` (invariant 5);
 *      other appends of the same group are not harmed.
 *  J3  seq per slot is contiguous from 1, in the order of append calls of that slot (invariant 6).
 *  J4  (actor, version) is unique: an append that does not continue the stored version answers `conflict`.
 *  J5  Events of one append are committed together or not at all.
 *  J6  A reply lost after the commit is found out: the same append is not written twice, and resolves `committed`.
 *  J7  While the store is away appends wait, bounded: beyond limits.journalQueueEventsMax they reject `overloaded`.
 *  J8  loadSlot gives the live snapshots and the events after them in seq order; finished actors only if
 *      they have events after their snapshot or after the cursor.
 *  J9  loadActor gives one actor, finished or not.
 *  J10 acquireSlots takes free or lapsed slots and increments the epoch; a live lease of another is respected
 *      unless `force`. A lease lasts as it was acquired, and then for as long as its owner's membership does. renew
 *      keeps what is still ours, all of it at once, and says which. release frees at once.
 *  J11 The cursor never goes back.
 *  J12 What is parked is there after any restart, once for each slot, seq and command id.
 *  J13 Events of older releases come in today's shape; those of newer ones are refused by name.
 *  J15 An upload is bound to one order at most: while that order is picked up or on its way, if it was begun
 *      after the pick-up by the order's driver or pharmacy or by who reports, and is stored.
 *  J14 A snapshot that was answered is as durable as an event: recovery does not read what it covers.
 */
import type { CandidateFact, DriverEvent, OrderEvent } from '../../protocol/events.ts'
import type { Principal } from '../../protocol/principal.ts'
import type { DirectoryVendor } from '../../protocol/pushes.ts'
import type { DriverView } from '../../protocol/rest/driver.ts'
import type { UploadFact } from '../order/proof.ts'
import type { OrderRow } from '../order/row.ts'

export type ActorKind = 'order' | 'driver'

export interface StoredEvent {
  slot: number
  /** Position in the slot, from 1 without gaps. */
  seq: number
  kind: ActorKind
  actorId: string
  /** Version of the actor after this event, from 1. */
  version: number
  atMs: number
  commandId: string | null
  /** Who acted; null where a release before events said so wrote it, and it cannot be known. */
  by: Principal | null
  /** In today's shape, whichever it was written in (J13). */
  event: OrderEvent | DriverEvent
}

export interface AppendRequest {
  slot: number
  epoch: number
  kind: ActorKind
  actorId: string
  /** Version before the first event; 0 for a new actor. */
  fromVersion: number
  atMs: number
  commandId: string | null
  /** Who acted. */
  by: Principal
  events: readonly (OrderEvent | DriverEvent)[]
  /** The public row after the last event, written in the same transaction. */
  row: ReadModelRow
}
/** `candidates` only with the first event of a broadcast: who may see the request while it is open. */
export type ReadModelRow =
  | { kind: 'order'; order: OrderRow; candidates?: readonly CandidateFact[] }
  | { kind: 'driver'; view: DriverView }

export type AppendResult =
  | { outcome: 'committed'; firstSeq: number }
  | { outcome: 'fenced' }
  | { outcome: 'conflict' }

export interface StoredSnapshot {
  slot: number
  kind: ActorKind
  actorId: string
  version: number
  /** No further command changes it; it is not loaded at recovery. */
  finished: boolean
  bytes: Uint8Array
}

export interface LoadedSlot {
  snapshots: StoredSnapshot[]
  events: StoredEvent[]
  /** Everything at or below was published and its commands were answered. */
  cursorSeq: number
  lastSeq: number
}
export interface LoadedActor {
  snapshot: StoredSnapshot | null
  events: StoredEvent[]
}

export interface SlotLease {
  slot: number
  epoch: number
}

export interface Journal {
  append(request: AppendRequest): Promise<AppendResult>

  acquireSlots(
    engineId: string,
    slots: readonly number[],
    leaseMs: number,
    force?: boolean,
  ): Promise<SlotLease[]>
  /** Renews this engine's membership, and with it what it holds; returns that, and the engines that are alive, by id. */
  renewSlots(engineId: string, leaseMs: number): Promise<{ leases: SlotLease[]; engines: string[] }>
  releaseSlots(engineId: string, slots: readonly number[]): Promise<void>
  leave(engineId: string): Promise<void>

  loadSlot(slot: number): Promise<LoadedSlot>
  loadActor(slot: number, actorId: string): Promise<LoadedActor>
  /** `throughSeq`: per slot, all events at or below are covered by stored snapshots. */
  saveSnapshots(
    snapshots: readonly StoredSnapshot[],
    throughSeq: ReadonlyMap<number, number>,
  ): Promise<void>
  saveCursors(cursors: ReadonlyMap<number, number>): Promise<void>

  /** Pharmacies changed at or after that time (ms, database clock), with the time to ask from next. */
  vendorsChangedSince(sinceMs: number): Promise<{ vendors: DirectoryVendor[]; nextSinceMs: number }>

  savePositions(rows: readonly PositionRow[]): Promise<void>
  loadPositions(newerThanMs: number): Promise<PositionRow[]>
  saveBreadcrumbs(rows: readonly BreadcrumbRow[]): Promise<void>
  loadBreadcrumbs(orderIds: readonly string[]): Promise<BreadcrumbRow[]>

  /**
   * Binds the uploads that may prove the delivery of an order to it, if nothing else has them, and answers all
   * that were named and are stored (J15).
   */
  claimProofs(claim: ProofClaim): Promise<UploadFact[]>

  /** Requests of a customer that nobody has taken, as the read model has them; and of `orderIds` those that are something else by now. */
  openRequestsOf(customerId: string, orderIds: readonly string[]): Promise<OpenRequestRow[]>

  /** A command between actors that its receiver fails at, whenever it is tried. */
  park(parked: ParkedCommand): Promise<void>

  close(): Promise<void>
}

/** `open`: it is a request that nobody has taken. */
export interface OpenRequestRow {
  orderId: string
  open: boolean
  expiresAtMs: number | null
}

export interface ParkedCommand {
  /** The event that asks for it. */
  slot: number
  seq: number
  fromActorId: string
  /** Who fails at it. */
  kind: ActorKind
  actorId: string
  commandId: string
  command: unknown
  detail: string
  tries: number
}

/** `reporterId`: the account of an administrator who reports; uploads of the order's driver and pharmacy need no name. */
export interface ProofClaim {
  orderId: string
  photoId: string | null
  signatureId: string | null
  reporterId: string | null
}

export interface PositionRow {
  driverId: string
  latitude: number
  longitude: number
  headingDeg: number | null
  speedMps: number | null
  /** Device time of the frame. */
  atMs: number
}
export interface BreadcrumbRow {
  orderId: string
  driverId: string
  atMs: number
  latitude: number
  longitude: number
}
