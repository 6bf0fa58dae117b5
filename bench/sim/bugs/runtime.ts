/**
 * Deliberate bugs of the runtime: appends, recovery, ids, cursors, deadlines and claims. None of
 * them is in the product.
 */
import type {
  LoadedActor,
  LoadedSlot,
  Store,
  StoredEvent,
  StoredSnapshot,
} from '../../../engine/journal/journal.ts'
import type { Driver } from '../../../engine/drivers/state.ts'
import type { DriverCommand } from '../../../engine/drivers/commands.ts'
import type { Order } from '../../../engine/orders/state.ts'
import type { OrderCommand } from '../../../engine/orders/commands.ts'
import { kinds } from '../../../engine/kinds.ts'
import { Kinds } from '../../../engine/actors/kind.ts'
import {
  decodeSnapshot,
  encodeSnapshot,
  snapshotHead,
  type SnapshotBody,
  type SnapshotHead,
} from '../../../engine/actors/snapshot.ts'
import { LocationBatchReader } from '../../../protocol/river/location-batch.ts'
import { subjects } from '../../../protocol/bus/subjects.ts'
import { changed, drivers, orders, withDriver, withOrder, type Bug } from './bug.ts'

/** Changes the rows that recovery reads. */
const loading = (
  journal: Store,
  change: <L extends LoadedActor | LoadedSlot>(loaded: L) => L,
): Store => ({
  ...journal,
  loadSlot: async slot => change(await journal.loadSlot(slot)),
  loadActor: async actorId => change(await journal.loadActor(actorId)),
})
/** The snapshot without the ids of executed commands. */
const forgotten = <S extends StoredSnapshot>(snapshot: S): S =>
  rewritten(snapshot, body => ({ ...body, acceptedIds: [] }))
/** The same snapshot with another body or another head. */
function rewritten<S extends StoredSnapshot>(
  snapshot: S,
  change: (body: SnapshotBody) => SnapshotBody,
  head: Partial<SnapshotHead> = {},
): S {
  const { kind: name, actorId, bytes } = snapshot
  const kind = known.named(name)
  const body = change(decodeSnapshot(actorId, bytes, kind))
  const rewrittenHead = { ...snapshotHead(bytes)!, ...head }
  return { ...snapshot, bytes: Buffer.from(encodeSnapshot(actorId, body, kind, rewrittenHead)) }
}
const known = new Kinds(kinds)

