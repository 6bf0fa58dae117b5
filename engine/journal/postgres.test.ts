/**
 * The contract of the journal for a real Postgres, and the cases that only a server can show: lost
 * replies, restarts, crashes, several writers.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { requireOrSkip, startPostgres, type Service } from '../../protocol/testing/services.ts'
import { openDatabase, type PgPool, type QueryConfig } from '../../migrations/database/open.ts'
import { journalContract } from './contract.ts'
import {
  acquired,
  orderAppend,
  testEvent,
  testId,
  testOrderRow,
  testOrderView,
  testSlot,
} from './contract/rows.ts'
import { statements } from './statements.ts'
import { databaseSubject, journalOver, losingReplies, nowMs } from './fixture-subjects.ts'

t.test('Postgres', { skip: requireOrSkip(t, 'postgres') }, async t => {
  const server = await startPostgres()
  t.teardown(() => server.stop())
  const outage = { begin: () => server.kill(), end: () => server.restart() }
  await journalContract(t, 'Postgres', async () =>
    databaseSubject(await openDatabase({ url: server.url, keepsPlans: true }), outage),
  )
  await t.test('lost replies', t => lostReplies(t, server))
  await t.test('several writers', t => severalWriters(t, server))
  await t.test('J10 a renewal and an acquisition at the same moment', t => lapsesAtOnce(t, server))
  await t.test('J2 an append under way and an acquisition at the same moment', t =>
    takenDuringAppend(t, server),
  )
  await t.test('J15 members of before', t => proofsOfFormerMembers(t, server))
  await t.test('appends that cannot share a group', t => unusualAppends(t, server))
})

/** A file proves a delivery when its owner belonged to the pharmacy at that time. */
async function proofsOfFormerMembers(t: Test, server: Service): Promise<void> {
  const database = await openDatabase({ url: server.url })
  t.teardown(() => database.close())
  const subject = await databaseSubject(database)
  const journal = subject.open()
  const [slot, orderId, pharmacyId, atMs] = [testSlot(), testId(), testId(), nowMs()]
  const epoch = await acquired(journal, 'm', slot)
  const view = testOrderView(orderId, 1, {
    kind: 'direct',
    status: 'out_for_delivery',
    vendor_id: pharmacyId,
    picked_up_at: new Date(atMs).toISOString(),
  })
  await journal.append(
    orderAppend(slot, epoch, orderId, 0, { row: { order: testOrderRow(view, true) } }),
  )
  for (const [word, endedAtMs, bound] of [
    ['a member', null, true],
    ['who left after it', atMs + 1, true],
    ['who had left before it', atMs - 1, false],
  ] as const) {
    const [ownerId, photoId] = [testId(), testId()]
    await database.pool.query(
      `insert into members (id, vendor_id, user_id, role, created_at, joined_at, ended_at)
      values ($1, $2, $3, 'assistant', now(), now(), $4)`,
      [testId(), pharmacyId, ownerId, endedAtMs === null ? null : new Date(endedAtMs)],
    )
    const facts = { driverId: null, pharmacyId: null, orderId: null, atMs }
    await subject.putUpload({ id: photoId, kind: 'proof', ownerId, ...facts })
    const [upload] = await journal.claimProofs({
      orderId,
      photoId,
      signatureId: null,
      reporterId: null,
    })
    t.equal(upload!.orderId, bound ? orderId : null, word)
  }
}

/**
 * The next owner waits for an append that has begun. Otherwise the next owner would load the slot
 * without this append, and would write the same numbers.
 */
async function takenDuringAppend(t: Test, server: Service): Promise<void> {
  const database = await openDatabase({ url: server.url })
  t.teardown(() => database.close())
  const [journal, rival] = [journalOver(database.pool), journalOver(database.pool)]
  const slot = testSlot()
  await journal.renewSlots('f1', 1)
  const [lease] = await journal.acquireSlots('f1', [slot], 1)
  await sleep(5)
  // A transaction that does not end holds a row that the append must write. So the append waits
  // after it has checked its epoch.
  const id = testId()
  const client = await database.pool.connect()
  await client.query('begin')
  await client.query(
    `insert into events (slot, seq, actor_id, version, kind, type, v, data, at)
    values ($1, 1, $2, 1, 'order', 'held', 1, '{}', now())`,
    [slot, id],
  )
  let [appended, acquired] = [false, false]
  const append = journal.append(orderAppend(slot, lease!.epoch, id, 0)).finally(() => {
    appended = true
  })
  await sleep(100)
  const acquisition = rival.acquireSlots('f2', [slot], 60_000).finally(() => {
    acquired = true
  })
  await sleep(200)
  t.same(
    [appended, acquired],
    [false, false],
    'the append waits for the row, and the acquisition for the append',
  )
  await client.query('rollback')
  client.release()
  t.same(await append, { outcome: 'committed', firstSeq: 1 })
  t.equal((await acquisition).length, 1)
  t.equal((await rival.loadSlot(slot)).events.length, 1, 'the new owner has the event')
}

/**
 * A renewal and an acquisition see each other's work, whichever comes first. An engine that does
 * not know that it lost a slot would answer from memory for the length of a lease.
 */
