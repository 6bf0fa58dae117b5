/**
 * The journal's rules as tests, run against every adapter. A `JournalSubject` is one store with any
 * number of journals over it; what an adapter's test must add is how to look into the store and how
 * to take it away. Each test uses slots and actors of its own, so one store serves the whole suite.
 */
import type { Test } from 'tap'
import { CaduceusError } from '../../protocol/errors.ts'
import type { OrderEvent } from '../../protocol/events.ts'
import { orderNumber, uuidV7 } from '../../protocol/ids.ts'
import { limits } from '../../protocol/limits.ts'
import type { DirectoryVendor } from '../../protocol/pushes.ts'
import type { DriverView } from '../../protocol/rest/driver.ts'
import type { OrderView } from '../../protocol/rest/order.ts'
import { endedStatuses } from '../../protocol/orders/statuses.ts'
import { placedFields, type OrderProgress } from '../../protocol/rest/order-parts.ts'
import type { UploadFact } from '../order/proof.ts'
import type { OrderRow } from '../order/row.ts'
import type {
  AppendRequest,
  AppendResult,
  Journal,
  ParkedCommand,
  PositionRow,
  StoredSnapshot,
} from './journal.ts'

/** `words`: in the order of their letters. */
export interface StoredOrder {
  view: OrderView
  candidateIds: string[] | null
  offeredDriverId: string | null
  words: string[]
}
export type DriverRow = Pick<
  DriverView,
  'membership' | 'status' | 'capacity' | 'active_order_ids' | 'total_deliveries' | 'version'
> & { totalEarningsMinor: number }

export interface JournalSubject {
  /** Another journal over the same store, as another engine or a restart would open it. */
  open(): Journal
  orderRow(id: string): Promise<StoredOrder | null>
  driverRow(id: string): Promise<DriverRow | null>
  putVendor(vendor: DirectoryVendor): Promise<void>
  /** A stored file, and the driver or pharmacy whose account uploaded it. */
  putUpload(upload: UploadFact): Promise<void>
  /** Lets the store's clock go on. */
  pass(ms: number): Promise<void>
  /** Takes the store away and brings it back; absent where that cannot be. */
  outage?: { begin(): Promise<void>; end(): Promise<void> }
  parked(slot: number): Promise<readonly ParkedCommand[]>
  close(): Promise<void>
}

const startMs = Date.UTC(2026, 0, 5, 9)
let counter = 0
/** Seeded by a counter: the same ids in every run, none twice. */
export const testId = (): string => {
  let state = ++counter
  return uuidV7(startMs + counter, () => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647)
}
let lastSlot = 0
export const testSlot = (): number => ++lastSlot

export function testOrderView(
  id: string,
  version: number,
  change: Partial<OrderView> = {},
): OrderView {
  const at = new Date(startMs + version).toISOString()
  return {
    id,
    kind: 'broadcast',
    order_number: orderNumber(id),
    tracking_token: `token-${id}`,
    status: 'pending',
    user_id: id,
    vendor_id: null,
    vendor_name: null,
    driver_id: null,
    driver_name: null,
    driver_phone: null,
    assignment_id: null,
    pickup_address: null,
    pickup_latitude: null,
    pickup_longitude: null,
    delivery_address: '5 Elm Row, "back door" \\ left',
    delivery_latitude: 28.6,
    delivery_longitude: 77.2,
    customer_name: "Zoë {Ødegård}, née \n O'Neil",
    customer_phone: '+1 555 0100',
    items: [{ name: 'Aspirin', quantity: 2 }],
    quantity: null,
    notes: 'nul \u0000 and lone \ud800',
    prescription_url: null,
    radius_km: 5,
    pharmacies_notified: 2,
    expires_at: new Date(startMs + 60_000).toISOString(),
    responses: [],
    driver_search: { state: 'idle', offers_made: 0, offer: null },
    estimated_distance_km: null,
    actual_distance_km: null,
    delivery_fee: null,
    currency: 'USD',
    proof_photo_url: null,
    signature_url: null,
    delivery_flag: null,
    reason: null,
    created_at: new Date(startMs).toISOString(),
    updated_at: at,
    accepted_at: null,
    driver_assigned_at: null,
    arrived_at_pickup_at: null,
    picked_up_at: null,
    out_for_delivery_at: null,
    arrived_at_dropoff_at: null,
    delivered_at: null,
    ended_at: null,
    version,
    ...change,
  }
}

