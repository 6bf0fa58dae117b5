/**
 * The journal is the only source of truth. An append depends on the slot's epoch and updates the
 * read model in the same transaction. Events are numbered per slot without gaps.
 *
 * Rules, tested by `contract.ts` against every adapter:
 * J1 A committed append is there after any restart, with its row of the read model.
 * J2 An append under an epoch that is not the slot's current one writes nothing and answers
 *     `fenced` (invariant 5); other appends of the same group are not harmed.
 * J3 seq is contiguous per slot from 1, in the order of the append calls of that slot (invariant
 *     6).
 * J4 (actor, version) is unique: an append that does not continue the stored version answers
 *     `conflict`.
 * J5 The events of one append are committed together or not at all.
 * J6 A reply that is lost after the commit is found out: the append is not written twice, and it
 *     resolves `committed`.
 * J7 While the store is down, appends wait, bounded: beyond limits.journalQueueEventsMax they
 *     reject `overloaded`.
 * J8 loadSlot gives the snapshots of live actors and the events after them in seq order; finished
 *     actors only if they have events after their snapshot or after the cursor.
 * J9 loadActor gives one actor, finished or not.
 * J11 The cursor never goes back.
 * J12 A parked command is there after any restart, once for each slot, seq and command id.
 * J13 Events of older releases are read in the shape of today; events of newer releases are refused
 *     by name.
 * J14 A snapshot that was answered is as durable as an event: recovery does not read the events
 *     that it covers.
 */
import type { Principal } from '../../protocol/kernel/principal.ts'
import type { Leases } from './leases.ts'
import type { OrderLookups, PharmacyDirectory } from './lookups.ts'
import type { Positions } from './positions.ts'

/** An event of an actor of any kind. Its kind knows the data. */
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
  /**
   * The person or service that acted; null where an older release did not record it and it cannot
   * be known.
   */
  by: Principal | null
  /** The event in the shape of today, whatever its stored version (J13). */
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
  /** The person or service that acted. */
  by: Principal
  events: readonly ActorEvent[]
  /**
   * The public row after the last event, made by the kind. It goes to the kind's tables in the same
   * transaction.
   */
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
  /** No further command changes the actor; it is not loaded at recovery. */
  finished: boolean
  bytes: Uint8Array
}

export interface LoadedSlot {
  snapshots: StoredSnapshot[]
  events: StoredEvent[]
  /** Seq up to which all events were published and their commands answered. */
  cursorSeq: number
  lastSeq: number
}
export interface LoadedActor {
  snapshot: StoredSnapshot | null
  events: StoredEvent[]
}

export interface ParkedCommand {
  /** The event that asks for the command. */
  slot: number
  seq: number
  fromActorId: string
  /** The receiver that fails at it: its kind and its id. */
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
  loadActor(actorId: string): Promise<LoadedActor>
  saveCursors(cursors: ReadonlyMap<number, number>): Promise<void>
  /** Stores a command between actors that its receiver fails at every time. */
  park(parked: ParkedCommand): Promise<void>
}

export interface Snapshots {
  /** `throughSeq`: per slot, the seq up to which stored snapshots cover all events. */
  saveSnapshots(
    snapshots: readonly StoredSnapshot[],
    throughSeq: ReadonlyMap<number, number>,
  ): Promise<void>
}

/**
 * Everything that an engine keeps in its database, as one adapter gives it. Each part of the engine
 * asks for the ports that it needs.
 */
export interface Store
  extends Journal, Snapshots, Leases, PharmacyDirectory, OrderLookups, Positions {
  /** Answers all waiting appends, and takes no more. */
  close(): Promise<void>
}
