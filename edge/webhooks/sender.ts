/**
 * One attempt to deliver to an address that a stranger may have named: it resolves the name, checks
 * every address, connects to the first address that accepts, sends, and reads a little of the
 * answer. It never throws; every failure is an outcome with a text for the log.
 *
 * Rejected: fetch. It follows redirects by default, and the name may resolve differently between
 * its look-up and ours. Here the connection is to a checked address, and the name is only used for
 * TLS and the Host header.
 */
import { lookup } from 'node:dns/promises'
import { request as httpRequest, type IncomingMessage } from 'node:http'
import { request as httpsRequest, type RequestOptions } from 'node:https'
import { isIP, type LookupFunction, type TcpNetConnectOpts } from 'node:net'
import { webhookLimits } from './limits.ts'
import { checkUrl, hostOf, isPublicAddress } from './addresses.ts'
import type { Outcome } from './schedule.ts'

export interface SenderOptions {
  allowPrivate: boolean
  timeoutMs?: number
  /** Bytes of the answer's body that are read. */
  answerBytesMax?: number
  after(ms: number, run: () => void): () => void
  /** Resolves a name to all its addresses; by default the system's resolver. */
  resolve?: (host: string) => Promise<string[]>
  /** Certificates to trust in place of the system's, as PEM. */
  ca?: string
}
export interface Attempt {
  outcome: Outcome
  /** The beginning of the answer's body, for the log. */
  response: string | null
}
export type Send = (
  url: string,
  headers: Record<string, string>,
  body: string | Uint8Array,
  signal: AbortSignal,
) => Promise<Attempt>

/**
 * Addresses of one name that are tried. More addresses are a mistake, or an attempt to keep us
 * busy.
 */
const addressesTriedMax = 6
/** Time that an address gets to accept the connection while there are others. */
const addressMs = 2_000

/** A resolver that returns only these addresses. */
const checked =
  (addresses: readonly string[]): LookupFunction =>
  (_host, options, done) => {
    const known = addresses.map(address => ({ address, family: isIP(address) }))
    if (options.all === true) done(null, known)
    else done(null, known[0]!.address, known[0]!.family)
  }

const failed = (error: string): Attempt => ({ outcome: { kind: 'failed', error }, response: null })
const resolveBySystem = async (host: string): Promise<string[]> =>
  (await lookup(host, { all: true, verbatim: true })).map(found => found.address)

/**
 * Makes the function that sends one delivery; headers of the caller win. `allowPrivate` admits
 * private addresses and http.
 */
