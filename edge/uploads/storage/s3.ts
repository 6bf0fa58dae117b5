/**
 * Files in an S3-compatible store. Downloads of plain files are signed links: the bytes go from the
 * store to the client and not through the edge. Encrypted files are read by the edge.
 *
 * aws4fetch signs the requests: one file of arithmetic over the platform's fetch. Rejected:
 * @aws-sdk/client-s3 with its presigner (about sixty packages for four requests, and checksum
 * headers that older compatible stores refuse). Rejected: minio (a dozen packages, and its own
 * client for streams). Buckets are addressed by path, which every compatible store understands.
 */
import { createHash } from 'node:crypto'
import { AwsClient } from 'aws4fetch'
import { CaduceusError } from '../../../protocol/kernel/errors.ts'
import {
  ConfigError,
  isBaseUrl,
  textVariable,
  withoutSlashAtEnd,
  type Environment,
} from '../../../protocol/kernel/environment.ts'
import { fileLimits } from './file-limits.ts'
import { isResizable } from '../../http/bodies/arrived.ts'
import type { ByteRange } from '../../http/ranges.ts'
import { assertKey, type Storage, type StorageDeps, type StoreKind } from './storage.ts'

export interface S3Config {
  /** Address at which the edge reaches the store, without a slash at the end. */
  endpoint: string
  /** Address at which clients reach it; may differ. */
  publicUrl: string
  bucket: string
  region: string
  accessKeyId: string
  secretAccessKey: string
}

export const s3Store = {
  name: 's3',
  configure(environment: Environment) {
    const config = readS3Config(environment)
    return config && ((deps: StorageDeps) => s3Storage(config, deps))
  },
} satisfies StoreKind

/**
 * The S3_ variables; null when none is set. S3_REGION has a default, because only Amazon's own
 * service looks at it. Throws ConfigError.
 */
export function readS3Config(environment: Environment): S3Config | null {
  const text = (name: string): string | null => textVariable(environment, name)
  const names = ['S3_ENDPOINT', 'S3_BUCKET', 'S3_ACCESS_KEY_ID', 'S3_SECRET_ACCESS_KEY'] as const
  const [endpoint, bucket, accessKeyId, secretAccessKey] = names.map(text)
  if (!endpoint && !bucket && !accessKeyId && !secretAccessKey) {
    const stray = ['S3_REGION', 'S3_PUBLIC_URL'].find(name => text(name) !== null)
    if (stray !== undefined)
      throw new ConfigError(
        `${stray} is set and ${names.join(', ')} are not; set those too, or unset it`,
      )
    return null
  }
  if (!endpoint || !bucket || !accessKeyId || !secretAccessKey)
    throw new ConfigError(
      `${names.filter(name => text(name) === null).join(', ')} ${names.filter(name => text(name) === null).length === 1 ? 'is' : 'are'} not set; ${names.join(', ')} belong together`,
    )
  const url = (name: string, given: string): string => {
    if (!isBaseUrl(given))
      throw new ConfigError(`${name} is not a URL such as https://s3.example.org`)
    return withoutSlashAtEnd(given)
  }
  if (!/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(bucket))
    throw new ConfigError(
      'S3_BUCKET is not the name of a bucket: 3 to 63 lower-case letters, digits, dots and hyphens',
    )
  return {
    endpoint: url('S3_ENDPOINT', endpoint),
    publicUrl: url('S3_PUBLIC_URL', text('S3_PUBLIC_URL') ?? endpoint),
    bucket,
    accessKeyId,
    secretAccessKey,
    region: text('S3_REGION') ?? 'us-east-1',
  }
}

/** The time in the form of the signature: 20260131T235959Z. */
const amzDate = (ms: number): string => new Date(ms).toISOString().replaceAll(/[:-]|\.\d{3}/g, '')

