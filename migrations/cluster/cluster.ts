/**
 * The embedded database: a PostgreSQL server of our own in a directory. It is made at the first
 * start, recovered after a crash, and used by one process at a time, whose lock the caller holds.
 */
import { chmodSync, existsSync, readFileSync, statfsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { giveTo, lentAccount } from './account.ts'
import { findBinaries, majorVersion, type Binaries } from './binaries.ts'
import { initialise } from './initialise.ts'
import { endOrphans } from './orphans.ts'
import { startServer, type ServerOptions } from './server.ts'
import { reachable } from './socket-path.ts'

export interface Cluster {
  /** For a client library: postgres://postgres@localhost/postgres?host=DIRECTORY. */
  url: string
  stop(): Promise<void>
}

/** Room that a new cluster takes, MB: initdb's files and the first log of changes. */
const newClusterMegabytes = 60

/**
 * Opens the cluster in `directory`, whose parent exists. Every failure is one line that names the
 * directory.
 */
export function openCluster(
  directory: string,
  options: Pick<ServerOptions, 'temporary' | 'log'>,
): Promise<Cluster> {
  return withItsDirectory(directory, async () => {
    const binaries = await findBinaries()
    if (!existsSync(directory))
      await initialise(binaries, lentAccount(), directory, options.temporary)
    refuseOtherVersion(directory)
    return serve(directory, { ...options, binaries, major: majorVersion })
  })
}

/**
 * Opens a cluster of another major version with the programs of that version, to read it once. Every
 * failure is one line that names the directory.
 */
export function openEarlierCluster(
  directory: string,
  binaries: Binaries,
  log: ServerOptions['log'],
): Promise<Cluster> {
  const major = versionOf(directory)!
  return withItsDirectory(directory, () =>
    serve(directory, { temporary: false, log, binaries, major }),
  )
}

async function serve(
  directory: string,
  options: Omit<ServerOptions, 'account' | 'cluster'>,
): Promise<Cluster> {
  const account = lentAccount()
  giveTo(account, directory)
  // PostgreSQL refuses a directory that others may enter. Not every program that copies a directory
  // keeps its mode; Node 22 does not.
  chmodSync(directory, 0o700)
  await endOrphans(directory)
  const server = await startServer({ ...options, account, cluster: directory })
  const socket = reachable(directory)
  return {
    url: `postgres://postgres@localhost/postgres?host=${encodeURIComponent(socket.directory)}`,
    async stop() {
      await server.stop()
      socket.remove()
    },
  }
}

async function withItsDirectory(directory: string, open: () => Promise<Cluster>): Promise<Cluster> {
  try {
    return await open()
  } catch (cause) {
    throw new Error(
      `the embedded database in ${directory} does not open: ${withRoom((cause as Error).message, directory)}`,
      { cause },
    )
  }
}

/** The major version of PostgreSQL that made the cluster; null where `directory` holds none. */
export function versionOf(directory: string): string | null {
  const file = join(directory, 'PG_VERSION')
  return existsSync(file) ? readFileSync(file, 'utf8').trim() : null
}

function refuseOtherVersion(directory: string): void {
  const version = versionOf(directory)
  if (version === majorVersion) return
  throw new Error(
    version === null
      ? 'it is not a directory of PostgreSQL'
      : `it is of PostgreSQL ${version}, and this release brings ${majorVersion}: run the release that made it`,
  )
}

/** A full disk is the commonest cause, and PostgreSQL's own words do not always say so. */
function withRoom(message: string, directory: string): string {
  if (!existsSync(dirname(directory))) return message
  const { bavail, bsize } = statfsSync(dirname(directory))
  const freeMegabytes = Math.floor((bavail * bsize) / 1024 / 1024)
  return freeMegabytes < newClusterMegabytes
    ? `${message}; its disk has ${freeMegabytes} MB left, and a new database takes ${newClusterMegabytes} MB`
    : message
}
