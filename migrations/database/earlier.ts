/**
 * Moves a data directory of an earlier release, whose database was PGlite in `database`, into a
 * cluster. Rows are read once, in batches, as the text of whole rows, so no value is parsed or
 * rounded. The new cluster gets its name when everything is in it; the old directory is renamed and
 * never deleted. A move that was cut short begins again.
 */
import { existsSync, renameSync, rmSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { openCluster } from '../cluster/cluster.ts'
import { migrate } from './migrate.ts'
import { moveRows } from './move-rows.ts'
import { serverPool, type Log, type PgPool, type PgQueryable } from './pool.ts'

/** The cluster's directory in a data directory. */
export const clusterName = 'postgres'
/** The directory of PGlite in a data directory of an earlier release, and its name after the move. */
export const earlierName = 'database'
const movedName = 'database-before-the-move'
/** Time for the longest statement of a move: `analyze` over all tables. */
const answerTimeoutMs = 30 * 60_000

/** The lines of a cluster in our log. */
export const clusterLog =
  (log: Log) =>
  (level: 'debug' | 'warn' | 'error', line: string): void =>
    log[level]({ from: 'postgres' }, line)

/**
 * Does nothing where there is nothing to move. The caller holds the directory's lock. Throws one
 * line that names the directory that could not be moved.
 */
export async function moveEarlierDatabase(dataDir: string, log: Log): Promise<void> {
  const [earlier, cluster, moved] = [earlierName, clusterName, movedName].map(name =>
    join(resolve(dataDir), name),
  ) as [string, string, string]
  if (!existsSync(earlier)) return
  if (!existsSync(cluster)) {
    const making = `${cluster}.moving`
    rmSync(making, { recursive: true, force: true })
    log.info({}, `${earlier} is of an earlier release; its rows are moved to ${cluster}`)
    const rows = await moveInto(making, earlier, log).catch((cause: Error) => {
      throw new Error(
        `the embedded database in ${earlier} cannot be moved to this release: ${cause.message}`,
        { cause },
      )
    })
    renameSync(making, cluster)
    log.info({ rows }, `moved; ${moved} keeps the earlier database, and nothing reads it any more`)
  }
  renameSync(earlier, moved)
}

async function moveInto(making: string, earlier: string, log: Log): Promise<number> {
  const { openPglite } = await import('../pglite/stream.ts')
  const source = await openPglite(earlier)
  const earlierRows: PgQueryable = { query: source.query as PgQueryable['query'] }
  try {
    const cluster = await openCluster(making, { temporary: false, log: clusterLog(log) })
    try {
      const pool = serverPool(cluster.url, { connectionsMax: 1, answerTimeoutMs }, log)
      try {
        // Both are at one schema then, so a row of the one fits the other.
        await migrate(poolOf(earlierRows))
        await migrate(pool)
        const target = await pool.connect()
        await target.query(`set statement_timeout = ${answerTimeoutMs}`)
        return await moveRows(earlierRows, target, progress =>
          log.info({ ...progress }, `moving ${progress.table}`),
        ).finally(() => target.release(true))
      } finally {
        await pool.end()
      }
    } finally {
      await cluster.stop()
    }
  } finally {
    await source.close()
  }
}

/** A pool for `migrate`: one session, which stays open. */
const poolOf = ({ query }: PgQueryable): PgPool => ({
  query,
  connect: async () => ({ query, release() {} }),
  async end() {},
})
