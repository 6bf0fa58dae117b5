/** The contract of the journal for the store in memory and the embedded database. */
import { setTimeout as sleep } from 'node:timers/promises'
import { kinds } from '../kinds.ts'
import t, { type Test } from 'tap'
import { preparedDatabase } from '../../migrations/database/prepared.ts'
import { journalContract } from './contract.ts'
import { acquired, orderAppend, testId, testSlot } from './contract/rows.ts'
import { postgresJournal } from './postgres.ts'
import { databaseSubject, losingReplies, memorySubject, nowMs } from './fixture-subjects.ts'

t.test('memory', async t => {
  await journalContract(t, 'memory', memorySubject)
})

t.test('PGlite', async t => {
  await journalContract(t, 'PGlite', async () => databaseSubject(await preparedDatabase()))
  await t.test('appends that come soon after a group wait, and share a statement', spacedGroups)
})

async function spacedGroups(t: Test): Promise<void> {
  const database = await preparedDatabase()
  t.teardown(() => database.close())
  const pool = losingReplies(database.pool, () => 'pass')
  const timers: (() => void)[] = []
  const journal = postgresJournal(pool, kinds, {
    nowMs,
    after: (_ms, run) => {
      timers.push(run)
      return () => {}
    },
    lanes: 1,
    spacingMs: 2,
  })
  const slot = testSlot()
  const epoch = await acquired(journal, 'a', slot)
  await journal.append(orderAppend(slot, epoch, testId(), 0))
  t.equal(pool.appends, 1, 'the first append is sent at once')
  const rest = [testId(), testId(), testId()].map(id =>
    journal.append(orderAppend(slot, epoch, id, 0)),
  )
  await sleep(30)
  t.same([pool.appends, timers.length], [1, 1], 'the appends behind it wait')
  timers[0]!()
  t.same(
    (await Promise.all(rest)).map(one => one.outcome),
    ['committed', 'committed', 'committed'],
  )
  t.equal(pool.appends, 2, 'they share a statement')
}
