/**
 * The journal in memory, for tests and the simulator: the same rules, no I/O and no timers. A
 * `MemoryStore` is the database. Every `memoryJournal` over it is the client of one engine, so one
 * process can play two engines and a restart. Everything settles in microtasks, in the order of the
 * calls. Values are copied as JSON, as a database would, so the past cannot be altered.
 *
 * A wrapper adds faults (lost replies, delays). Only an outage is here, because J7 is a rule about
 * the queue.
 */
import { statusTable } from '../../protocol/orders/statuses.ts'
import { CaduceusError } from '../../protocol/kernel/errors.ts'
import { eventVersion } from '../../protocol/dispatch/events.ts'
import { limits } from '../../protocol/kernel/limits.ts'
import type { StoredConfiguration } from '../../protocol/configuration/configuration.ts'
import type { DirectoryPharmacy } from '../../protocol/dispatch/directory.ts'
import type {
  AppendRequest,
  AppendResult,
  LoadedActor,
  LoadedSlot,
  ParkedCommand,
  Store,
  StoredEvent,
  StoredSnapshot,
} from './journal.ts'
import type { UploadFact } from '../../protocol/uploads/fact.ts'
import { storedOrder, type StoredOrder } from './stored-order.ts'
import type { SlotLease } from './leases.ts'
import { MemoryTable } from './memory-table.ts'
import type { BreadcrumbRow, PositionRow } from './positions.ts'
import type { StoredKind } from './table.ts'
import { upcast } from '../../protocol/dispatch/upcast.ts'

/** The event as it was written; a load returns it in the shape of today. */
export type EventRow = StoredEvent & { v: number }
interface Slot {
  owner: string | null
  epoch: number
  leaseUntilMs: number
  cursorSeq: number
  snapshotSeq: number
  events: EventRow[]
}

/** The database: the truth, which outlives any journal over it. Tests may read all of it. */
export class MemoryStore {
  readonly slots = new Map<number, Slot>()
  /** Events by actor, in the order of versions. */
  readonly events = new Map<string, EventRow[]>()
  readonly snapshots = new Map<string, StoredSnapshot>()
  readonly #tables = new Map<string, MemoryTable>()
  readonly #tablesOf: ReadonlyMap<string, readonly MemoryTable[]>
  readonly pharmacies = new Map<string, { pharmacy: DirectoryPharmacy; changedMs: number }>()
  readonly engines = new Map<string, number>()
  readonly positions = new Map<string, PositionRow>()
  readonly breadcrumbs = new Map<string, Map<number, BreadcrumbRow>>()
  readonly uploads = new Map<string, UploadFact>()
  readonly parked = new Map<string, ParkedCommand>()
  #away = false
  readonly #onReturn = new Set<() => void>()

  /** `nowMs`: the clock of the database, ms since the epoch. */
  constructor(
    readonly nowMs: () => number,
    kinds: readonly StoredKind[],
  ) {
    this.#tablesOf = new Map(
      kinds.map(({ name, tables }) => [name, tables.map(table => new MemoryTable(table))]),
    )
    for (const tables of this.#tablesOf.values())
      for (const table of tables) this.#tables.set(table.name, table)
  }

  /** A table of the read model. Throws when no kind has a table of that name. */
  table(name: string): MemoryTable {
    const table = this.#tables.get(name)
    if (table === undefined) throw new Error(`no kind has a table ${name}`)
    return table
  }

  /** Undefined for an order that was never written. */
  order(id: string): StoredOrder | undefined {
    const row = this.table('orders').rows.get(id)
    return row && storedOrder(row)
  }
  /** All orders, in the order in which they were created. */
  orders(): StoredOrder[] {
    return Array.from(this.table('orders').rows.values(), storedOrder)
  }