/** The row of an order that shows like this. */
export function testOrderRow(view: OrderView, born: boolean): OrderRow {
  const ms = (at: string | null): number | null => (at === null ? null : Date.parse(at))
  const fixed: ReadonlySet<string> = new Set(placedFields)
  const part = (placed: boolean): object =>
    Object.fromEntries(
      Object.entries(view).filter(
        ([field, value]) => value !== null && fixed.has(field) === placed,
      ),
    )
  return {
    id: view.id,
    kind: view.kind,
    orderNumber: view.order_number,
    trackingToken: view.tracking_token,
    customerId: view.user_id,
    createdAtMs: Date.parse(view.created_at),
    placed: born ? part(true) : null,
    status: view.status,
    ended: endedStatuses.includes(view.status),
    vendorId: view.vendor_id,
    driverId: view.driver_id,
    offeredDriverId: view.driver_search.offer?.driver_id ?? null,
    expiresAtMs: ms(view.expires_at),
    updatedAtMs: Date.parse(view.updated_at),
    acceptedAtMs: ms(view.accepted_at),
    deliveredAtMs: ms(view.delivered_at),
    feeMinor: view.delivery_fee === null ? null : Math.round(view.delivery_fee * 100),
    actualDistanceKm: view.actual_distance_km,
    version: view.version,
    progress: part(false) as OrderProgress,
  }
}

export const testEvent = (text: string | null = null): OrderEvent => ({
  type: 'order_cancelled',
  data: { by: 'test', reason: text },
})

export function orderAppend(
  slot: number,
  epoch: number,
  actorId: string,
  fromVersion: number,
  change: Partial<AppendRequest> = {},
): AppendRequest {
  const events = change.events ?? [testEvent(`v${fromVersion + 1}`)]
  return {
    slot,
    epoch,
    kind: 'order',
    actorId,
    fromVersion,
    atMs: startMs + fromVersion,
    commandId: `c"${actorId}\\${fromVersion}`,
    by: { role: 'service', id: `by "${fromVersion}"` },
    events,
    row: {
      kind: 'order',
      order: testOrderRow(testOrderView(actorId, fromVersion + events.length), fromVersion === 0),
    },
    ...change,
  }
}

const committedAt = (firstSeq: number): AppendResult => ({ outcome: 'committed', firstSeq })

export async function acquired(journal: Journal, engineId: string, slot: number): Promise<number> {
  const [lease] = await journal.acquireSlots(engineId, [slot], 60_000, true)
  return lease!.epoch
}

/** Runs every rule of `journal.ts` as a subtest of `t`. */
export async function journalContract(
  t: Test,
  name: string,
  make: () => Promise<JournalSubject>,
): Promise<void> {
  const subject = await make()
  const journal = subject.open()
  await t.test(`${name}: appends`, t => appendRules(t, subject, journal))
  await t.test(`${name}: recovery`, t => recoveryRules(t, journal))
  await t.test(`${name}: leases`, t => leaseRules(t, subject, journal))
  await t.test(`${name}: directory, positions, breadcrumbs`, t => sideRules(t, subject, journal))
  if (subject.outage) await t.test(`${name}: outage`, t => outageRules(t, subject, subject.outage!))
  await journal.close()
  await subject.close()
}