/** The store of this configuration. `onLog` gets a line for each request that failed. */
export function s3Storage(config: S3Config, { nowMs, after, onLog }: StorageDeps): Storage {
  const { accessKeyId, secretAccessKey, region, bucket } = config
  // The library's own retries would use the machine's clock; a client that gets `unavailable`
  // retries.
  const client = new AwsClient({ accessKeyId, secretAccessKey, region, service: 's3', retries: 0 })
  const pathOf = (key: string): string => {
    assertKey(key)
    return `/${bucket}/${key}`
  }

  const call = async (
    method: string,
    path: string,
    body: { data: Uint8Array; contentType: string } | null,
    accepted: readonly number[],
  ): Promise<void> => {
    const headers: Record<string, string> =
      body === null
        ? {}
        : {
            'content-type': body.contentType,
            'cache-control': 'private, no-store',
            // The store refuses bytes that were changed in transit.
            'x-amz-content-sha256': createHash('sha256').update(body.data).digest('hex'),
          }
    const away = (why: string): never => {
      onLog(`the object store: ${method} ${why}`)
      throw new CaduceusError('unavailable', 'the file store does not answer; try again')
    }
    const signed = await client.sign(config.endpoint + path, {
      method,
      headers,
      ...(body !== null && { body: body.data as Uint8Array<ArrayBuffer> }),
      aws: { datetime: amzDate(nowMs()) },
    })
    const abort = new AbortController()
    const cancel = after(fileLimits.storageTimeoutMs, () => abort.abort())
    try {
      const response = await fetch(signed.url, {
        method,
        headers: signed.headers,
        redirect: 'manual',
        signal: abort.signal,
        ...(body !== null && { body: body.data as Uint8Array<ArrayBuffer> }),
      }).catch((error: Error) =>
        away(`failed: ${(error.cause as Error | undefined)?.message ?? error.message}`),
      )
      await response.arrayBuffer().catch((error: Error) => away(`broke off: ${error.message}`))
      if (!response.ok && !accepted.includes(response.status))
        throw new RefusedError(method, response.status)
    } catch (error) {
      if (error instanceof RefusedError && method !== 'HEAD') away(`was answered ${error.status}`)
      throw error
    } finally {
      cancel()
    }
  }

  async function* read(key: string, range: ByteRange | null): AsyncGenerator<Uint8Array> {
    const signed = await client.sign(config.endpoint + pathOf(key), {
      method: 'GET',
      headers: range === null ? {} : { range: `bytes=${range.from}-${range.to}` },
      aws: { datetime: amzDate(nowMs()) },
    })
    const abort = new AbortController()
    const away = (error: Error): never => {
      onLog(`the object store: GET failed: ${error.message}`)
      throw new CaduceusError('unavailable', 'the file store does not answer; try again')
    }
    // The silence of the store is bounded, and not the time that the reader takes.
    const within = async <Value>(work: Promise<Value>): Promise<Value> => {
      const cancel = after(fileLimits.storageTimeoutMs, () => abort.abort())
      try {
        return await work.catch(away)
      } finally {
        cancel()
      }
    }
    try {
      const answer = await within(
        fetch(signed.url, { headers: signed.headers, redirect: 'manual', signal: abort.signal }),
      )
      if (answer.status === 404)
        throw new CaduceusError('not_found', 'the file is no longer stored')
      if (answer.status !== (range === null ? 200 : 206) || answer.body === null)
        return away(new Error(`it was answered ${answer.status}`))
      const reader = answer.body.getReader()
      for (;;) {
        const { done, value } = await within(reader.read())
        if (done) return
        yield value
      }
    } finally {
      abort.abort()
    }
  }

  return {
    name: 's3',
    read,
    // fetch refuses a resizable buffer, in which the body of an upload arrives, so it is copied.
    async put(key, data, contentType) {
      const bytes = data instanceof Uint8Array ? data : Buffer.concat([...data])
      await call(
        'PUT',
        pathOf(key),
        { data: isResizable(bytes) ? bytes.slice() : bytes, contentType },
        [],
      )
    },
    async remove(key) {
      await call('DELETE', pathOf(key), null, [404])
    },

    async download(key, { contentType, disposition }) {
      const url = new URL(config.publicUrl + pathOf(key))
      url.searchParams.set('X-Amz-Expires', String(fileLimits.uploadLinkSeconds))
      url.searchParams.set('response-content-type', contentType)
      url.searchParams.set('response-content-disposition', disposition)
      url.searchParams.set('response-cache-control', 'private, no-store')
      const signed = await client.sign(url.href, {
        method: 'GET',
        aws: { signQuery: true, datetime: amzDate(nowMs()) },
      })
      return { kind: 'link', url: signed.url }
    },

    async check() {
      try {
        await call('HEAD', `/${bucket}`, null, [])
      } catch (error) {
        if (!(error instanceof RefusedError)) return
        if (error.status === 404)
          throw new ConfigError(
            `S3_BUCKET: the store at S3_ENDPOINT has no bucket "${bucket}"; create it, or correct the name`,
          )
        if (error.status === 403 || error.status === 401)
          throw new ConfigError(
            'S3_ACCESS_KEY_ID and S3_SECRET_ACCESS_KEY are refused by S3_ENDPOINT, or may not use S3_BUCKET',
          )
        if (error.status < 500)
          throw new ConfigError(
            `S3_ENDPOINT, S3_REGION: the store answers ${error.status} for S3_BUCKET; correct the endpoint or the region`,
          )
      }
    },
  }
}

class RefusedError extends Error {
  constructor(
    method: string,
    readonly status: number,
  ) {
    super(`${method} was answered ${status}`)
  }
}
