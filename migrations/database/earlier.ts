/**
 * Moves a data directory of an earlier release, whose database was PGlite in `database`, into a
 * cluster. Rows are read once, in batches, as the text of whole rows, so no value is parsed or
 * rounded. The new cluster gets its name when everything is in it; the old directory is renamed and
 * never deleted. A move that was cut short begins again.
 */
import { existsSync, renameSync, rmSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { clusterName, moveIntoCluster } from './move-into-cluster.ts'
import type { Log, PgQueryable } from './pool.ts'

/** The directory of PGlite in a data directory of an earlier release, and its name after the move. */
export const earlierName = 'database'
const movedName = 'database-before-the-move'

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
  const query = source.query as PgQueryable['query']
  try {
    // One session, which stays open.
    return await moveIntoCluster(
      making,
      { query, connect: async () => ({ query, release() {} }), async end() {} },
      log,
    )
  } finally {
    await source.close()
  }
}