  get away(): boolean {
    return this.#away
  }
  /** While the store is down, appends wait and every other call rejects `unavailable`. */
  setAway(away: boolean): void {
    this.#away = away
    if (!away) for (const flush of this.#onReturn) flush()
  }
  onReturn(flush: () => void): () => void {
    this.#onReturn.add(flush)
    return () => this.#onReturn.delete(flush)
  }

  slot(number: number): Slot {
    let slot = this.slots.get(number)
    if (slot === undefined)
      this.slots.set(
        number,
        (slot = {
          owner: null,
          epoch: 0,
          leaseUntilMs: -Infinity,
          cursorSeq: 0,
          snapshotSeq: 0,
          events: [],
        }),
      )
    return slot
  }

  /** The configuration, as an edge writes it. */
  configuration: StoredConfiguration | null = null

  /** Writes a pharmacy, as the edge does when it registers or changes. */
  putPharmacy(pharmacy: DirectoryPharmacy): void {
    this.pharmacies.set(pharmacy.vendor_id, { pharmacy: copy(pharmacy), changedMs: this.nowMs() })
  }

  append(request: AppendRequest): AppendResult {
    const slot = this.slot(request.slot)
    if (slot.epoch !== request.epoch) return { outcome: 'fenced' }
    const past = this.events.get(request.actorId) ?? []
    if (past.length !== request.fromVersion) return { outcome: 'conflict' }
    const tables = this.#tablesOf.get(request.kind)
    if (tables === undefined) throw new Error(`the journal knows no kind ${request.kind}`)
    const firstSeq = slot.events.length + 1
    const added = request.events.map((event, i): EventRow => ({
      slot: request.slot,
      seq: firstSeq + i,
      kind: request.kind,
      actorId: request.actorId,
      version: request.fromVersion + 1 + i,
      atMs: request.atMs,
      commandId: request.commandId,
      by: copy(request.by),
      v: eventVersion,
      event: copy(event),
    }))
    slot.events.push(...added)
    this.events.set(request.actorId, [...past, ...added])
    for (const table of tables) table.write(request.row)
    return { outcome: 'committed', firstSeq }
  }
}

/** As in the database (`postgres.ts`): the last seconds are answered again. */
const directoryOverlapMs = 20_000
const copy = <T>(value: T): T => JSON.parse(JSON.stringify(value)) as T

/** The client of one engine. */
export function memoryJournal(store: MemoryStore): Store {
  let waiting: {
    request: AppendRequest
    resolve(result: AppendResult): void
    reject(error: Error): void
  }[] = []
  let waitingEvents = 0
  let closed = false
  const flush = (): void => {
    waitingEvents = 0
    for (const one of waiting.splice(0)) one.resolve(store.append(one.request))
  }
  const forget = store.onReturn(flush)

  async function append(request: AppendRequest): Promise<AppendResult> {
    if (request.events.length === 0) throw new Error('an append has at least one event')
    if (closed) throw new CaduceusError('unavailable', 'The journal is closing')
    if (!store.away) return store.append(request)
    if (waitingEvents + request.events.length > limits.journalQueueEventsMax)
      throw new CaduceusError('overloaded', 'The journal cannot keep up')
    waitingEvents += request.events.length
    return new Promise((resolve, reject) => waiting.push({ request, resolve, reject }))
  }

  /** The store, for every call except `append`. Throws while it is down. */
  const reach = (): MemoryStore => {
    if (store.away) throw new CaduceusError('unavailable', 'The database is away')
    return store
  }

  return {
    append,
    async acquireSlots(engineId, slots, leaseMs, force = false) {
      const { nowMs } = reach()
      const taken: SlotLease[] = []
      for (const number of new Set(slots)) {
        const slot = store.slot(number)
        const untilMs = Math.max(
          slot.leaseUntilMs,
          store.engines.get(slot.owner ?? '') ?? -Infinity,
        )
        const free = slot.owner === null || slot.owner === engineId || untilMs <= nowMs()
        if (!free && !force) continue
        slot.owner = engineId
        slot.epoch++
        slot.leaseUntilMs = nowMs() + leaseMs
        taken.push({ slot: number, epoch: slot.epoch })
      }
      return taken
    },
    async renewSlots(engineId, leaseMs) {
      const nowMs = reach().nowMs()
      store.engines.set(engineId, nowMs + leaseMs)
      const leases: SlotLease[] = []
      for (const [number, slot] of store.slots)
        if (slot.owner === engineId) leases.push({ slot: number, epoch: slot.epoch })
      return {
        leases,
        engines: [...store.engines]
          .filter(([, untilMs]) => untilMs > nowMs)
          .map(([id]) => id)
          .sort(),
      }
    },
    async releaseSlots(engineId, slots) {
      for (const slot of slots.map(number => reach().slot(number))) {
        if (slot.owner !== engineId) continue
        slot.owner = null
        slot.leaseUntilMs = -Infinity
      }
    },
    async leave(engineId) {
      reach().engines.delete(engineId)
    },

    loadSlot: async number => loadSlot(reach(), number),
    async loadActor(actorId): Promise<LoadedActor> {
      const snapshot = reach().snapshots.get(actorId) ?? null
      return {
        snapshot,
        events: (store.events.get(actorId) ?? [])
          .filter(event => event.version > (snapshot?.version ?? 0))
          .map(loaded),
      }
    },
    async saveSnapshots(snapshots, throughSeq) {
      for (const snapshot of snapshots) {
        if ((reach().snapshots.get(snapshot.actorId)?.version ?? 0) <= snapshot.version)
          store.snapshots.set(snapshot.actorId, { ...snapshot, bytes: snapshot.bytes.slice() })
      }
      for (const [number, seq] of throughSeq)
        reach().slot(number).snapshotSeq = Math.max(store.slot(number).snapshotSeq, seq)
    },
    async saveCursors(cursors) {
      for (const [number, seq] of cursors)
        reach().slot(number).cursorSeq = Math.max(store.slot(number).cursorSeq, seq)
    },

    async openRequestsOf(customerId, orderIds) {
      const rows = reach()
        .orders()
        .filter(({ view }) => view.user_id === customerId)
        .map(({ view }) => ({
          orderId: view.id,
          open: view.kind === 'broadcast' && view.status === 'pending',
          expiresAtMs: view.expires_at === null ? null : Date.parse(view.expires_at),
        }))
      return rows.filter(({ orderId, open }) => open || orderIds.includes(orderId))
    },

    async pharmaciesChangedSince(sinceMs) {
      const changed = [...reach().pharmacies.values()].filter(row => row.changedMs >= sinceMs)
      return {
        pharmacies: changed.map(row => copy(row.pharmacy)),
        nextSinceMs: store.nowMs() - directoryOverlapMs,
        configuration: copy(reach().configuration),
      }
    },
    async savePositions(rows) {
      for (const row of rows)
        if ((reach().positions.get(row.driverId)?.atMs ?? -Infinity) <= row.atMs)
          store.positions.set(row.driverId, { ...row })
    },
    loadPositions: async newerThanMs =>
      [...reach().positions.values()]
        .filter(row => row.atMs > newerThanMs)
        .map(row => ({ ...row })),
    async saveBreadcrumbs(rows) {
      for (const row of rows) {
        let trail = reach().breadcrumbs.get(row.orderId)
        if (trail === undefined) store.breadcrumbs.set(row.orderId, (trail = new Map()))
        if (!trail.has(row.atMs)) trail.set(row.atMs, { ...row })
      }
    },
    loadBreadcrumbs: async orderIds =>
      [...orderIds]
        .sort()
        .flatMap(orderId =>
          [...(reach().breadcrumbs.get(orderId)?.values() ?? [])]
            .sort((a, b) => a.atMs - b.atMs)
            .map(row => ({ ...row })),
        ),

    async claimProofs({ orderId, photoId, signatureId, reporterId }) {
      const { uploads } = reach()
      const view = store.order(orderId)?.view
      const named = [
        [photoId, 'proof'],
        [signatureId, 'signature'],
      ] as const
      for (const [id, kind] of named) {
        const upload = id === null ? undefined : uploads.get(id)
        if (
          upload === undefined ||
          view === undefined ||
          upload.kind !== kind ||
          upload.orderId !== null
        )
          continue
        const own =
          upload.ownerId === reporterId ||
          (upload.driverId !== null && upload.driverId === view.driver_id) ||
          (upload.pharmacyId !== null && upload.pharmacyId === view.vendor_id)
        if (
          own &&
          statusTable[view.status].heading === 'dropoff' &&
          upload.atMs >= Date.parse(view.picked_up_at!)
        )
          uploads.set(upload.id, { ...upload, orderId })
      }
      return [...new Set(named.map(([id]) => id))].flatMap(id =>
        id !== null && uploads.has(id) ? [{ ...uploads.get(id)! }] : [],
      )
    },

    async park(parked) {
      const key = `${parked.slot}.${parked.seq}.${parked.commandId}`
      if (!reach().parked.has(key)) store.parked.set(key, copy(parked))
    },

    async close() {
      closed = true
      forget()
      for (const one of waiting)
        one.reject(
          new CaduceusError(
            'unavailable',
            'The journal is closing and its database does not answer',
          ),
        )
      waiting = []
    },
  }
}

function loaded({ v, ...stored }: EventRow): StoredEvent {
  return { ...stored, ...upcast(v, { ...copy(stored.event), by: stored.by }) }
}

function loadSlot(store: MemoryStore, number: number): LoadedSlot {
  const { events: all, cursorSeq, snapshotSeq } = store.slot(number)
  // Numbers are contiguous from 1, so the place of an event is its number. Like the database, this
  // reads no further back than it must.
  const recent = all.slice(Math.min(cursorSeq, snapshotSeq))
  const events = recent.filter(
    event =>
      event.seq > cursorSeq || event.version > (store.snapshots.get(event.actorId)?.version ?? 0),
  )
  const eventful = new Set(events.map(event => event.actorId))
  const snapshots = [...store.snapshots.values()].filter(
    one => one.slot === number && (!one.finished || eventful.has(one.actorId)),
  )
  return {
    snapshots: snapshots.map(one => ({ ...one, bytes: one.bytes.slice() })),
    events: events.map(loaded),
    cursorSeq,
    lastSeq: all.length,
  }
}
