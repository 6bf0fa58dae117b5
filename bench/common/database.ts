/** A database of its own in a shared server: two processes that measure must not meet each other's rows. */
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
