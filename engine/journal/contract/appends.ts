/** Rules J1 to J5 of `journal.ts`: appends, their rows, fences and numbers. */
import type { Test } from 'tap'
import { orderNumber } from '../../../protocol/kernel/ids.ts'
import type { DriverView } from '../../../protocol/drivers/view.ts'
import type { OrderView } from '../../../protocol/orders/view.ts'
import type { AppendRequest, AppendResult, Store } from '../journal.ts'
import {
  acquired,
  committedAt,
  orderAppend,
  startMs,
  testEvent,
  testId,
  testOrderRow,
  testOrderView,
  testSlot,
} from './rows.ts'
import type { JournalSubject } from './subject.ts'

/** Runs the rules as subtests of `t`. */
export async function appendRules(t: Test, subject: JournalSubject, journal: Store): Promise<void> {
  await t.test('J1 a new journal over the store finds a committed append and its row', async t => {
    const slot = testSlot()
    const epoch = await acquired(journal, 'a', slot)
    const id = testId()
    const candidates = [testId(), testId()]
    const row = {
      order: testOrderRow(testOrderView(id, 1), true),
      candidates: candidates.map(vendor_id => ({ vendor_id, distance_km: 1.5 })),
    } as const
    t.same(await journal.append(orderAppend(slot, epoch, id, 0, { row })), committedAt(1))
    t.same(
      await journal.append(orderAppend(slot, epoch, id, 1, { commandId: null })),
      committedAt(2),
    )

    const other = subject.open()
    const { snapshot, events } = await other.loadActor(id)
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
    t.same(stored?.candidateIds, candidates, 'the candidates of the first event stay')
    await other.close()
  })

  await t.test('J1 orders that are written together each have their own candidates', async t => {
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
    'J1 the row has the driver who is asked, and keeps the words of the first event',
    async t => {
      const slot = testSlot()
      const epoch = await acquired(journal, 'a', slot)
      const [id, driver_id] = [testId(), testId()]
      const offer = { offer_id: testId(), driver_id, expires_at: new Date(startMs).toISOString() }
      const row = (version: number, change: Partial<OrderView>) => ({
        row: {
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
      row: next,
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

  await t.test(
    'J2 J5 an append under an old epoch writes nothing, and others are written',
    async t => {
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
      t.same((await journal.loadActor(ids[2]!)).events, [])
      t.same(
        await rival.append(orderAppend(lost, rivalEpoch, ids[2]!, 0)),
        committedAt(2),
        'the new owner continues without a gap',
      )
      t.same(await journal.append(orderAppend(lost, lostEpoch, ids[0]!, 1)), { outcome: 'fenced' })
      await rival.close()
    },
  )

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
      t.same(
        events.map(event => event.seq),
        Array.from({ length: lastSeq }, (_, i) => i + 1),
        'no number is missing',
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
        (await journal.loadActor(id)).events.map(event => event.version),
        [1, 2, 3],
      )
      t.equal((await subject.orderRow(id))?.view.version, 3)
      t.equal(await subject.orderRow(fresh), null)
    },
  )

  await t.test('an append without events is refused', async t => {
    await t.rejects(journal.append(orderAppend(testSlot(), 1, testId(), 0, { events: [] })))
  })
}