export function createSender(options: SenderOptions): Send {
  const {
    allowPrivate,
    after,
    timeoutMs = webhookLimits.webhookTimeoutMs,
    answerBytesMax = webhookLimits.webhookResponseBytesMax,
    resolve = resolveBySystem,
    ca,
  } = options

  /** Every address must be allowed; a name with one private address is refused. */
  async function addressesOf(url: URL): Promise<{ addresses: string[] } | { error: string }> {
    const host = hostOf(url)
    const addresses = isIP(host) === 0 ? await resolve(host) : [host]
    if (addresses.length === 0) return { error: `${host} has no address` }
    if (!allowPrivate && !addresses.every(isPublicAddress))
      return { error: `${host} is not a host of the public internet` }
    return { addresses: addresses.slice(0, addressesTriedMax) }
  }

  async function attempt(
    text: string,
    headers: Record<string, string>,
    body: string | Uint8Array,
    signal: AbortSignal,
  ): Promise<Attempt> {
    // A resolver may hang like a receiver, and it takes no signal.
    const aborted = new Promise<{ error: string }>(resolve => {
      signal.addEventListener('abort', () => resolve({ error: String(signal.reason) }), {
        once: true,
      })
    })
    let url: URL
    try {
      url = checkUrl(text, allowPrivate)
    } catch (error) {
      return failed((error as Error).message)
    }
    const where = await Promise.race([addressesOf(url), aborted])
    return 'error' in where
      ? failed(where.error)
      : exchange(url, where.addresses, headers, body, signal)
  }

  function exchange(
    url: URL,
    addresses: readonly string[],
    headers: Record<string, string>,
    body: string | Uint8Array,
    signal: AbortSignal,
  ): Promise<Attempt> {
    const bytes = typeof body === 'string' ? Buffer.from(body) : body
    const secure = url.protocol === 'https:'
    const host = hostOf(url)
    const options: RequestOptions &
      Pick<TcpNetConnectOpts, 'autoSelectFamily' | 'autoSelectFamilyAttemptTimeout'> = {
      // Each attempt has its own connection, closed at the end, because a connection that is kept
      // would outlive the check of its address.
      method: 'POST',
      host,
      port: url.port === '' ? (secure ? 443 : 80) : url.port,
      path: url.pathname + url.search,
      agent: false,
      signal,
      // The addresses are tried one after another, because a host may listen on one of its families
      // only. The look-up always returns the checked addresses.
      lookup: checked(addresses),
      autoSelectFamily: true,
      autoSelectFamilyAttemptTimeout: Math.max(
        10,
        Math.min(addressMs, Math.floor(timeoutMs / addresses.length)),
      ),
      ...(secure && isIP(host) === 0 && { servername: host }),
      ...(ca !== undefined && { ca }),
      headers: {
        'content-type': 'application/json',
        'user-agent': 'Caduceus-Webhooks/1',
        ...headers,
        host: url.host,
        'content-length': String(bytes.length),
        connection: 'close',
      },
    }
    return new Promise(resolve => {
      let answered = false
      const request = (secure ? httpsRequest : httpRequest)(options)
      request.on('error', error => {
        if (!answered) resolve(failed(signal.aborted ? String(signal.reason) : wordsOf(error)))
      })
      request.on('response', response => {
        answered = true
        void readStart(response, answerBytesMax).then(text => {
          request.destroy()
          resolve({
            outcome: {
              kind: 'answered',
              status: response.statusCode ?? 0,
              retryAfterMs: retryAfter(response.headers['retry-after']),
            },
            response: text,
          })
        })
      })
      request.end(bytes)
    })
  }

  return async (url, headers, body, signal) => {
    const deadline = new AbortController()
    const cancel = after(timeoutMs, () => deadline.abort(`no answer within ${timeoutMs} ms`))
    try {
      return await attempt(url, headers, body, AbortSignal.any([signal, deadline.signal]))
    } catch (error) {
      return failed(wordsOf(error))
    } finally {
      cancel()
    }
  }
}

/**
 * The beginning of the body, up to the bound or to where it broke off. The status has arrived
 * already and decides.
 */
async function readStart(response: IncomingMessage, bytesMax: number): Promise<string> {
  const chunks: Buffer[] = []
  let length = 0
  try {
    for await (const chunk of response as AsyncIterable<Buffer>) {
      chunks.push(chunk)
      length += chunk.length
      if (length >= bytesMax) break
    }
  } catch {
    // The receiver or our deadline cut the body off.
  }
  // Text in the database cannot contain NUL.
  return Buffer.concat(chunks).subarray(0, bytesMax).toString('utf8').replaceAll('\0', '')
}

/** Seconds, the usual form of the header; for a date our own backoff is used. */
const retryAfter = (value: string | undefined): number | null =>
  value !== undefined && /^\d{1,9}$/.test(value) ? Number(value) * 1_000 : null

function wordsOf(error: unknown): string {
  // Each address has its own error; the last one is as good as any.
  if (error instanceof AggregateError && error.errors.length > 0)
    return wordsOf(error.errors.at(-1))
  const { code, message } = error as { code?: unknown; message?: unknown }
  return (
    [code, message].filter(part => typeof part === 'string' && part !== '').join(': ') ||
    String(error)
  )
}
