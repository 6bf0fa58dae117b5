/**
 * Allows one process per data directory: the database, the signing key and the uploads in it belong
 * to one process. Each process listens on a unix socket with its own name in `<dataDir>/lock`; a
 * process that accepts a connection is alive. The kernel closes a socket with its process, so
 * SIGKILL leaves only a file without a listener, and the next process removes it.
 *
 * Rejected: a pid file, as PostgreSQL has one. A pid is reused, start times differ by platform, and
 * two containers that share the directory both have pid 1. Rejected: one socket with a fixed name.
 * Between "no answer" and "remove it" another process may have bound it, and its live socket would
 * be removed.
 *
 * Own names make it safe, because a process listens before it looks. Of any two processes, the one
 * that looks later sees the other. At worst both give up, and try again after unequal pauses.
 */
import { randomBytes, randomInt } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, realpathSync, rmSync } from 'node:fs'
import { connect, createServer, type Server } from 'node:net'
import { join, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { reachable } from '../cluster/socket-path.ts'

/** A process number and eight characters. */
const longestName = '1234567890.12345678'
const attemptsMax = 4
const pauseMsMax = 60

export class DataDirInUseError extends Error {
  constructor(
    dataDir: string,
    readonly pid: number,
  ) {
    super(
      `DATA_DIR ${dataDir} is in use by process ${pid}: stop that process, or set DATA_DIR to another directory`,
    )
    this.name = 'DataDirInUseError'
  }
}

export interface DirectoryLock {
  release(): Promise<void>
}

/** Takes the directory (made if missing) for this process, or throws DataDirInUseError. */
export async function lockDirectory(dataDir: string): Promise<DirectoryLock> {
  const folder = join(resolve(dataDir), 'lock')
  try {
    mkdirSync(folder, { recursive: true })
  } catch (cause) {
    throw new Error(`DATA_DIR ${dataDir} cannot be written: ${(cause as Error).message}`, { cause })
  }
  const reach = reachable(realpathSync(folder), longestName)
  try {
    for (let attempt = 1; ; attempt++) {
      const name = `${process.pid}.${randomBytes(4).toString('hex')}`
      const server = await listen(join(reach.directory, name), dataDir)
      const holder = await otherHolder(folder, reach.directory, name)
      // Our file may have been taken for a dead one between its bind and its listen.
      if (holder === null && existsSync(join(folder, name)))
        return { release: () => close(server, join(folder, name)) }
      await close(server, join(folder, name))
      if (attempt === attemptsMax) throw new DataDirInUseError(dataDir, holder ?? 0)
      await sleep(randomInt(pauseMsMax))
    }
  } finally {
    // The socket stays bound without the link, so a process that is killed leaves none behind.
    reach.remove()
  }
}

/** The pid of another live holder, or null. Removes the files of dead processes. */
async function otherHolder(
  folder: string,
  reachableFolder: string,
  ownName: string,
): Promise<number | null> {
  for (const name of readdirSync(folder)) {
    if (name === ownName) continue
    if (await answers(join(reachableFolder, name))) return Number.parseInt(name, 10)
    rmSync(join(folder, name), { force: true })
  }
  return null
}

function answers(path: string): Promise<boolean> {
  return new Promise(resolve => {
    const socket = connect(path)
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    // Only these two errors mean that no process listens. A full backlog, for instance, is a live
    // process.
    socket.once('error', (error: NodeJS.ErrnoException) =>
      resolve(
        error.code !== 'ECONNREFUSED' && error.code !== 'ENOENT' && error.code !== 'ENOTSOCK',
      ),
    )
  })
}

function listen(path: string, dataDir: string): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer(socket => socket.destroy())
    server.once('error', cause =>
      reject(
        new Error(
          `DATA_DIR ${dataDir} cannot be locked, its file system must support unix sockets: ${cause.message}`,
          { cause },
        ),
      ),
    )
    server.listen(path, () => {
      // The lock must not keep a process alive that has nothing else to do.
      server.unref()
      resolve(server)
    })
  })
}

async function close(server: Server, file: string): Promise<void> {
  await new Promise<void>(resolve => server.close(() => resolve()))
  rmSync(file, { force: true })
}