async function appendRules(t: Test, subject: JournalSubject, journal: Journal): Promise<void> {
  await t.test('J1 a committed append is there for a new journal, with its row', async t => {
    const slot = testSlot()
    const epoch = await acquired(journal, 'a', slot)
    const id = testId()
    const vendors = [testId(), testId()]
    const row = {
      kind: 'order',
      order: testOrderRow(testOrderView(id, 1), true),
      candidates: vendors.map(vendor_id => ({ vendor_id, distance_km: 1.5 })),
    } as const
    t.same(await journal.append(orderAppend(slot, epoch, id, 0, { row })), committedAt(1))
    t.same(
      await journal.append(orderAppend(slot, epoch, id, 1, { commandId: null })),
      committedAt(2),
    )

    const other = subject.open()
    const { snapshot, events } = await other.loadActor(slot, id)
    t.equal(snapshot, null)
    t.same(
      events.map(({ seq, version, commandId, atMs, kind, event }) => ({
        seq,
        version,
        commandId,
        atMs,
        kind,
        event,
      })),
      [
        {
          seq: 1,
          version: 1,
          commandId: `c"${id}\\0`,
          atMs: startMs,
          kind: 'order',
          event: testEvent('v1'),
        },
        {
          seq: 2,
          version: 2,
          commandId: null,
          atMs: startMs + 1,
          kind: 'order',
          event: testEvent('v2'),
        },
      ],
    )
    const stored = await subject.orderRow(id)
    t.same(stored?.view, testOrderView(id, 2))
    t.same(stored?.candidateIds, vendors, 'candidates stay as the first event gave them')
    await other.close()
  })

  await t.test('J1 orders that are written together have each their own candidates', async t => {
    const slot = testSlot()
    const epoch = await acquired(journal, 'a', slot)
    const orders = [3, null, 0, 1, 400, null].map(count => ({
      id: testId(),
      candidates: count === null ? null : Array.from({ length: count }, testId),
    }))
    await Promise.all(
      orders.map(({ id, candidates }) =>
        journal.append(
          orderAppend(slot, epoch, id, 0, {
            row: {
              kind: 'order',
              order: testOrderRow(testOrderView(id, 1), true),
              ...(candidates !== null && {
                candidates: candidates.map(vendor_id => ({ vendor_id, distance_km: 1 })),
              }),
            },
          }),
        ),
      ),
    )
    for (const { id, candidates } of orders)
      t.same((await subject.orderRow(id))?.candidateIds, candidates)
  })

  await t.test(
    'J1 the driver who is asked has a column, words stay as the first event gave them',
    async t => {
      const slot = testSlot()
      const epoch = await acquired(journal, 'a', slot)
      const [id, driver_id] = [testId(), testId()]
      const offer = { offer_id: testId(), driver_id, expires_at: new Date(startMs).toISOString() }
      const row = (version: number, change: Partial<OrderView>) => ({
        row: {
          kind: 'order' as const,
          order: testOrderRow(testOrderView(id, version, change), false),
        },
      })
      await journal.append(orderAppend(slot, epoch, id, 0))
      t.match(await subject.orderRow(id), { offeredDriverId: null })
      await journal.append(
        orderAppend(
          slot,
          epoch,
          id,
          1,
          row(2, {
            driver_search: { state: 'offering', offers_made: 1, offer },
            customer_name: 'Another',
            tracking_token: `second-${id}`,
          }),
        ),
      )
      const stored = await subject.orderRow(id)
      t.equal(stored?.offeredDriverId, driver_id)
      t.equal(stored?.view.tracking_token, `second-${id}`)
      t.same(
        stored?.words,
        [
          'aspirin',
          'neil',
          'née',
          'o',
          'ord',
          orderNumber(id).slice(4).toLowerCase(),
          'ødegård',
          'zoë',
        ].sort(),
      )
      await journal.append(orderAppend(slot, epoch, id, 2))
      t.equal((await subject.orderRow(id))?.offeredDriverId, null)
    },
  )

  await t.test('J1 the row of a driver follows its events', async t => {
    const slot = testSlot()
    const epoch = await acquired(journal, 'a', slot)
    const view: DriverView = {
      id: testId(),
      vendor_id: testId(),
      membership: 'active',
      full_name: 'D, "D"',
      phone: '1',
      vehicle_type: 'bike',
      status: 'available',
      capacity: 2,
      active_order_ids: [],
      offer: null,
      total_deliveries: 0,
      total_earnings: 0,
      currency: 'USD',
      version: 1,
    }
    const request = (next: DriverView): AppendRequest => ({
      slot,
      epoch,
      kind: 'driver',
      actorId: view.id,
      fromVersion: next.version - 1,
      atMs: startMs,
      commandId: null,
      by: { role: 'driver', id: view.id },
      events: [{ type: 'status_changed', data: { availability: 'available' } }],
      row: { kind: 'driver', view: next },
    })
    t.same(await journal.append(request(view)), committedAt(1))
    const orders = [testId(), testId()]
    const busy: DriverView = {
      ...view,
      membership: 'ended',
      status: 'busy',
      active_order_ids: orders,
      total_deliveries: 3,
      total_earnings: 12.35,
      version: 2,
    }
    t.same(await journal.append(request(busy)), committedAt(2))
    t.same(await subject.driverRow(view.id), {
      membership: 'ended',
      status: 'busy',
      capacity: 2,
      active_order_ids: orders,
      total_deliveries: 3,
      totalEarningsMinor: 1235,
      version: 2,
    })
  })

  await t.test('J2 J5 a fenced append writes nothing and harms no other', async t => {
    const [lost, kept] = [testSlot(), testSlot()]
    const lostEpoch = await acquired(journal, 'a', lost)
    const keptEpoch = await acquired(journal, 'a', kept)
    const ids = Array.from({ length: 6 }, testId)
    t.same(await journal.append(orderAppend(lost, lostEpoch, ids[0]!, 0)), committedAt(1))

    const rival = subject.open()
    const rivalEpoch = await acquired(rival, 'b', lost)
    t.equal(rivalEpoch, lostEpoch + 1)
    const results = await Promise.all(
      ids
        .slice(1)
        .map((id, i) =>
          journal.append(orderAppend(i % 2 ? lost : kept, i % 2 ? lostEpoch : keptEpoch, id, 0)),
        ),
    )
    t.same(results, [
      committedAt(1),
      { outcome: 'fenced' },
      committedAt(2),
      { outcome: 'fenced' },
      committedAt(3),
    ])
    t.equal(await subject.orderRow(ids[2]!), null)
    t.same((await journal.loadActor(lost, ids[2]!)).events, [])
    t.same(
      await rival.append(orderAppend(lost, rivalEpoch, ids[2]!, 0)),
      committedAt(2),
      'the new owner goes on without a gap',
    )
    t.same(await journal.append(orderAppend(lost, lostEpoch, ids[0]!, 1)), { outcome: 'fenced' })
    await rival.close()
  })

  await t.test('J3 numbers of a slot are contiguous in the order of the calls', async t => {
    const slots = [testSlot(), testSlot(), testSlot()]
    const epochs = new Map<number, number>()
    for (const slot of slots) epochs.set(slot, await acquired(journal, 'a', slot))
    const nextSeq = new Map(slots.map(slot => [slot, 1]))
    const expected: AppendResult[] = []
    const requests = Array.from({ length: 2_000 }, (_, i) => {
      const slot = slots[(i * 7) % 3]!
      const events = Array.from({ length: 1 + (i % 3) }, () => testEvent())
      expected.push(committedAt(nextSeq.get(slot)!))
      nextSeq.set(slot, nextSeq.get(slot)! + events.length)
      return orderAppend(slot, epochs.get(slot)!, testId(), 0, { events })
    })
    t.same(await Promise.all(requests.map(request => journal.append(request))), expected)
    for (const slot of slots) {
      const { events, lastSeq } = await journal.loadSlot(slot)
      t.equal(lastSeq, nextSeq.get(slot)! - 1)
      t.ok(
        events.every((event, i) => event.seq === i + 1),
        'none missing',
      )
    }
  })

  await t.test(
    'J4 J5 an append that does not continue the stored version answers conflict',
    async t => {
      const slot = testSlot()
      const epoch = await acquired(journal, 'a', slot)
      const [id, other, fresh] = [testId(), testId(), testId()]
      const twoEvents = { events: [testEvent('1'), testEvent('2')] }
      t.same(await journal.append(orderAppend(slot, epoch, id, 0, twoEvents)), committedAt(1))
      t.same(
        await Promise.all([
          journal.append(orderAppend(slot, epoch, other, 0)),
          journal.append(orderAppend(slot, epoch, id, 1, twoEvents)),
          journal.append(orderAppend(slot, epoch, id, 0)),
          journal.append(orderAppend(slot, epoch, id, 5)),
          journal.append(orderAppend(slot, epoch, fresh, 1)),
          journal.append(orderAppend(slot, epoch, id, 2)),
        ]),
        [
          committedAt(3),
          { outcome: 'conflict' },
          { outcome: 'conflict' },
          { outcome: 'conflict' },
          { outcome: 'conflict' },
          committedAt(4),
        ],
      )
      t.same(
        (await journal.loadActor(slot, id)).events.map(event => event.version),
        [1, 2, 3],
      )
      t.equal((await subject.orderRow(id))?.view.version, 3)
      t.equal(await subject.orderRow(fresh), null)
    },
  )

  await t.test('an append without events is a defect of the caller', async t => {
    await t.rejects(journal.append(orderAppend(testSlot(), 1, testId(), 0, { events: [] })))
  })
}

