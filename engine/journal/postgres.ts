/**
 * The journal over PostgreSQL. Appends go through the group commit in `appender.ts`. The
 * rest is here: leases, recovery and write-behind.
 *
 * Loads use no transaction. They read positions first, snapshots next and events last. Events are
 * never removed and snapshots only move forward, so a later read can only cover more.
 */
import { limits } from '../../protocol/kernel/limits.ts'
import type { Principal } from '../../protocol/kernel/principal.ts'
import type { StoredConfiguration } from '../../protocol/configuration/configuration.ts'
import type { DirectoryPharmacy } from '../../protocol/dispatch/directory.ts'
import { silentLog } from '../../migrations/database/pool.ts'
import type { Log, PgPool } from '../../migrations/database/open.ts'
import { Appender } from './appender.ts'
import { appendPlan } from './append.ts'
import type { LoadedActor, LoadedSlot, Store, StoredEvent, StoredSnapshot } from './journal.ts'
import type { SlotLease } from './leases.ts'
import type { BreadcrumbRow, PositionRow } from './positions.ts'
import type { StoredKind } from './table.ts'
import { plainArray } from './rows.ts'
import { statements } from './statements.ts'
import { upcast } from '../../protocol/dispatch/upcast.ts'

export interface PostgresJournalEnv {
  nowMs(): number
  after(ms: number, run: () => void): () => void
  log?: Log
}

/**
 * Number of groups of appends on their way at once, each for its own share of the slots. More lanes
 * make smaller groups. Two lanes keep one core of ours and one of the database busy.
 */
const laneCount = 2

/**
 * A transaction writes its time before it commits, so a change may become visible this much later
 * than its time says. Asking again for the last seconds costs a few repeated rows. When the
 * database's clock goes back, the time to ask from goes back too; otherwise changes would be missed
 * until the clock has caught up.
 */
const directoryOverlapMs = 20_000
/** Number of rows in one statement of the write-behind calls. */
const rowsPerStatementMax = 1_000

