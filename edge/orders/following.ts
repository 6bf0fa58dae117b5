/**
 * Following the journal in batches. Every edge looks once a while, and the lock of a batch lets one
 * of them take it. Rejected: the bus as the sign to look. Each edge would get a copy of each event,
 * and the followers of this kind may be a second late.
 */
import { sql, type Transaction } from 'kysely'
import type { Tables } from '../../migrations/database/tables.ts'
import { Seldom } from '../../protocol/kernel/seldom.ts'
import type { Kernel } from '../kernel/kernel.ts'
import {
  eventsAfterPositions,
  passEvents,
  type JournalRow,
  type PositionsOf,
} from './journal-positions.ts'

interface Pace {
  /** Longest time from an event to its consequence while an edge runs. */
  readonly pollMs: number
  /** Pause between two full batches, so that a catch-up leaves room for others. */
  readonly batchPauseMs: number
}

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

/**
 * Looks again and again. `look` says whether more waits. Returns the function that stops the loop
 * once the batch under way is done. `failure` is the line of the log when a look fails.
 */
export function keepLooking(
  { log, after, nowMs }: Pick<Kernel, 'log' | 'nowMs' | 'after'>,
  { pollMs, batchPauseMs }: Pace,
  failure: string,
  look: () => Promise<boolean>,
): () => Promise<void> {
  const seldom = new Seldom((line, error) => log.warn({ err: error }, line), nowMs)
  const leaving = new AbortController()
  const sleep = (ms: number): Promise<void> =>
    new Promise(resolve => {
      const end = (): void => {
        leaving.signal.removeEventListener('abort', end)
        cancel()
        resolve()
      }
      const cancel = after(ms, end)
      leaving.signal.addEventListener('abort', end)
    })

  async function run(): Promise<void> {
    while (!leaving.signal.aborted) {
      const more = await look().catch((error: unknown) => {
        seldom.say('look', failure, error)
        return false
      })
      if (!leaving.signal.aborted) await sleep(more ? batchPauseMs : pollMs)
    }
  }
  const running = run()
  return () => {
    leaving.abort()
    return running
  }
}