async function recoveryRules(t: Test, journal: Journal): Promise<void> {
  await t.test('J8 J9 J11 snapshots, the events after them, and the cursor', async t => {
    const slot = testSlot()
    const epoch = await acquired(journal, 'a', slot)
    const [live, done, replayed, unsaved] = [testId(), testId(), testId(), testId()]
    for (const [id, version] of [
      [live, 0],
      [done, 0],
      [replayed, 0],
      [live, 1],
      [done, 1],
      [replayed, 1],
      [unsaved, 0],
      [live, 2],
    ] as const)
      await journal.append(orderAppend(slot, epoch, id, version))
    const snapshot = (actorId: string, version: number, finished = false): StoredSnapshot => ({
      slot,
      kind: 'order',
      actorId,
      version,
      finished,
      bytes: Buffer.from(`${actorId}@${version}`),
    })
    t.same(
      await journal
        .loadSlot(slot)
        .then(({ snapshots, events, cursorSeq, lastSeq }) => [
          snapshots.length,
          events.length,
          cursorSeq,
          lastSeq,
        ]),
      [0, 8, 0, 8],
    )

    await journal.saveCursors(new Map([[slot, 6]]))
    await journal.saveSnapshots(
      [snapshot(live, 1), snapshot(live, 2), snapshot(done, 2, true), snapshot(replayed, 1, true)],
      new Map([[slot, 2]]),
    )
    const loaded = await journal.loadSlot(slot)
    t.same(
      loaded.snapshots
        .map(one => [one.actorId, one.version, one.finished, new TextDecoder().decode(one.bytes)])
        .sort(),
      [
        [live, 2, false, `${live}@2`],
        [replayed, 1, true, `${replayed}@1`],
      ].sort(),
      'a finished actor without later events is not loaded',
    )
    t.same(
      loaded.events.map(event => [event.actorId, event.version]),
      [
        [replayed, 2],
        [unsaved, 1],
        [live, 3],
      ],
    )
    t.same([loaded.cursorSeq, loaded.lastSeq], [6, 8])

    await journal.saveSnapshots([snapshot(live, 1), snapshot(replayed, 2, true)], new Map())
    await journal.saveCursors(new Map([[slot, 5]]))
    const again = await journal.loadSlot(slot)
    t.same(
      [again.cursorSeq, again.snapshots.map(one => one.version)],
      [6, [2]],
      'neither cursor nor snapshot goes back',
    )

    await journal.saveSnapshots([snapshot(live, 3), snapshot(unsaved, 1)], new Map([[slot, 8]]))
    const unpublished = await journal.loadSlot(slot)
    t.same(
      unpublished.events.map(event => event.seq),
      [7, 8],
      'after the cursor, though snapshots cover them',
    )
    await journal.saveCursors(new Map([[slot, 8]]))
    const quiet = await journal.loadSlot(slot)
    t.same([quiet.events, quiet.lastSeq, quiet.snapshots.length], [[], 8, 2])

    const actor = await journal.loadActor(slot, done)
    t.same([actor.snapshot?.version, actor.snapshot?.finished, actor.events], [2, true, []])
    t.same(await journal.loadActor(slot, testId()), { snapshot: null, events: [] })
    t.same(await journal.append(orderAppend(slot, epoch, unsaved, 1)), committedAt(9))
  })

  await t.test('J8 many snapshots and bytes of every value', async t => {
    const slot = testSlot()
    await acquired(journal, 'a', slot)
    const all = Array.from({ length: limits.snapshotBatchMax + 20 }, (_, i): StoredSnapshot => ({
      slot,
      kind: 'driver',
      actorId: testId(),
      version: 1,
      finished: false,
      bytes: Uint8Array.from({ length: i % 300 }, (_, j) => (i + j) & 0xff),
    }))
    await journal.saveSnapshots(all, new Map())
    const byId = new Map((await journal.loadSlot(slot)).snapshots.map(one => [one.actorId, one]))
    t.equal(byId.size, all.length)
    t.ok(all.every(one => Buffer.compare(one.bytes, byId.get(one.actorId)!.bytes) === 0))
  })
}

