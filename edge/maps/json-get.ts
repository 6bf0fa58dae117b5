/**
 * GET of a JSON document from a service that may be slow, large or broken. It is bounded in time,
 * in bytes and in the number of requests under way. Redirects are not followed, because the
 * operator named this service and not another. Errors describe the failure and never contain the
 * URL, which may contain a key.
 */
import { readFileSync } from 'node:fs'
import { assetUrl } from '../../protocol/kernel/assets.ts'
import { mapsLimits } from './limits.ts'

/** Throws ServiceError. */
export type JsonGetter = (url: string) => Promise<unknown>

/** Makes a getter with its own count of requests under way. */
export function jsonGetter(after: (ms: number, run: () => void) => () => void): JsonGetter {
  const { name, version } = JSON.parse(readFileSync(assetUrl('package.json'), 'utf8')) as {
    name: string
    version: string
  }
  let inFlight = 0
  return async url => {
    if (inFlight >= mapsLimits.mapsInFlightMax)
      throw new ServiceError('too many look-ups under way')
    inFlight++
    const abort = new AbortController()
    const cancel = after(mapsLimits.mapsTimeoutMs, () => abort.abort())
    try {
      const response = await fetch(url, {
        signal: abort.signal,
        redirect: 'manual',
        headers: { accept: 'application/json', 'user-agent': `${name}/${version}` },
      })
      const text = await boundedText(response)
      if (response.status !== 200)
        throw new ServiceError(`the service answered ${response.status}`, response.status)
      try {
        return JSON.parse(text)
      } catch {
        throw new ServiceError('the service answered something else than JSON')
      }
    } catch (error) {
      if (error instanceof ServiceError) throw error
      throw new ServiceError(
        abort.signal.aborted
          ? `no answer within ${mapsLimits.mapsTimeoutMs} ms`
          : 'no connection to the service',
      )
    } finally {
      cancel()
      abort.abort()
      inFlight--
    }
  }
}

/**
 * A failure with a text that may be logged. `status`: status of an answer other than 200; null
 * without an answer.
 */
export class ServiceError extends Error {
  readonly status: number | null
  constructor(message: string, status: number | null = null) {
    super(message)
    this.status = status
  }
}

async function boundedText(response: Response): Promise<string> {
  const chunks: Uint8Array[] = []
  let length = 0
  for await (const chunk of response.body ?? []) {
    length += chunk.length
    if (length > mapsLimits.mapsAnswerBytesMax)
      throw new ServiceError('the service answered too much')
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}
