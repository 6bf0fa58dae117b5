/** Makes a cluster of this release from the rows of a database of an earlier one. */
import { openCluster } from '../cluster/cluster.ts'
import { migrate } from './migrate.ts'
import { moveRows } from './move-rows.ts'
import { serverPool, type Log, type PgPool } from './pool.ts'

/** The cluster's directory in a data directory. */
export const clusterName = 'postgres'
/** Time for the longest statement of a move: `analyze` over all tables, ms. */
const answerTimeoutMs = 30 * 60_000

/** The lines of a cluster in our log. */
export const clusterLog =
  (log: Log) =>
  (level: 'debug' | 'warn' | 'error', line: string): void =>
    log[level]({ from: 'postgres' }, line)

/** A pool for a move: one session, whose statements may take long. */
export const movingPool = (url: string, log: Log): PgPool =>
  serverPool(url, { connectionsMax: 1, answerTimeoutMs }, log)

/**
 * Makes a cluster in the directory `making`, which does not exist, and returns the number of rows that
 * it got. The schema of the source is brought to this release's first, so that a row of the one fits
 * the other. The caller gives the directory its name.
 */
export async function moveIntoCluster(making: string, source: PgPool, log: Log): Promise<number> {
  const cluster = await openCluster(making, { temporary: false, log: clusterLog(log) })
  try {
    const pool = movingPool(cluster.url, log)
    try {
      await migrate(source)
      await migrate(pool)
      const [from, to] = [await source.connect(), await pool.connect()]
      for (const session of [from, to])
        await session.query(`set statement_timeout = ${answerTimeoutMs}`)
      return await moveRows(from, to, progress =>
        log.info({ ...progress }, `moving ${progress.table}`),
      ).finally(() => {
        from.release(true)
        to.release(true)
      })
    } finally {
      await pool.end()
    }
  } finally {
    await cluster.stop()
  }
}
