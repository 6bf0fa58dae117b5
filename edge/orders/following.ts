/**
 * Following the journal in batches: every edge looks, and the lock of a batch lets one of them take
 * it.
 */
import { sql, type Transaction } from 'kysely'
import type { Tables } from '../../migrations/database/tables.ts'
import type { Kernel } from '../kernel/kernel.ts'
import {
  eventsAfterPositions,
  passEvents,
  type JournalRow,
  type PositionsOf,
} from './journal-positions.ts'

/** `led` is false when another edge takes the batch. `more` is true when a slot had a full batch. */
export interface Batch<Result> {
  led: boolean
  more: boolean
  /** Absent when there was nothing to do, or another edge does it. */
  result?: Result
}

/**
 * Takes the next events of each slot, at most `rowsMax` of a slot. `work` and the positions are one
 * transaction, so an edge that dies in it leaves nothing and holds nothing up.
 */
export async function takeEvents<Result>(
  { database: { kysely: db } }: Pick<Kernel, 'database'>,
  positions: PositionsOf,
  rowsMax: number,
  work: (tx: Transaction<Tables>, rows: readonly JournalRow[]) => Promise<Result>,
): Promise<Batch<Result>> {
  // Most looks find nothing, and they cost this one query.
  if ((await eventsAfterPositions(db, positions, 1)).length === 0) return { led: true, more: false }
  return db.transaction().execute(async tx => {
    const {
      rows: [lock],
    } = await sql<{
      led: boolean
    }>`select pg_try_advisory_xact_lock(hashtext(${positions})) as led`.execute(tx)
    if (lock?.led !== true) return { led: false, more: false }
    const rows = await eventsAfterPositions(tx, positions, rowsMax)
    const result = await work(tx, rows)
    const { more } = await passEvents(tx, positions, rows, rowsMax)
    return { led: true, more, result }
  })
}