async function leaseRules(t: Test, subject: JournalSubject, journal: Journal): Promise<void> {
  await t.test(
    'J10 free and lapsed slots are taken, live ones are respected unless forced',
    async t => {
      const [one, two] = [testSlot(), testSlot()]
      t.same(await journal.acquireSlots('e1', [one, two], 60_000), [
        { slot: one, epoch: 1 },
        { slot: two, epoch: 1 },
      ])
      t.same(await journal.acquireSlots('e2', [one, two], 60_000), [])
      t.same(await journal.acquireSlots('e2', [one], 400, true), [{ slot: one, epoch: 2 }])
      t.same(
        (await journal.renewSlots('e1', 60_000)).leases,
        [{ slot: two, epoch: 1 }],
        'what was taken by force is no longer ours',
      )
      await subject.pass(450)
      t.same(
        await journal.acquireSlots('e3', [one, two], 400),
        [{ slot: one, epoch: 3 }],
        'a lapsed lease is free',
      )
      await subject.pass(450)
      t.same(
        (await journal.renewSlots('e3', 60_000)).leases,
        [{ slot: one, epoch: 3 }],
        'lapsed but not taken: still ours',
      )
      t.same(
        await journal.acquireSlots('e3', [one], 60_000),
        [{ slot: one, epoch: 4 }],
        "one's own live lease, as after a restart",
      )

      await journal.releaseSlots('e1', [one, two])
      t.same(
        await journal.acquireSlots('e2', [one, two], 60_000),
        [{ slot: two, epoch: 2 }],
        "release frees one's own at once",
      )
    },
  )

  await t.test(
    'J10 a renewal holds all that its engine has, and nothing longer than that',
    async t => {
      const [one, two] = [testSlot(), testSlot()]
      await journal.renewSlots('r1', 400)
      await journal.acquireSlots('r1', [one, two], 400)
      await journal.renewSlots('r1', 60_000)
      await subject.pass(450)
      t.same(
        await journal.acquireSlots('r2', [one, two], 400),
        [],
        'beyond the lease that they were acquired for',
      )
      await journal.renewSlots('r1', 400)
      await subject.pass(450)
      t.same(await journal.acquireSlots('r2', [one], 60_000), [{ slot: one, epoch: 2 }])
      t.same(
        (await journal.renewSlots('r1', 60_000)).leases,
        [{ slot: two, epoch: 1 }],
        'late, it keeps what nobody took',
      )
      t.same(await journal.acquireSlots('r2', [two], 60_000), [])
      await journal.leave('r1')
      t.same(
        await journal.acquireSlots('r2', [two], 60_000),
        [{ slot: two, epoch: 2 }],
        'who has left holds nothing',
      )
    },
  )

  await t.test('J10 membership lives by renewal', async t => {
    await journal.renewSlots('m1', 60_000)
    await journal.renewSlots('m2', 400)
    const members = async (): Promise<string[]> =>
      (await journal.renewSlots('n', 60_000)).engines.filter(id => id.startsWith('m'))
    t.same(await members(), ['m1', 'm2'])
    await subject.pass(450)
    t.same(await members(), ['m1'])
    await journal.leave('m1')
    t.same(await members(), [])
  })
}