/** The caller keeps `pool`: `close` drains the appends and leaves it open. */
export function postgresJournal(
  pool: PgPool,
  kinds: readonly StoredKind[],
  env: PostgresJournalEnv,
): Store {
  const plan = appendPlan(kinds)
  const budget = { eventsHeld: 0 }
  const lanes = Array.from(
    { length: laneCount },
    () => new Appender(pool, plan, env, env.log ?? silentLog, budget),
  )
  const rowsOf = async <R>(
    statement: { name: string; text: string },
    ...values: unknown[]
  ): Promise<R[]> => (await pool.query<R>({ ...statement, values })).rows

  async function loadSlot(slot: number): Promise<LoadedSlot> {
    const [position] = await rowsOf<{ cursor_seq: number; snapshot_seq: number }>(
      statements.slotPosition,
      slot,
    )
    const cursorSeq = position?.cursor_seq ?? 0
    const live = (await rowsOf<SnapshotRow>(statements.liveSnapshots, slot)).map(toSnapshot)
    const floor = Math.min(cursorSeq, position?.snapshot_seq ?? 0)
    const recent = (await rowsOf<EventRow>(statements.eventsAfter, slot, floor)).map(toEvent)
    const lastSeq = Math.max(recent.at(-1)?.seq ?? 0, cursorSeq, position?.snapshot_seq ?? 0)

    const snapshots = new Map(live.map(snapshot => [snapshot.actorId, snapshot]))
    const others = [...new Set(recent.map(event => event.actorId))].filter(
      actorId => !snapshots.has(actorId),
    )
    const finished =
      others.length === 0
        ? []
        : (await rowsOf<SnapshotRow>(statements.snapshotsOf, others)).map(toSnapshot)
    for (const snapshot of finished) snapshots.set(snapshot.actorId, snapshot)

    const events = recent.filter(
      event =>
        event.seq > cursorSeq || event.version > (snapshots.get(event.actorId)?.version ?? 0),
    )
    const eventful = new Set(events.map(event => event.actorId))
    return {
      snapshots: [...snapshots.values()].filter(one => !one.finished || eventful.has(one.actorId)),
      events,
      cursorSeq,
      lastSeq,
    }
  }

  async function loadActor(actorId: string): Promise<LoadedActor> {
    const [row] = await rowsOf<SnapshotRow>(statements.snapshotsOf, [actorId])
    const snapshot = row === undefined ? null : toSnapshot(row)
    return {
      snapshot,
      events: (await rowsOf<EventRow>(statements.actorEvents, actorId, snapshot?.version ?? 0)).map(
        toEvent,
      ),
    }
  }

  async function saveSnapshots(
    snapshots: readonly StoredSnapshot[],
    throughSeq: ReadonlyMap<number, number>,
  ): Promise<void> {
    const latest = latestOf(
      snapshots,
      one => one.actorId,
      one => one.version,
    )
    for (const part of chunks(latest, limits.snapshotBatchMax)) {
      let nextByte = 1
      const firstBytes = part.map(one => {
        const first = nextByte
        nextByte += one.bytes.length
        return first
      })
      await rowsOf(
        statements.saveSnapshots,
        plainArray(part.map(one => one.actorId)),
        plainArray(part.map(one => one.slot)),
        plainArray(part.map(one => one.kind)),
        plainArray(part.map(one => one.version)),
        plainArray(part.map(one => String(one.finished))),
        plainArray(firstBytes),
        Buffer.concat(part.map(one => one.bytes)),
        plainArray(part.map(one => one.bytes.length)),
      )
    }
    // Write this after the snapshots: a crash in between must not claim snapshots that are not
    // stored.
    await advance(statements.saveSnapshotSeqs, throughSeq)
  }

  async function advance(
    statement: { name: string; text: string },
    seqs: ReadonlyMap<number, number>,
  ): Promise<void> {
    if (seqs.size > 0)
      await rowsOf(statement, plainArray([...seqs.keys()]), plainArray([...seqs.values()]))
  }

  const pharmaciesChangedSince: Store['pharmaciesChangedSince'] = async sinceMs => {
    const [clock] = await rowsOf<{ now_ms: number }>(statements.clock)
    const pharmacies = await rowsOf<DirectoryPharmacy>(statements.pharmaciesChanged, sinceMs)
    const [configuration = null] = await rowsOf<StoredConfiguration>(statements.configuration)
    return { pharmacies, nextSinceMs: clock!.now_ms - directoryOverlapMs, configuration }
  }

  async function savePositions(rows: readonly PositionRow[]): Promise<void> {
    for (const part of chunks(
      latestOf(
        rows,
        row => row.driverId,
        row => row.atMs,
      ),
      rowsPerStatementMax,
    ))
      await rowsOf(
        statements.savePositions,
        ...(['driverId', 'latitude', 'longitude', 'headingDeg', 'speedMps', 'atMs'] as const).map(
          key => plainArray(part.map(row => row[key])),
        ),
      )
  }

  async function saveBreadcrumbs(rows: readonly BreadcrumbRow[]): Promise<void> {
    for (const part of chunks(rows, rowsPerStatementMax))
      await rowsOf(
        statements.saveBreadcrumbs,
        ...(['orderId', 'atMs', 'driverId', 'latitude', 'longitude'] as const).map(key =>
          plainArray(part.map(row => row[key])),
        ),
      )
  }

  return {
    append: request => lanes[request.slot % lanes.length]!.append(request),
    acquireSlots: (engineId, slots, leaseMs, force = false) =>
      rowsOf<SlotLease>(
        statements.acquire,
        engineId,
        plainArray([...new Set(slots)]),
        leaseMs,
        force,
      ),
    async renewSlots(engineId, leaseMs) {
      await rowsOf(statements.renew, engineId, leaseMs)
      const rows = await rowsOf<SlotLease & { engine_id: string | null }>(
        statements.heldAndAlive,
        engineId,
      )
      return {
        leases: rows
          .filter(row => row.engine_id === null)
          .map(({ slot, epoch }) => ({ slot, epoch })),
        engines: rows.flatMap(row => row.engine_id ?? []),
      }
    },
    async releaseSlots(engineId, slots) {
      await rowsOf(statements.release, engineId, plainArray(slots))
    },
    async leave(engineId) {
      await rowsOf(statements.leave, engineId)
    },
    loadSlot,
    loadActor,
    saveSnapshots,
    saveCursors: cursors => advance(statements.saveCursors, cursors),
    pharmaciesChangedSince,
    openRequestsOf: async (customerId, orderIds) =>
      (
        await rowsOf<{ id: string; open: boolean; expires_at: Date | null }>(
          statements.openRequestsOf,
          customerId,
          orderIds,
        )
      ).map(row => ({
        orderId: row.id,
        open: row.open,
        expiresAtMs: row.expires_at?.getTime() ?? null,
      })),
    savePositions,
    loadPositions: async newerThanMs =>
      (await rowsOf<PositionColumns>(statements.loadPositions, newerThanMs)).map(row => ({
        driverId: row.driver_id,
        latitude: row.latitude,
        longitude: row.longitude,
        headingDeg: row.heading_deg,
        speedMps: row.speed_mps,
        atMs: row.at.getTime(),
      })),
    saveBreadcrumbs,
    loadBreadcrumbs: async orderIds =>
      (await rowsOf<BreadcrumbColumns>(statements.loadBreadcrumbs, orderIds)).map(row => ({
        orderId: row.order_id,
        driverId: row.driver_id,
        atMs: row.at.getTime(),
        latitude: row.latitude,
        longitude: row.longitude,
      })),
    async claimProofs({ orderId, photoId, signatureId, reporterId }) {
      await rowsOf(statements.claimProofs, orderId, photoId, signatureId, reporterId)
      // Read after the claim, not with it: the answer must tell uploads that the claim left alone
      // from uploads that do not exist.
      return (await rowsOf<UploadColumns>(statements.uploads, photoId, signatureId)).map(row => ({
        id: row.id,
        kind: row.kind,
        ownerId: row.owner_id,
        driverId: row.driver_id,
        pharmacyId: row.vendor_id,
        orderId: row.order_id,
        atMs: row.created_at.getTime(),
      }))
    },
    async park({ slot, seq, fromActorId, kind, actorId, commandId, command, detail, tries }) {
      await rowsOf(
        statements.park,
        slot,
        seq,
        fromActorId,
        kind,
        actorId,
        commandId,
        JSON.stringify(command),
        detail,
        tries,
      )
    },
    async close() {
      await Promise.all(lanes.map(lane => lane.close()))
    },
  }
}