async function lapsesAtOnce(t: Test, server: Service): Promise<void> {
  const database = await openDatabase({ url: server.url })
  const journal = journalOver(database.pool)
  const slot = testSlot()
  /** `first` is not committed until `second` waits for it. */
  const atOnce = async (first: string, second: () => Promise<unknown>): Promise<unknown> => {
    const client = await database.pool.connect()
    await client.query('begin')
    await client.query(first)
    let waits = true
    const answer = second().finally(() => {
      waits = false
    })
    await sleep(200)
    t.equal(waits, true, 'the second waits')
    await client.query('commit')
    client.release()
    return await answer
  }
  await journal.renewSlots('l1', 1)
  await journal.acquireSlots('l1', [slot], 1)
  await sleep(5)
  t.same(
    await atOnce(
      `update engines set lease_until = clock_timestamp() + interval '1 hour' where id = 'l1'`,
      () => journal.acquireSlots('l2', [slot], 60_000),
    ),
    [],
    'the renewal came first',
  )
  await journal.renewSlots('l1', 1)
  await sleep(5)
  const { text, values } = { text: statements.acquire.text, values: ['l2', [slot], 60_000, false] }
  const literal = values.reduce<string>(
    (sql, value, i) =>
      sql.replaceAll(
        `$${i + 1}`,
        Array.isArray(value)
          ? `'{${value.join()}}'`
          : typeof value === 'string'
            ? `'${value}'`
            : String(value),
      ),
    text,
  )
  t.same(
    await atOnce(literal, async () => (await journal.renewSlots('l1', 60_000)).leases),
    [],
    'the acquisition came first',
  )
  await journal.close()
  await database.close()
}

async function lostReplies(t: Test, server: Service): Promise<void> {
  const database = await openDatabase({ url: server.url })
  t.teardown(() => database.close())

  await t.test('J6 after a lost reply each append is written once and answered', async t => {
    const pool = losingReplies(
      database.pool,
      nth => ['failAfter', 'failBefore', 'pass'][nth % 3] as 'pass',
    )
    const journal = journalOver(pool)
    const slot = testSlot()
    const epoch = await acquired(journal, 'a', slot)
    const ids = [testId(), testId(), testId()]
    for (let round = 0; round < 3; round++) {
      const results = await Promise.all(
        ids.map(id => journal.append(orderAppend(slot, epoch, id, round))),
      )
      t.same(
        results,
        ids.map((_, i) => ({ outcome: 'committed', firstSeq: 1 + round * 3 + i })),
      )
    }
    t.ok(pool.appends > 3, 'appends were repeated')
    t.equal((await journal.loadSlot(slot)).events.length, 9, 'nothing was written twice')
  })

  await t.test('J6 a committed append, although the slot was lost before the retry', async t => {
    const rival = journalOver(database.pool)
    const slot = testSlot()
    const inner = losingReplies(database.pool, nth => (nth === 0 ? 'failAfter' : 'pass'))
    const pool: PgPool = {
      ...inner,
      async query<R>(query: string | QueryConfig, values?: readonly unknown[]) {
        try {
          return await inner.query<R>(query, values)
        } catch (error) {
          await acquired(rival, 'b', slot)
          throw error
        }
      },
    }
    const journal = journalOver(pool)
    const epoch = await acquired(journal, 'a', slot)
    const id = testId()
    t.same(await journal.append(orderAppend(slot, epoch, id, 0)), {
      outcome: 'committed',
      firstSeq: 1,
    })
    t.same(await journal.append(orderAppend(slot, epoch, id, 1)), { outcome: 'fenced' })
    t.equal((await rival.loadActor(id)).events.length, 1)
  })

  await t.test(
    'J6 an event that the next owner wrote for the same command is not the lost write',
    async t => {
      const slot = testSlot()
      const [id, commandId, rival] = [testId(), 'expire:1', journalOver(database.pool)]
      for (const [difference, theirs] of [
        ['at another time', { atMs: 1_700_000_000_001 }],
        ['with other data', { events: [testEvent('another')] }],
      ] as const) {
        const version = (await rival.loadActor(id)).events.length
        let tries = 0
        const pool: PgPool = {
          connect: () => database.pool.connect(),
          end: () => database.pool.end(),
          async query<R>(query: string | QueryConfig, values?: readonly unknown[]) {
            if (
              typeof query === 'string' ||
              query.name?.startsWith('journal_append') !== true ||
              tries++ > 0
            )
              return database.pool.query<R>(query, values)
            await rival.append(
              orderAppend(slot, await acquired(rival, 'b', slot), id, version, {
                ...ours,
                ...theirs,
              }),
            )
            throw new Error('injected: connection lost before')
          },
        }
        const ours = { commandId, atMs: 1_700_000_000_000, events: [testEvent('one')] }
        const journal = journalOver(pool)
        t.same(
          await journal.append(
            orderAppend(slot, await acquired(journal, 'a', slot), id, version, ours),
          ),
          { outcome: 'fenced' },
          difference,
        )
        t.ok(tries > 1, 'the append was repeated')
      }
    },
  )

  await t.test('J6 a conflict behind a lost reply is still a conflict', async t => {
    const journal = journalOver(
      losingReplies(database.pool, nth => (nth === 1 ? 'failAfter' : 'pass')),
    )
    const slot = testSlot()
    const epoch = await acquired(journal, 'a', slot)
    const id = testId()
    await journal.append(orderAppend(slot, epoch, id, 0))
    t.same(
      await Promise.all([
        journal.append(orderAppend(slot, epoch, id, 0, { commandId: 'x' })),
        journal.append(orderAppend(slot, epoch, testId(), 0)),
      ]),
      [{ outcome: 'conflict' }, { outcome: 'committed', firstSeq: 2 }],
    )
  })
}

