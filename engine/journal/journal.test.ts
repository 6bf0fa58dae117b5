/** The contract of the journal for the store in memory and the embedded database. */
import t from 'tap'
import { preparedDatabase } from '../../migrations/database/prepared.ts'
import { journalContract } from './contract.ts'
import { databaseSubject, memorySubject } from './fixture-subjects.ts'

t.test('memory', async t => {
  await journalContract(t, 'memory', memorySubject)
})

t.test('embedded', async t => {
  await journalContract(t, 'embedded', async () => databaseSubject(await preparedDatabase()))
})
