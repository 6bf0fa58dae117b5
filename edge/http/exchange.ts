/**
 * One HTTP exchange over uWebSockets.js: the only module that holds a `res`. uWebSockets aborts the
 * whole process when a handler neither answers nor attaches `onAborted`, invalidates `req` when the
 * handler returns, and `res` when the client leaves; here each of these is dealt with once.
 *
 * Rejected: node:http, which would need no such care; it shares no port with uWebSockets' sockets and
 * takes a third of the requests a second.
 */
import type { HttpRequest, HttpResponse } from '../kernel/uws.ts'
import type { BodySource } from './bodies/incoming.ts'
import { bodyLimits } from './bodies/limits.ts'
import type { Reader, SlowReaders } from './bodies/readers.ts'
import { readHeaders } from './headers.ts'
import { endStream, isByteStream, type ByteStream } from './streaming.ts'

export interface Answer {
  status: number
  headers: Record<string, string>
  /** Chunks are sent as they come, no faster than the client reads. */
  body: string | Uint8Array | ByteStream
  /** The connection ends with the answer: of a request whose rest nobody should wait for. */
  close?: boolean
}

export class Exchange implements BodySource, Reader {
  readonly method: string
  readonly path: string
  readonly query: string
  /** Of the peer, IPv4 in its own notation also where it came in through an IPv6 socket. */
  readonly address: string
  /** Names in small letters; the lines of one name joined by a comma. */
  readonly headers: Readonly<Record<string, string>>
  /** Why nothing of the request may be believed; see `readHeaders`. */
  readonly fault: string | null
  readonly #res: HttpResponse
  readonly #readers: SlowReaders
  #state: 'open' | 'answered' | 'aborted' = 'open'
  #onEnd: (() => void) | null = null
  #onLeft: (() => void) | null = null
  /** Wakes a stream that waits for the client to read on, or for the end of the exchange. */
  #resume: (() => void) | null = null
  #onStreamFailed: ((error: unknown) => void) | null = null

  /** Must be made in the synchronous part of the handler. */
  constructor(res: HttpResponse, req: HttpRequest, readers: SlowReaders) {
    this.#res = res
    this.#readers = readers
    res.onAborted(() => this.#finish('aborted'))
    this.method = req.getMethod().toUpperCase()
    this.path = req.getUrl()
    this.query = req.getQuery() ?? ''
    this.address = addressText(res.getRemoteAddress())
    const { fields, fault } = readHeaders(req)
    this.headers = fields
    this.fault = fault
  }

  /** Whether the connection waits for another request after the answer. */
  get #staysOpen(): boolean {
    return !/\bclose\b/i.test(this.headers['connection'] ?? '')
  }

  get aborted(): boolean {
    return this.#state === 'aborted'
  }

  /** Runs once, when the exchange is over, whichever way. */
  onEnd(run: () => void): void {
    this.#onEnd = run
  }

  /** Told when the source of a streamed answer fails after its beginning. */
  onStreamFailed(run: (error: unknown) => void): void {
    this.#onStreamFailed = run
  }

  /** Runs when the client leaves before it has been answered. */
  onLeft(run: () => void): void {
    this.#onLeft = run
  }

