/** Rule J7 of `journal.ts`: appends while the store is away. */
import type { Test } from 'tap'
import { CaduceusError } from '../../../protocol/kernel/errors.ts'
import { limits } from '../../../protocol/kernel/limits.ts'
import { acquired, committedAt, orderAppend, testEvent, testId, testSlot } from './rows.ts'
import type { JournalSubject } from './subject.ts'

/** Runs the rules as subtests of `t`. */
export async function outageRules(
  t: Test,
  subject: JournalSubject,
  outage: NonNullable<JournalSubject['outage']>,
): Promise<void> {
  await t.test(
    'J7 appends wait until the store is back, and more than the bound are refused',
    async t => {
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
    },
  )

  await t.test('J7 close refuses the appends that wait', async t => {
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
