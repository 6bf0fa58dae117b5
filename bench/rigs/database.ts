/**
 * A database of its own in a shared server, because two processes that measure must not meet each other's
 * rows; and COPY, which the driver speaks and does not offer.
 */
import { randomBytes } from 'node:crypto'
import pg from 'pg'

/** Makes an empty database beside the one of `url`; resolves to its URL. It goes with the server. */
export async function freshDatabase(url: string): Promise<string> {
  const name = `bench_${randomBytes(6).toString('hex')}`
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    await client.query(`create database ${name}`)
  } finally {
    await client.end()
  }
  return Object.assign(new URL(url), { pathname: `/${name}` }).href
}

/** At 16 MB each: more than a bench writes between two checkpoints. */
const logFilesCount = 56

/**
 * Makes a new server one that has run for a while: its log files are there to be used again. A new one
 * fills each with zeros while commits wait for it, some 30 ms for every 16 MB, which no server does after
 * its first day.
 */
export async function seasonLog(pool: { query(text: string): Promise<unknown> }): Promise<void> {
  for (let file = 0; file < logFilesCount; file++) {
    await pool.query(`select pg_logical_emit_message(false, 'bench', 'x')`)
    await pool.query('select pg_switch_wal()')
  }
  // What lies before a checkpoint is renamed for later, as much of it as was written since the one before.
  await pool.query('checkpoint')
}

/** What the driver's connection can do beyond its types. */
interface Wire {
  query(text: string): void
  sendCopyFromChunk(chunk: Buffer): void
  endCopyFrom(): void
}

/** Runs `copy … from stdin` with all its rows in one piece. */
export function copyIn(
  client: { query(text: never): unknown },
  text: string,
  rows: string,
): Promise<void> {
  return new Promise((resolve, reject) => {
    // The driver hands its connection to whatever can submit itself.
    client.query({
      submit(wire: Wire) {
        wire.query(text)
      },
      handleCopyInResponse(wire: Wire) {
        wire.sendCopyFromChunk(Buffer.from(rows))
        wire.endCopyFrom()
      },
      handleCommandComplete() {
        /* the end is told by what follows */
      },
      handleReadyForQuery() {
        resolve()
      },
      handleError(error: Error) {
        reject(error)
      },
    } as never)
  })
}