  onData(take: (chunk: ArrayBuffer, isLast: boolean) => void): void {
    this.#res.onData(take)
  }
  pause(): void {
    if (this.#state === 'open') this.#res.pause()
  }
  resume(): void {
    if (this.#state === 'open') this.#res.resume()
  }
  /** Starts the library's clock anew. */
  rearm(): void {
    this.pause()
    this.resume()
  }
  /** Ends the connection of a reader that is gone. */
  cut(): void {
    if (this.#state === 'open') this.#res.close()
  }

  /**
   * Answers once; does nothing when the client has left or was answered. What the client still
   * sends is discarded by uWebSockets, so an early refusal reaches a client that is busy writing.
   */
  answer({ status, headers, body, close = false }: Answer): void {
    if (this.#state !== 'open') {
      if (isByteStream(body)) this.#giveBack(body)
      return
    }
    const res = this.#res
    const begin = () => {
      res.writeStatus(`${status} ${reasons[status] ?? ''}`.trim())
      for (const name in headers) res.writeHeader(name, headers[name]!)
      if (!close && this.#staysOpen)
        res.writeHeader('connection', 'keep-alive').writeHeader('keep-alive', keepAlive)
    }
    if (isByteStream(body) && this.method !== 'HEAD') {
      void this.#stream(begin, body)
      return
    }
    const length = isByteStream(body)
      ? 0
      : typeof body === 'string'
        ? Buffer.byteLength(body)
        : body.byteLength
    if (length > bodyLimits.largeAnswerBytesMin && this.method !== 'HEAD') {
      this.#endSlowly(begin, typeof body === 'string' ? Buffer.from(body) : (body as Uint8Array))
      return
    }
    res.cork(() => {
      begin()
      if (isByteStream(body)) {
        res.endWithoutBody()
        this.#giveBack(body)
      } else if (this.method === 'HEAD') {
        // Not by endWithoutBody's own parameter: after it the library waits for a body, and cuts the connection at the next request.
        res.writeHeader('content-length', String(length))
        res.endWithoutBody()
      } else if (status === 204 || status === 304) res.endWithoutBody()
      else res.end(body, close)
    })
    this.#finish('answered')
  }

  /** As much as the kernel takes at a time, for as long as its reader needs. */
  #endSlowly(begin: () => void, body: Uint8Array): void {
    const res = this.#res
    const more = (offset: number): boolean => {
      const [flowing, ended] = res.tryEnd(body.subarray(offset), body.byteLength)
      if (ended) this.#finish('answered')
      else this.#readers.add(this, bodyLimits.readerIdleMsMax, body.byteLength - offset)
      return flowing
    }
    res.cork(() => {
      begin()
      more(0)
    })
    if (this.#state === 'open') res.onWritable(more)
  }

  /**
   * Holds one chunk at a time: the next is asked for when uWebSockets has handed the last to the
   * kernel. A client that stops reading is cut off after a while, and that ends the source too. When the source fails the status is out already, so the connection is cut: a chunked
   * body without its last chunk is an error to every client.
   */
  async #stream(begin: () => void, chunks: ByteStream): Promise<void> {
    const res = this.#res
    res.cork(begin)
    try {
      for await (const chunk of chunks) {
        if (this.#state !== 'open') return
        // An empty chunk would be the one that ends the body.
        if (chunk.byteLength === 0) continue
        let flowing = true
        res.cork(() => {
          flowing = res.write(chunk)
        })
        if (!flowing) await this.#writable()
      }
      if (this.#state !== 'open') return
      res.cork(() => res.end())
      this.#finish('answered')
    } catch (error) {
      this.#onStreamFailed?.(error)
      // Closing reports an abort, which finishes the exchange.
      if (this.#state === 'open') res.close()
    }
  }

  #giveBack(stream: ByteStream): void {
    endStream(stream).catch((error: unknown) => this.#onStreamFailed?.(error))
  }

  #writable(): Promise<void> {
    return new Promise(resolve => {
      this.#resume = () => {
        this.#resume = null
        resolve()
      }
      if (this.#state !== 'open') this.#resume()
      else {
        this.#readers.add(this, bodyLimits.streamReaderIdleMsMax, bodyLimits.largeAnswerBytesMin)
        this.#res.onWritable(() => {
          this.#readers.remove(this)
          this.#resume?.()
          return true
        })
      }
    })
  }

  #finish(state: 'answered' | 'aborted'): void {
    if (this.#state !== 'open') return
    this.#state = state
    this.#readers.remove(this)
    this.#resume?.()
    if (state === 'aborted') this.#onLeft?.()
    this.#onEnd?.()
  }
}

/** Four bytes are IPv4; so are sixteen that begin with the mapped prefix. Groups of IPv6 are not shortened. */
export function addressText(bytes: ArrayBuffer): string {
  const given = Buffer.from(bytes)
  const mapped =
    given.length === 16 && given.readUInt32BE(8) === 0xffff && given.readBigUInt64BE(0) === 0n
  const address = mapped ? given.subarray(12) : given
  return address.length === 4
    ? address.join('.')
    : (address.toString('hex').match(/.{4}/g) ?? []).join(':')
}

/** How long an idle connection is kept, so that a proxy or a client that pools connections does not use one that is about to end. */
const keepAlive = `timeout=${bodyLimits.idleConnectionSecondsMin}`

const reasons: Record<number, string> = {
  200: 'OK',
  201: 'Created',
  202: 'Accepted',
  204: 'No Content',
  302: 'Found',
  304: 'Not Modified',
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  408: 'Request Timeout',
  409: 'Conflict',
  410: 'Gone',
  412: 'Precondition Failed',
  413: 'Content Too Large',
  415: 'Unsupported Media Type',
  422: 'Unprocessable Content',
  429: 'Too Many Requests',
  460: 'Checksum Mismatch',
  500: 'Internal Server Error',
  503: 'Service Unavailable',
}