const position = (driverId: string, atMs: number): PositionRow => ({
  driverId,
  latitude: atMs % 90,
  longitude: 1.25,
  headingDeg: null,
  speedMps: 3.5,
  atMs,
})

async function sideRules(t: Test, subject: JournalSubject, journal: Journal): Promise<void> {
  await t.test('J12 a parked command is stored once', async t => {
    const slot = testSlot()
    const parked = {
      slot,
      seq: 7,
      fromActorId: testId(),
      kind: 'driver' as const,
      actorId: testId(),
      commandId: 'x:1',
      command: { verb: 'assign', orderId: 'ö' },
      detail: 'why',
      tries: 10,
    }
    await journal.park(parked)
    await journal.park({ ...parked, tries: 11 })
    await journal.park({ ...parked, commandId: 'x:2' })
    t.same(
      [...(await subject.parked(slot))].sort((a, b) => a.commandId.localeCompare(b.commandId)),
      [parked, { ...parked, commandId: 'x:2' }],
    )
  })

  await t.test("vendors changed since, by the store's clock", async t => {
    const vendor: DirectoryVendor = {
      vendor_id: testId(),
      name: 'P',
      phone: '1',
      address: null,
      latitude: 1.5,
      longitude: 2.5,
      status: 'active',
      is_active: true,
      revision: 1,
      proof_required: false,
      dispatch_policy: 'offer',
      time_zone: 'Asia/Kolkata',
      opening_hours: { mon: [{ open: '09:00', close: '18:30' }] },
      tariff: {
        base_minor: 100,
        minimum_minor: 200,
        bands: [{ up_to_km: null, per_km_minor: 50 }],
      },
    }
    const before = await journal.vendorsChangedSince(0)
    t.notOk(before.vendors.some(one => one.vendor_id === vendor.vendor_id))
    await subject.putVendor(vendor)
    const after = await journal.vendorsChangedSince(before.nextSinceMs)
    t.same(
      after.vendors.filter(one => one.vendor_id === vendor.vendor_id),
      [vendor],
    )
    t.ok(after.nextSinceMs >= before.nextSinceMs)
  })

  await t.test('open requests of a customer, and of nobody else', async t => {
    const slot = testSlot()
    const epoch = await acquired(journal, 'a', slot)
    const [customerId, stranger, open, taken, direct, other] = [
      testId(),
      testId(),
      testId(),
      testId(),
      testId(),
      testId(),
    ]
    // By the store's clock: what is older than any request can be is not looked at.
    const nowMs = Math.floor((await journal.vendorsChangedSince(0)).nextSinceMs / 1000) * 1000
    const expires_at = new Date(nowMs + 60_000).toISOString()
    const place = async (id: string, change: Partial<OrderView>) => {
      const view = testOrderView(id, 1, {
        user_id: customerId,
        created_at: new Date(nowMs).toISOString(),
        expires_at,
        ...change,
      })
      t.match(
        await journal.append(
          orderAppend(slot, epoch, id, 0, {
            row: { kind: 'order', order: testOrderRow(view, true) },
          }),
        ),
        { outcome: 'committed' },
      )
    }
    t.same(await journal.openRequestsOf(customerId, []), [])
    await place(open, {})
    await place(taken, { status: 'accepted' })
    await place(direct, { kind: 'direct', expires_at: null })
    await place(other, { user_id: stranger })
    const row = { orderId: open, open: true, expiresAtMs: nowMs + 60_000 }
    t.same(await journal.openRequestsOf(customerId, []), [row])
    t.same(
      (await journal.openRequestsOf(customerId, [taken, testId()])).sort(
        (a, b) => Number(b.open) - Number(a.open),
      ),
      [row, { ...row, orderId: taken, open: false }],
      'and what became of those that are named',
    )
  })

  await t.test('positions: the newest of a driver stays', async t => {
    const [d1, d2] = [testId(), testId()]
    await journal.savePositions([
      position(d1, startMs + 5),
      position(d1, startMs + 7),
      position(d2, startMs + 1),
    ])
    await journal.savePositions([position(d1, startMs + 6)])
    t.same(
      (await journal.loadPositions(startMs)).sort((a, b) => a.atMs - b.atMs),
      [position(d2, startMs + 1), position(d1, startMs + 7)],
    )
    t.same(await journal.loadPositions(startMs + 7), [])
    await journal.savePositions([])
  })

  await t.test('breadcrumbs: kept once, in order of time', async t => {
    const [o1, o2, driverId] = [testId(), testId(), testId()]
    const crumb = (orderId: string, atMs: number) => ({
      orderId,
      driverId,
      atMs,
      latitude: 1.5,
      longitude: -2.5,
    })
    await journal.saveBreadcrumbs([
      crumb(o1, startMs + 2),
      crumb(o1, startMs + 1),
      crumb(o2, startMs),
    ])
    await journal.saveBreadcrumbs([crumb(o1, startMs + 2), crumb(o1, startMs + 3)])
    t.same(await journal.loadBreadcrumbs([o1]), [
      crumb(o1, startMs + 1),
      crumb(o1, startMs + 2),
      crumb(o1, startMs + 3),
    ])
    t.same(await journal.loadBreadcrumbs([]), [])
  })
}

