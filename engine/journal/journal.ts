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
 *  J11 The cursor never goes back.
 *  J12 What is parked is there after any restart, once for each slot, seq and command id.
 *  J13 Events of older releases come in today's shape; those of newer ones are refused by name.
 *  J14 A snapshot that was answered is as durable as an event: recovery does not read what it covers.
 */
import type { Principal } from '../../protocol/kernel/principal.ts'
import type { Leases } from './leases.ts'
import type { OrderLookups, PharmacyDirectory } from './lookups.ts'
import type { Positions } from './positions.ts'

/** What happened to an actor of any kind. Its kind knows the data. */
export interface ActorEvent {
  type: string
  data: object
}

export interface StoredEvent {
  slot: number
  /** Position in the slot, from 1 without gaps. */
  seq: number
  kind: string
  actorId: string
  /** Version of the actor after this event, from 1. */
  version: number
  atMs: number
  commandId: string | null
  /** Who acted; null where a release before events said so wrote it, and it cannot be known. */
  by: Principal | null
  /** In today's shape, whichever it was written in (J13). */
  event: ActorEvent
}

export interface AppendRequest {
  slot: number
  epoch: number
  kind: string
  actorId: string
  /** Version before the first event; 0 for a new actor. */
  fromVersion: number
  atMs: number
  commandId: string | null
  /** Who acted. */
  by: Principal
  events: readonly ActorEvent[]
  /** The public row after the last event, as the kind makes it, for the kind's tables in the same transaction. */
  row: unknown
}
export type AppendResult =
  | { outcome: 'committed'; firstSeq: number }
  | { outcome: 'fenced' }
  | { outcome: 'conflict' }

export interface StoredSnapshot {
  slot: number
  kind: string
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

export interface ParkedCommand {
  /** The event that asks for it. */
  slot: number
  seq: number
  fromActorId: string
  /** Who fails at it. */
  kind: string
  actorId: string
  commandId: string
  command: unknown
  detail: string
  tries: number
}

/** Appends, and reads at recovery. */
export interface Journal {
  append(request: AppendRequest): Promise<AppendResult>
  loadSlot(slot: number): Promise<LoadedSlot>
  loadActor(slot: number, actorId: string): Promise<LoadedActor>
  saveCursors(cursors: ReadonlyMap<number, number>): Promise<void>
  /** A command between actors that its receiver fails at, whenever it is tried. */
  park(parked: ParkedCommand): Promise<void>
}

export interface Snapshots {
  /** `throughSeq`: per slot, all events at or below are covered by stored snapshots. */
  saveSnapshots(
    snapshots: readonly StoredSnapshot[],
    throughSeq: ReadonlyMap<number, number>,
  ): Promise<void>
}

/** All that an engine keeps in its database, as one adapter gives it. Each part of the engine asks for the ports that it needs. */
export interface Store
  extends Journal, Snapshots, Leases, PharmacyDirectory, OrderLookups, Positions {
  /** Answers all appends that wait, and takes no more. */
  close(): Promise<void>
}