interface EventRow {
  actor_id: string
  version: number
  slot: number
  seq: number
  kind: StoredEvent['kind']
  at: Date
  type: string
  v: number
  command_id: string | null
  acted_by: Principal | null
  data: object
}
interface SnapshotRow {
  actor_id: string
  slot: number
  kind: StoredSnapshot['kind']
  version: number
  finished: boolean
  bytes: Buffer
}
interface UploadColumns {
  id: string
  kind: string
  owner_id: string
  driver_id: string | null
  vendor_id: string | null
  order_id: string | null
  created_at: Date
}
interface PositionColumns {
  driver_id: string
  latitude: number
  longitude: number
  heading_deg: number | null
  speed_mps: number | null
  at: Date
}
interface BreadcrumbColumns {
  order_id: string
  driver_id: string
  at: Date
  latitude: number
  longitude: number
}

const toEvent = (row: EventRow): StoredEvent => ({
  slot: row.slot,
  seq: row.seq,
  kind: row.kind,
  actorId: row.actor_id,
  version: row.version,
  atMs: row.at.getTime(),
  commandId: row.command_id,
  ...upcast(row.v, { type: row.type, data: row.data, by: row.acted_by }),
})
const toSnapshot = (row: SnapshotRow): StoredSnapshot => ({
  slot: row.slot,
  kind: row.kind,
  actorId: row.actor_id,
  version: row.version,
  finished: row.finished,
  bytes: row.bytes,
})

/**
 * One row per key, the one with the highest rank. `on conflict do update` takes a key only once per
 * statement.
 */
function latestOf<R>(rows: readonly R[], key: (row: R) => string, rank: (row: R) => number): R[] {
  const latest = new Map<string, R>()
  for (const row of rows) {
    const other = latest.get(key(row))
    if (other === undefined || rank(row) >= rank(other)) latest.set(key(row), row)
  }
  return [...latest.values()]
}

function* chunks<R>(rows: readonly R[], size: number): Generator<readonly R[]> {
  for (let at = 0; at < rows.length; at += size) yield rows.slice(at, at + size)
}
