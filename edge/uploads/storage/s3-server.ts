/**
 * An S3 server for tests. It keeps objects in a folder and checks version 4 signatures and their
 * times. It differs from Amazon in two points: it allows unsigned reads, and a file can be read
 * while it is written.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { createRequire } from 'node:module'
import { join } from 'node:path'

/** The package has no types. */
interface Served {
  run(): Promise<{ port: number }>
  close(): Promise<void>
}
type S3rver = new (options: {
  address: string
  port: number
  silent: boolean
  directory: string
  configureBuckets: { name: string; configs: string[] }[]
}) => Served
const S3rver = createRequire(import.meta.url)('@20minutes/s3rver') as S3rver

export interface S3Server {
  url: string
  /** The variables with which an edge uses this server. */
  environment: Record<
    'S3_ENDPOINT' | 'S3_BUCKET' | 'S3_ACCESS_KEY_ID' | 'S3_SECRET_ACCESS_KEY' | 'S3_REGION',
    string
  >
  close(): Promise<void>
}

/** Starts the server on a free port of the loopback, with one bucket. */
export async function startS3(): Promise<S3Server> {
  const directory = mkdtempSync(join(tmpdir(), 'caduceus-s3-'))
  const server = new S3rver({
    address: '127.0.0.1',
    port: 0,
    silent: true,
    directory,
    configureBuckets: [{ name: 'caduceus', configs: [] }],
  })
  const { port } = await server.run()
  const url = `http://127.0.0.1:${port}`
  let closed: Promise<void> | null = null
  return {
    url,
    // The key pair that the server knows.
    environment: {
      S3_ENDPOINT: url,
      S3_BUCKET: 'caduceus',
      S3_ACCESS_KEY_ID: 'S3RVER',
      S3_SECRET_ACCESS_KEY: 'S3RVER',
      S3_REGION: 'eu-central-1',
    },
    close: () =>
      (closed ??= server.close().then(() => rmSync(directory, { recursive: true, force: true }))),
  }
}
