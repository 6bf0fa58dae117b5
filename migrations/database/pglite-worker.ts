/**
 * The thread that runs PGlite. It passes wire-protocol bytes to the database one message after the
 * other and does by the clock what a server's background processes would: checkpoints, so that the
 * log and the time to recover stay bounded, and VACUUM ANALYZE. It does this only between
 * transactions.
 */
import { PGlite } from '@electric-sql/pglite'
import { statfsSync } from 'node:fs'
import { parentPort, workerData } from 'node:worker_threads'
import type { FromWorker, ToWorker, WorkerOptions } from './pglite-stream.ts'

const maintenanceIntervalMs = 60_000
const checkpointAfterBytes = 16 * 1024 * 1024
const vacuumAfterBytes = 128 * 1024 * 1024
const protocolVersion3 = 196_608
const terminate = 'X'.charCodeAt(0)
const readyForQuery = 'Z'.charCodeAt(0)
const outsideTransaction = 'I'.charCodeAt(0)
/** AuthenticationOk and ReadyForQuery: PGlite is started already, so a session begins at once. */
const greeting = Uint8Array.of(
  0x52,
  0,
  0,
  0,
  8,
  0,
  0,
  0,
  0,
  readyForQuery,
  0,
  0,
  0,
  5,
  outsideTransaction,
)

/**
 * Pages are in memory, so a random read costs about as much as the next one. This price also makes
 * the planner keep one plan of a prepared statement. With the default price it plans each append
 * anew, which costs more than the append itself (1,113 µs for a single append, 475 µs with the plan
 * kept). Rejected: `plan_cache_mode`, which would also plan lists without their values.
 */
const pricesOfMemory = 'set random_page_cost = 1.1'

const port = parentPort
if (port === null) throw new Error('pglite-worker runs in a worker thread')
const post = (message: FromWorker, transfer: ArrayBuffer[] = []): void =>
  port.postMessage(message, transfer)

const { databaseDir } = workerData as WorkerOptions
/** Room that a new database takes, MB: about as much as PGlite writes before its first table. */
const newDatabaseMegabytes = 50
let database: PGlite
try {
  database = await PGlite.create(databaseDir === undefined ? {} : { dataDir: databaseDir })
} catch (error) {
  post({
    kind: 'failed',
    message: `the embedded database in ${databaseDir} does not open: ${reason(error)}`,
  })
  process.exit(1)
}

let betweenTransactions = true
let bytesSinceCheckpoint = 0
let bytesSinceVacuum = 0

/** Everything runs in this chain, so maintenance never meets a statement. */
let tail = Promise.resolve()
const inTurn = (work: () => Promise<void>): void => {
  // A failure here is a broken database, not a failed statement: those are answered in the
  // protocol.
  tail = tail.then(work).catch((error: Error) => {
    post({ kind: 'failed', message: error.message })
    process.exit(1)
  })
}

async function receive(message: ToWorker): Promise<void> {
  switch (message.kind) {
    case 'open':
      await database.exec('rollback')
      await database.exec('discard all')
      await database.exec(pricesOfMemory)
      betweenTransactions = true
      return post({ kind: 'opened', session: message.session })
    case 'bytes': {
      if (message.bytes[0] === terminate) return
      const answer = isStartup(message.bytes)
        ? greeting.slice()
        : await database.execProtocolRaw(message.bytes)
      bytesSinceCheckpoint += message.bytes.length
      bytesSinceVacuum += message.bytes.length
      if (answer.at(-6) === readyForQuery)
        betweenTransactions = answer.at(-1) === outsideTransaction
      // A copy of the exact size: the answer may be a view into PGlite's memory.
      const bytes = answer.slice()
      return post({ kind: 'bytes', session: message.session, bytes }, [bytes.buffer])
    }
    case 'close':
      await database.close()
      post({ kind: 'closed' })
      return process.exit(0)
  }
}

function isStartup(bytes: Uint8Array): boolean {
  if (bytes.length < 8 || bytes[0] !== 0) return false
  return new DataView(bytes.buffer, bytes.byteOffset).getInt32(4) === protocolVersion3
}

async function maintain(): Promise<void> {
  if (!betweenTransactions) return
  if (bytesSinceVacuum > vacuumAfterBytes) {
    bytesSinceVacuum = 0
    await database.exec('vacuum (analyze)')
  }
  if (bytesSinceCheckpoint > checkpointAfterBytes) {
    bytesSinceCheckpoint = 0
    await database.exec('checkpoint')
  }
}

port.on('message', (message: ToWorker) => inTurn(() => receive(message)))
setInterval(() => inTurn(maintain), maintenanceIntervalMs).unref()
post({ kind: 'ready' })

/**
 * A file system that fails inside of PGlite throws an object with a number and no message. A full
 * disk is the commonest cause.
 */
function reason(error: unknown): string {
  const { message = `error ${String((error as { errno?: unknown }).errno)}` } = error as {
    message?: string
  }
  if (databaseDir === undefined) return message
  const { bavail, bsize } = statfsSync(databaseDir)
  const freeMegabytes = Math.floor((bavail * bsize) / 1024 / 1024)
  return freeMegabytes < newDatabaseMegabytes
    ? `${message}; its disk has ${freeMegabytes} MB left, and a new database takes ${newDatabaseMegabytes} MB`
    : message
}
