/**
 * Opens a data directory of an earlier release, whose embedded database was PGlite, to read it once.
 * PGlite runs in a worker thread and speaks the wire protocol of PostgreSQL over a byte stream that
 * node-postgres uses as its socket, so values are read by the same client as everywhere.
 *
 * Kept for one release; `database/earlier.ts` alone loads it.
 */
import pg from 'pg'
import type { Socket } from 'node:net'
import { Duplex } from 'node:stream'
import { Worker } from 'node:worker_threads'

export type ToWorker = { kind: 'bytes'; bytes: Uint8Array } | { kind: 'close' }
export type FromWorker =
  | { kind: 'ready' }
  | { kind: 'bytes'; bytes: Uint8Array }
  | { kind: 'closed' }
  /** It could not open the directory, or the database has stopped. */
  | { kind: 'failed'; message: string }
export interface WorkerOptions {
  databaseDir: string
}

/** A connected session. Its values are those of the client library, as text where asked so. */
export interface EarlierDatabase {
  query: (text: string, values?: unknown[]) => Promise<unknown>
  close(): Promise<void>
}

const closeTimeoutMs = 20_000

/** Rejects with PGlite's own words when the directory does not open. */
export async function openPglite(databaseDir: string): Promise<EarlierDatabase> {
  const options: WorkerOptions = { databaseDir }
  const worker = new Worker(new URL('./worker.js', import.meta.url), { workerData: options })
  const stream = new SessionStream((message, transfer) => worker.postMessage(message, transfer))
  const ended = new Promise<void>(resolve => worker.once('exit', () => resolve()))
  await new Promise<void>((resolve, reject) => {
    worker.once('error', reject)
    worker.once('exit', code => {
      const error = new Error(`PGlite ended with code ${code}`)
      stream.destroy(error)
      reject(error)
    })
    worker.on('message', (message: FromWorker) => {
      if (message.kind === 'ready') resolve()
      else if (message.kind === 'bytes') stream.push(message.bytes)
      else if (message.kind === 'failed') {
        const error = new Error(message.message)
        stream.destroy(error)
        reject(error)
      }
    })
  })
  const client = new pg.Client({
    stream: () => stream as unknown as Socket,
    user: 'postgres',
    database: 'postgres',
  })
  // A stream that is destroyed fails the statement that waits; nobody else has to hear it.
  client.on('error', () => {})
  await client.connect()
  return {
    query: (text, values) => client.query(text, values),
    async close() {
      await client.end()
      const message: ToWorker = { kind: 'close' }
      // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has no origin
      worker.postMessage(message)
      const timer = setTimeout(() => void worker.terminate(), closeTimeoutMs)
      await ended
      clearTimeout(timer)
    },
  }
}

/** The client's end of the session. Has the methods of a socket that node-postgres calls. */
class SessionStream extends Duplex {
  readonly #send: (message: ToWorker, transfer: ArrayBuffer[]) => void

  constructor(send: (message: ToWorker, transfer: ArrayBuffer[]) => void) {
    super()
    this.#send = send
    // Before a client listens, the opening's own promise tells of the error.
    this.on('error', () => {})
  }

  connect(): this {
    queueMicrotask(() => this.emit('connect'))
    return this
  }
  setNoDelay(): this {
    return this
  }
  setKeepAlive(): this {
    return this
  }
  ref(): this {
    return this
  }
  unref(): this {
    return this
  }

  override _write(
    chunk: Buffer,
    _encoding: BufferEncoding,
    done: (error?: Error | null) => void,
  ): void {
    this.#sendCopy([chunk])
    done()
  }
  /** node-postgres corks a statement's messages, so they come together and cross as one. */
  override _writev(chunks: { chunk: Buffer }[], done: (error?: Error | null) => void): void {
    this.#sendCopy(chunks.map(one => one.chunk))
    done()
  }
  override _read(): void {}
  /** The client has ended its session, so there is nothing more to read. */
  override _final(done: (error?: Error | null) => void): void {
    this.push(null)
    done()
  }

  /** Copies the bytes, because the client writes into one buffer again and again. */
  #sendCopy(chunks: Buffer[]): void {
    const bytes = new Uint8Array(chunks.reduce((sum, chunk) => sum + chunk.length, 0))
    let at = 0
    for (const chunk of chunks) {
      bytes.set(chunk, at)
      at += chunk.length
    }
    this.#send({ kind: 'bytes', bytes }, [bytes.buffer])
  }
}