export const runtimeBugs: Readonly<Record<string, Bug>> = {
  'epoch-unchecked': {
    about: 'an append does not look at the epoch of its slot',
    rule: '[5]',
    seed: 2,
    database(database) {
      database.fences = false
    },
  },
  'acknowledged-before-commit': {
    about: 'an append is answered when it is sent',
    rule: '[told]',
    seed: 1,
    journal(journal, { store }) {
      const sent = new Map<number, number>()
      return {
        ...journal,
        async append(request) {
          const firstSeq =
            Math.max(sent.get(request.slot) ?? 0, store.slot(request.slot).events.length) + 1
          sent.set(request.slot, firstSeq + request.events.length - 1)
          journal.append(request).catch(() => {})
          return { outcome: 'committed', firstSeq }
        },
      }
    },
  },
  'claim-deadline-forgotten': {
    about: 'claims are opened without their deadline',
    rule: '[C6]',
    seed: 6,
    claims(server) {
      server.deadline = () => Number.MAX_SAFE_INTEGER
    },
  },
  'replayed-without-ids': {
    about: 'recovery forgets which commands were carried out',
    rule: '[3]',
    seed: 13,
    journal: journal =>
      loading(journal, loaded => {
        const events = loaded.events.map((event): StoredEvent => ({ ...event, commandId: null }))
        return 'snapshots' in loaded
          ? { ...loaded, events, snapshots: loaded.snapshots.map(forgotten) }
          : {
              ...loaded,
              events,
              snapshot: loaded.snapshot === null ? null : forgotten(loaded.snapshot),
            }
      }),
  },
  'cursor-runs-ahead': {
    about: 'the outbox forgets at recovery what was not published',
    rule: '[6]',
    seed: 2,
    journal: journal => ({
      ...journal,
      loadSlot: async slot => {
        const loaded = await journal.loadSlot(slot)
        return { ...loaded, cursorSeq: loaded.lastSeq }
      },
    }),
  },
  'evolved-differently': {
    about: 'recovery reads an event as something else than it was',
    rule: '[4]',
    seed: 2,
    journal: journal =>
      loading(journal, loaded => ({
        ...loaded,
        events: loaded.events.map((stored): StoredEvent =>
          stored.event.type === 'order_accepted'
            ? {
                ...stored,
                event: { ...stored.event, data: { ...stored.event.data, fee_minor: 1 } },
              }
            : stored,
        ),
      })),
  },
  'capacity-ignored': {
    about: 'a driver takes offers beyond capacity',
    rule: '[8]',
    seed: 13,
    kinds: () =>
      withDriver({
        decide(state, command, nowMs) {
          const driver = state as Driver
          const roomy =
            driver.kind === 'registered' && (command as DriverCommand).verb === 'hold_offer'
              ? { ...driver, capacity: 99 }
              : driver
          return drivers.decide(roomy, command, nowMs)
        },
      }),
  },
  'late-answers-win': {
    about: 'the order forgets its deadline',
    rule: '[10]',
    seed: 11,
    kinds: () =>
      withOrder({
        decide: (state, command, nowMs) =>
          orders.decide(state, command, (command as OrderCommand).verb === 'respond' ? 0 : nowMs),
        wakeAtMs: state => {
          const atMs = orders.wakeAtMs(state)
          return atMs === null ? null : atMs + 20_000
        },
      }),
  },
  'late-frame-moves-pin': {
    about: 'a frame older than the live position moves the pin',
    rule: '[7]',
    seed: 1,
    engine(engine) {
      const { tracking } = engine
      const take = tracking.ingest.bind(tracking)
      tracking.ingest = body => {
        take(body)
        const reader = new LocationBatchReader()
        reader.open(body, Infinity)
        while (reader.next()) {
          const number = tracking.table.numberOf(reader.id0, reader.id1, reader.id2, reader.id3)
          if (reader.timestampMs < tracking.table.atMs(number))
            tracking.table.place(
              number,
              reader.latitude,
              reader.longitude,
              reader.timestampMs,
              reader.headingDeg,
              reader.speedMps,
            )
        }
      }
    },
  },
  'deadline-lost-at-recovery': {
    about: 'a deadline that was set before a crash is forgotten',
    rule: '[9]',
    seed: 3,
    journal: journal =>
      loading(journal, loaded => {
        const asleep = <S extends StoredSnapshot>(snapshot: S): S =>
          rewritten(snapshot, body => body, { wakeAtMs: null })
        return 'snapshots' in loaded
          ? { ...loaded, snapshots: loaded.snapshots.map(asleep) }
          : loaded
      }),
    kinds() {
      // Only an actor that decided in this incarnation has a deadline.
      const decided = new WeakSet<object>()
      return withOrder({
        evolve(state, event, atMs) {
          const next = orders.evolve(state, event, atMs)
          if (deciding === state || decided.has(state as object)) decided.add(next as object)
          return next
        },
        decide(state, command, nowMs) {
          deciding = state
          return orders.decide(state, command, nowMs)
        },
        wakeAtMs: state =>
          (state as Order).kind !== 'broadcast' || decided.has(state as object)
            ? orders.wakeAtMs(state)
            : null,
      })
    },
  },
  'catch-up-forgotten': {
    about: 'a terminal that connects does not ask for what it missed',
    rule: '[9]',
    seed: 3,
    edgeBus: bus => ({
      ...bus,
      get connected() {
        return bus.connected
      },
      publish: (subject, body, id) =>
        subject === subjects.terminals || bus.publish(subject, body, id),
    }),
  },
  'driver-forgets': {
    about: 'a driver forgets which commands it has heard, and takes an assignment without its hold',
    rule: '[4]',
    seed: 1,
    // No cursor is ever stored, as when engines die young, so every event of a slot is sent again.
    journal: journal =>
      loading({ ...journal, saveCursors: async () => {} }, loaded => {
        const events = loaded.events.map((event): StoredEvent =>
          event.kind === 'driver' ? { ...event, commandId: null } : event,
        )
        const forget = <S extends StoredSnapshot>(snapshot: S): S =>
          snapshot.kind === 'order' ? snapshot : forgotten(snapshot)
        return 'snapshots' in loaded
          ? { ...loaded, events, snapshots: loaded.snapshots.map(forget) }
          : {
              ...loaded,
              events,
              snapshot: loaded.snapshot === null ? null : forget(loaded.snapshot),
            }
      }),
    kinds: () =>
      withDriver({
        decide(state, command, nowMs) {
          const [driver, told] = [state as Driver, command as DriverCommand]
          if (
            told.verb !== 'assign' ||
            driver.kind === 'absent' ||
            driver.activeOrderIds.includes(told.orderId)
          )
            return drivers.decide(state, command, nowMs)
          return {
            ok: true,
            events: [
              { type: 'order_assigned', data: { offer_id: told.offerId, order_id: told.orderId } },
            ],
          }
        },
      }),
  },
  'release-forgotten': {
    about:
      'an order that lets go of its offer does not tell the driver, nor does the driver doubt it',
    rule: '[live]',
    seed: 9,
    kinds: () =>
      changed(
        withOrder({
          react: (event, state, ...rest) =>
            event.type === 'offer_closed' ? [] : orders.react(event, state, ...rest),
        }),
        drivers.name,
        { wakeAtMs: () => null },
      ),
  },
}
/** The state before the decision under way. Decisions are synchronous. */
let deciding: unknown = null