async function outageRules(
  t: Test,
  subject: JournalSubject,
  outage: NonNullable<JournalSubject['outage']>,
): Promise<void> {
  await t.test('J7 appends wait for the store to return, up to the bound', async t => {
    const journal = subject.open()
    const slot = testSlot()
    const epoch = await acquired(journal, 'a', slot)
    await journal.append(orderAppend(slot, epoch, testId(), 0))
    await outage.begin()
    const eventsPerAppend = 500
    const events = Array.from({ length: eventsPerAppend }, () => testEvent())
    const waiting = Array.from({ length: limits.journalQueueEventsMax / eventsPerAppend }, () =>
      journal.append(orderAppend(slot, epoch, testId(), 0, { events })),
    )
    const refused = await journal.append(orderAppend(slot, epoch, testId(), 0)).then(
      () => null,
      (error: unknown) => error,
    )
    t.ok(refused instanceof CaduceusError && refused.code === 'overloaded')
    await outage.end()
    t.same(
      await Promise.all(waiting),
      waiting.map((_, i) => committedAt(2 + i * eventsPerAppend)),
    )
    t.same(
      await journal.append(orderAppend(slot, epoch, testId(), 0)),
      committedAt(2 + limits.journalQueueEventsMax),
      'the queue is free again',
    )
    await journal.close()
  })

  await t.test('J7 close answers what still waits', async t => {
    const journal = subject.open()
    const slot = testSlot()
    const epoch = await acquired(journal, 'a', slot)
    await outage.begin()
    const waiting = [testId(), testId()].map(id =>
      journal.append(orderAppend(slot, epoch, id, 0)).then(
        () => null,
        (error: unknown) => error,
      ),
    )
    await subject.pass(50)
    await journal.close()
    for (const error of await Promise.all(waiting))
      t.ok(error instanceof CaduceusError && error.code === 'unavailable')
    await outage.end()
  })
}
