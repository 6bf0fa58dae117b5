/**
 * Runs PGlite in a worker thread and talks to it in the wire protocol of Postgres, over a byte
 * stream that node-postgres uses as its socket. The same client then encodes, prepares and parses
 * for both kinds of database, so an error code or a column type cannot differ between them.
 *
 * Rejected: calling PGlite's query() through messages. It parses types its own way, prepares every
 * statement anew and copies each row as an object between the threads. Rejected: PGlite on the main
 * thread. Its WASM blocks the thread that it runs in.
 */
import { Duplex } from 'node:stream'
import type { Socket } from 'node:net'
import { Worker } from 'node:worker_threads'
import type { Log } from './pool.ts'

/** To the worker. `open` begins a session: the one before it is rolled back and forgotten. */
export type ToWorker =
  | { kind: 'open'; session: number }
  | { kind: 'bytes'; session: number; bytes: Uint8Array }
  | { kind: 'close' }
/** From the worker. */
export type FromWorker =
  | { kind: 'ready' }
  | { kind: 'opened'; session: number }
  | { kind: 'bytes'; session: number; bytes: Uint8Array }
  | { kind: 'closed' }
  /** It could not open the directory, or the database has stopped. */
  | { kind: 'failed'; message: string }

export interface WorkerOptions {
  /** Without it the database is in memory. */
  databaseDir?: string
}

export interface EmbeddedPostgres {
  openStream(): Socket
  close(): Promise<void>
}

const closeTimeoutMs = 20_000

/**
 * Starts the worker; resolves when the database answers. The first start of a directory takes
 * seconds.
 */
export async function startEmbedded(options: WorkerOptions, log: Log): Promise<EmbeddedPostgres> {
  const worker = new Worker(new URL('./pglite-worker.js', import.meta.url), { workerData: options })
  let sessions = 0
  let current: SessionStream | null = null
  let closing = false
  let stopped: Error | null = null

  function lost(error: Error): void {
    if (stopped !== null) return
    stopped = error
    if (!closing) log.error({ error: error.message }, 'embedded database stopped')
    current?.destroy(error)
  }
  const ended = new Promise<void>(resolve => worker.once('exit', () => resolve()))
  const ready = new Promise<void>((resolve, reject) => {
    worker.once('error', reject)
    worker.once('exit', code => reject(new Error(`the embedded database ended with code ${code}`)))
    worker.on('message', (message: FromWorker) => {
      switch (message.kind) {
        case 'ready':
          return resolve()
        case 'failed': {
          const error = new Error(message.message)
          lost(error)
          return reject(error)
        }
        case 'opened':
          if (message.session === sessions) current?.opened()
          return
        case 'bytes':
          if (message.session === sessions) current?.push(message.bytes)
          return
        case 'closed':
          return
      }
    })
  })
  worker.on('error', error => lost(error as Error))
  worker.once('exit', code => lost(new Error(`the embedded database ended with code ${code}`)))
  await ready

  const send = (message: ToWorker, transfer: ArrayBuffer[] = []): void =>
    worker.postMessage(message, transfer)
  return {
    openStream() {
      current?.destroy()
      const session = ++sessions
      current = new SessionStream(session, send, stopped)
      return current as unknown as Socket
    },
    async close() {
      closing = true
      send({ kind: 'close' })
      const timer = setTimeout(() => void worker.terminate(), closeTimeoutMs)
      await ended
      clearTimeout(timer)
    },
  }
}

/** The client's end of a session. Has the methods of a socket that node-postgres calls. */
class SessionStream extends Duplex {
  readonly #session: number
  readonly #send: (message: ToWorker, transfer?: ArrayBuffer[]) => void
  /**
   * The error with which the worker ended; null while it runs. A caller must not wait for a worker
   * that has ended.
   */
  readonly #stopped: Error | null

  constructor(
    session: number,
    send: (message: ToWorker, transfer?: ArrayBuffer[]) => void,
    stopped: Error | null,
  ) {
    super()
    this.#session = session
    this.#send = send
    this.#stopped = stopped
  }

  connect(): this {
    if (this.#stopped === null) this.#send({ kind: 'open', session: this.#session })
    else this.destroy(this.#stopped)
    return this
  }
  opened(): void {
    this.emit('connect')
  }
  setNoDelay(): this {
    return this
  }
  setKeepAlive(): this {
    return this
  }
  /** Like a server's connection, an open database keeps the process alive until it is closed. */
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
    this.#send({ kind: 'bytes', session: this.#session, bytes }, [bytes.buffer])
  }
}
