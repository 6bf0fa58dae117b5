/**
 * Makes administrators while an embedded server holds the database. `npm run admin` asks the server
 * over a socket in DATA_DIR, which only the user of the server may open. The same user could read
 * the database itself. Rejected: a route of the API, because a stolen token could then make an
 * administrator.
 */
import { once } from 'node:events'
import { rmSync } from 'node:fs'
import { connect, createServer, type Socket } from 'node:net'
import { join, resolve } from 'node:path'
import { text } from 'node:stream/consumers'

export interface NewAdministrator {
  email: string
  name: string
  phone: string
  password: string
}
/** The id of the account, or the reason of a refusal. */
export type AdministratorAnswer = { id: string } | { refused: string }

const socketOf = (dataDir: string): string => join(resolve(dataDir), 'admin.sock')
const answerTimeoutMs = 10_000

/**
 * Answers `npm run admin` until the returned function is called. Rejects when the folder cannot
 * hold a socket: its path is longer than about 100 bytes, or its file system has no sockets.
 */
export async function serveAdministrators(
  dataDir: string,
  make: (administrator: NewAdministrator) => Promise<AdministratorAnswer>,
): Promise<() => Promise<void>> {
  const path = socketOf(dataDir)
  // This process holds the lock of the folder, so a socket in it belongs to a process that has
  // ended.
  rmSync(path, { force: true })
  const server = createServer({ allowHalfOpen: true }, socket => {
    answer(socket, make).catch(() => socket.destroy())
  })
  await new Promise<void>((listening, failed) => {
    server.once('error', failed)
    // The path is bound during the call, and only this user may open the socket that it makes.
    const before = process.umask(0o177)
    server.listen(path, listening)
    process.umask(before)
  })
  server.unref()
  return () =>
    new Promise(closed => {
      server.close(() => closed())
    })
}

async function answer(
  socket: Socket,
  make: (administrator: NewAdministrator) => Promise<AdministratorAnswer>,
): Promise<void> {
  socket.setTimeout(answerTimeoutMs, () => socket.destroy())
  // Iterating over the socket would end both of its directions.
  const chunks: Buffer[] = []
  socket.on('data', (chunk: Buffer) => chunks.push(chunk))
  await once(socket, 'end')
  const asked = JSON.parse(Buffer.concat(chunks).toString()) as NewAdministrator
  const answered = await make(asked).catch((error: unknown) => ({
    refused: `the server failed: ${error instanceof Error ? error.message : String(error)}`,
  }))
  socket.end(JSON.stringify(answered))
}

/** Asks the server that holds the folder; null when there is none. */
export async function askForAdministrator(
  dataDir: string,
  administrator: NewAdministrator,
): Promise<AdministratorAnswer | null> {
  const socket = connect({ path: socketOf(dataDir), allowHalfOpen: true })
  try {
    await new Promise<void>((connected, failed) => {
      socket.once('connect', connected)
      socket.once('error', failed)
    })
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'ECONNREFUSED' || code === 'EINVAL') return null
    throw error
  }
  socket.setTimeout(answerTimeoutMs, () => socket.destroy())
  socket.end(JSON.stringify(administrator))
  return JSON.parse(await text(socket)) as AdministratorAnswer
}
