/**
 * The thread that runs PGlite while a data directory of an earlier release is read. It passes
 * wire-protocol bytes to the database, one message after the other.
 */
import { PGlite } from '@electric-sql/pglite'
import { parentPort, workerData } from 'node:worker_threads'
import type { FromWorker, ToWorker, WorkerOptions } from './stream.ts'

const protocolVersion3 = 196_608
const terminate = 'X'.charCodeAt(0)
const readyForQuery = 'Z'.charCodeAt(0)
const outsideTransaction = 'I'.charCodeAt(0)
/** AuthenticationOk and ReadyForQuery: PGlite is started already, so a session begins at once. */
// oxfmt-ignore
const greeting = Uint8Array.of(
  0x52, 0, 0, 0, 8, 0, 0, 0, 0,
  readyForQuery, 0, 0, 0, 5, outsideTransaction,
)

const port = parentPort
if (port === null) throw new Error('the worker of PGlite runs in a worker thread')
const post = (message: FromWorker, transfer: ArrayBuffer[] = []): void =>
  port.postMessage(message, transfer)

const { databaseDir } = workerData as WorkerOptions
let database: PGlite
try {
  database = await PGlite.create({ dataDir: databaseDir })
} catch (error) {
  post({ kind: 'failed', message: reason(error) })
  process.exit(1)
}

/** Everything runs in this chain, one message after the other. */
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
  if (message.kind === 'close') {
    await database.close()
    post({ kind: 'closed' })
    return process.exit(0)
  }
  if (message.bytes[0] === terminate) return
  const answer = isStartup(message.bytes)
    ? greeting.slice()
    : await database.execProtocolRaw(message.bytes)
  // A copy of the exact size: the answer may be a view into PGlite's memory.
  const bytes = answer.slice()
  post({ kind: 'bytes', bytes }, [bytes.buffer])
}

function isStartup(bytes: Uint8Array): boolean {
  if (bytes.length < 8 || bytes[0] !== 0) return false
  return new DataView(bytes.buffer, bytes.byteOffset).getInt32(4) === protocolVersion3
}

port.on('message', (message: ToWorker) => inTurn(() => receive(message)))
post({ kind: 'ready' })

/** A file system that fails inside of PGlite throws an object with a number and no message. */
function reason(error: unknown): string {
  const { message = `error ${String((error as { errno?: unknown }).errno)}` } = error as {
    message?: string
  }
  return message
}
