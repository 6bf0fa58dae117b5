/** Rules J8, J9, J11 and J12 of `journal.ts`: the reads of a recovery, and parked commands. */
import type { Test } from 'tap'
import { limits } from '../../../protocol/kernel/limits.ts'
import type { StoredSnapshot, Store } from '../journal.ts'
import { acquired, committedAt, orderAppend, testId, testSlot } from './rows.ts'
import type { JournalSubject } from './subject.ts'

/** Runs the rules as subtests of `t`. */
export async function recoveryRules(
  t: Test,
  subject: JournalSubject,
  journal: Store,
): Promise<void> {
  await t.test(
    'J8 J9 J11 a slot is loaded as its snapshots and the events after them and after the cursor',
    async t => {
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
        [
          snapshot(live, 1),
          snapshot(live, 2),
          snapshot(done, 2, true),
          snapshot(replayed, 1, true),
        ],
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
        'no cursor and no snapshot goes back',
      )

      await journal.saveSnapshots([snapshot(live, 3), snapshot(unsaved, 1)], new Map([[slot, 8]]))
      const unpublished = await journal.loadSlot(slot)
      t.same(
        unpublished.events.map(event => event.seq),
        [7, 8],
        'the events after the cursor, although snapshots cover them',
      )
      await journal.saveCursors(new Map([[slot, 8]]))
      const quiet = await journal.loadSlot(slot)
      t.same([quiet.events, quiet.lastSeq, quiet.snapshots.length], [[], 8, 2])

      const actor = await journal.loadActor(done)
      t.same([actor.snapshot?.version, actor.snapshot?.finished, actor.events], [2, true, []])
      t.same(await journal.loadActor(testId()), { snapshot: null, events: [] })
      t.same(await journal.append(orderAppend(slot, epoch, unsaved, 1)), committedAt(9))
    },
  )

  await t.test(
    'J8 many snapshots with all values of bytes are loaded as they were stored',
    async t => {
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
    },
  )

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
}