async function severalWriters(t: Test, server: Service): Promise<void> {
  const database = await openDatabase({ url: server.url })
  t.teardown(() => database.close())

  await t.test(
    'J2 J3 owners change under load: the stored events are the acknowledged ones, numbered without a gap',
    async t => {
      const slot = testSlot()
      const acknowledged: string[] = []
      const untilMs = nowMs() + 1_500
      async function engine(name: string): Promise<void> {
        const journal = journalOver(database.pool)
        while (nowMs() < untilMs) {
          const epoch = await acquired(journal, name, slot)
          let fenced = false
          while (!fenced && nowMs() < untilMs) {
            const ids = Array.from({ length: 20 }, testId)
            const results = await Promise.all(
              ids.map(id => journal.append(orderAppend(slot, epoch, id, 0))),
            )
            ids.forEach((id, i) => {
              if (results[i]!.outcome === 'committed') acknowledged.push(id)
            })
            fenced = results.some(result => result.outcome === 'fenced')
          }
          await sleep(5)
        }
        await journal.close()
      }
      await Promise.all([engine('a'), engine('b'), engine('c')])
      const { events } = await journalOver(database.pool).loadSlot(slot)
      t.same(
        events.map(event => event.actorId).sort(),
        acknowledged.sort(),
        'exactly the acknowledged events are stored',
      )
      t.ok(events.every((event, i) => event.seq === i + 1))
      t.ok(acknowledged.length > 0, `${acknowledged.length} appends`)
    },
  )

  await t.test('leases, cursors, snapshots and appends together do not deadlock', async t => {
    const slots = Array.from({ length: 8 }, testSlot)
    const journal = journalOver(database.pool)
    const epochs = new Map(
      (await journal.acquireSlots('d', slots, 60_000)).map(lease => [lease.slot, lease.epoch]),
    )
    const untilMs = nowMs() + 1_000
    const repeat = async (work: () => Promise<unknown>): Promise<void> => {
      while (nowMs() < untilMs) await work()
    }
    const backwards = slots.toReversed()
    await Promise.all([
      repeat(() =>
        Promise.all(
          backwards.map(slot => journal.append(orderAppend(slot, epochs.get(slot)!, testId(), 0))),
        ),
      ),
      repeat(() => journal.renewSlots('d', 60_000)),
      repeat(() => journal.saveCursors(new Map(backwards.map(slot => [slot, nowMs() % 1e9])))),
      repeat(() => journal.saveSnapshots([], new Map(slots.map(slot => [slot, nowMs() % 1e9])))),
    ])
    const {
      rows: [row],
    } = await database.pool.query<{ deadlocks: number }>(
      'select deadlocks from pg_stat_database where datname = current_database()',
    )
    t.equal(row!.deadlocks, 0)
  })
}

async function unusualAppends(t: Test, server: Service): Promise<void> {
  const database = await openDatabase({ url: server.url })
  t.teardown(() => database.close())
  const journal = journalOver(database.pool)

  await t.test('an append that the database refuses fails alone', async t => {
    const slot = testSlot()
    const epoch = await acquired(journal, 'a', slot)
    const badId = testId()
    const bad = orderAppend(slot, epoch, badId, 0, {
      row: {
        kind: 'order',
        order: testOrderRow(testOrderView(badId, 1, { updated_at: 'noon' }), true),
      },
    })
    const results = await Promise.allSettled(
      [orderAppend(slot, epoch, testId(), 0), bad, orderAppend(slot, epoch, testId(), 0)].map(
        request => journal.append(request),
      ),
    )
    t.same(
      results.map(result => (result.status === 'fulfilled' ? result.value : 'rejected')),
      [{ outcome: 'committed', firstSeq: 1 }, 'rejected', { outcome: 'committed', firstSeq: 2 }],
    )
  })

  await t.test('an append that is larger than a group is written', async t => {
    const slot = testSlot()
    const epoch = await acquired(journal, 'a', slot)
    const events = Array.from({ length: 1_500 }, () => testEvent())
    t.same(
      await Promise.all([
        journal.append(orderAppend(slot, epoch, testId(), 0)),
        journal.append(orderAppend(slot, epoch, testId(), 0, { events })),
      ]),
      [
        { outcome: 'committed', firstSeq: 1 },
        { outcome: 'committed', firstSeq: 2 },
      ],
    )
  })
}
