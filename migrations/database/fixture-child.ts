/**
 * A second process for the tests of data directories. It opens a directory, and with `append` it
 * appends without end and prints the id and the number of each acknowledged append. Run as
 * `node fixture-child.js <dataDir> <hold|append>`.
 */
import { kinds } from '../../engine/kinds.ts'
import { randomUUID } from 'node:crypto'
import { orderAppend } from '../../engine/journal/contract/rows.ts'
import { postgresJournal } from '../../engine/journal/postgres.ts'
import { realEnv } from '../../protocol/kernel/env.ts'
import { openDatabase } from './open.ts'

const [dataDir, mode] = process.argv.slice(2)
const say = (line: string): boolean => process.stdout.write(`${line}\n`)
try {
  const { pool } = await openDatabase({ dataDir: dataDir! })
  say('open')
  if (mode === 'append') {
    const journal = postgresJournal(pool, kinds, realEnv())
    const [lease] = await journal.acquireSlots('child', [1], 60_000, true)
    for (;;) {
      const ids = Array.from({ length: 50 }, () => randomUUID())
      await Promise.all(
        ids.map(async id => {
          const result = await journal.append(orderAppend(1, lease!.epoch, id, 0))
          if (result.outcome === 'committed') say(`${id} ${result.firstSeq}`)
        }),
      )
    }
  }
} catch (error) {
  say(`failed: ${(error as Error).message}`)
  process.exit(1)
}
