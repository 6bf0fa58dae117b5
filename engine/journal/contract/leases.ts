/** Rule J10 of `leases.ts`: leases and membership. */
import type { Test } from 'tap'
import type { Store } from '../journal.ts'
import { testSlot } from './rows.ts'
import type { JournalSubject } from './subject.ts'

/** Runs the rules as subtests of `t`. */
export async function leaseRules(t: Test, subject: JournalSubject, journal: Store): Promise<void> {
  await t.test('J10 slots without a live lease are taken, and others only by force', async t => {
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
      'a slot that was taken by force is lost',
    )
    await subject.pass(450)
    t.same(
      await journal.acquireSlots('e3', [one, two], 400),
      [{ slot: one, epoch: 3 }],
      'a slot whose lease lapsed is free',
    )
    await subject.pass(450)
    t.same(
      (await journal.renewSlots('e3', 60_000)).leases,
      [{ slot: one, epoch: 3 }],
      'a slot whose lease lapsed is kept, if no engine took it',
    )
    t.same(
      await journal.acquireSlots('e3', [one], 60_000),
      [{ slot: one, epoch: 4 }],
      'an engine takes its own slot again, as after a restart',
    )

    await journal.releaseSlots('e1', [one, two])
    t.same(
      await journal.acquireSlots('e2', [one, two], 60_000),
      [{ slot: two, epoch: 2 }],
      'a release frees the own slots at once, and no other',
    )
  })

  await t.test(
    'J10 a renewal keeps all slots of its engine, for no longer than the lease',
    async t => {
      const [one, two] = [testSlot(), testSlot()]
      await journal.renewSlots('r1', 400)
      await journal.acquireSlots('r1', [one, two], 400)
      await journal.renewSlots('r1', 60_000)
      await subject.pass(450)
      t.same(
        await journal.acquireSlots('r2', [one, two], 400),
        [],
        'the renewal is longer than the first lease',
      )
      await journal.renewSlots('r1', 400)
      await subject.pass(450)
      t.same(await journal.acquireSlots('r2', [one], 60_000), [{ slot: one, epoch: 2 }])
      t.same(
        (await journal.renewSlots('r1', 60_000)).leases,
        [{ slot: two, epoch: 1 }],
        'a late renewal keeps the slots that no engine took',
      )
      t.same(await journal.acquireSlots('r2', [two], 60_000), [])
      await journal.leave('r1')
      t.same(
        await journal.acquireSlots('r2', [two], 60_000),
        [{ slot: two, epoch: 2 }],
        'an engine that has left holds no slot',
      )
    },
  )

  await t.test(
    'J10 an engine is a member while its renewal lasts, and until it leaves',
    async t => {
      await journal.renewSlots('m1', 60_000)
      await journal.renewSlots('m2', 400)
      const members = async (): Promise<string[]> =>
        (await journal.renewSlots('n', 60_000)).engines.filter(id => id.startsWith('m'))
      t.same(await members(), ['m1', 'm2'])
      await subject.pass(450)
      t.same(await members(), ['m1'])
      await journal.leave('m1')
      t.same(await members(), [])
    },
  )
}
