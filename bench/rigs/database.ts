/**
 * A separate database in a shared server, because two measuring processes must not see each other's
 * rows. Also COPY, which the driver's protocol knows but its interface lacks.
 */
import { randomBytes } from 'node:crypto'
import pg from 'pg'

/**
 * Makes an empty database beside the one of `url` and resolves to its URL. It disappears with the
 * server.
 */
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

/** Log files of 16 MB each: more than a bench writes between two checkpoints. */
const logFilesCount = 56

/**
 * Makes a new server like one that has run for a while, with log files ready for reuse. A new
 * server fills each file with zeros while commits wait, about 30 ms for every 16 MB. No server does
 * that after its first day.
 */
export async function seasonLog(pool: { query(text: string): Promise<unknown> }): Promise<void> {
  for (let file = 0; file < logFilesCount; file++) {
    await pool.query(`select pg_logical_emit_message(false, 'bench', 'x')`)
    await pool.query('select pg_switch_wal()')
  }
  // A checkpoint renames older log files for reuse, as many as were written since the checkpoint
  // before.
  await pool.query('checkpoint')
}

/** Abilities of the driver's connection that its types lack. */
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
    // The driver gives its connection to any object with a submit method.
    client.query({
      submit(wire: Wire) {
        wire.query(text)
      },
      handleCopyInResponse(wire: Wire) {
        wire.sendCopyFromChunk(Buffer.from(rows))
        wire.endCopyFrom()
      },
      handleCommandComplete() {
        /* handleReadyForQuery follows */
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
