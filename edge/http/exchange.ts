/**
 * One HTTP exchange over uWebSockets.js: the only module that holds a `res`. uWebSockets ends the
 * whole process when a handler neither answers nor attaches `onAborted`; `req` is invalid when the
 * handler returns, and `res` is invalid when the client leaves. This module handles each of these
 * cases once.
 *
 * Rejected: node:http. It needs no such care, but it cannot share a port with uWebSockets' sockets
 * and serves a third of the requests a second.
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
  /**
   * True when the connection ends with the answer, because nobody should wait for the rest of the
   * request.
   */
  close?: boolean
}

export class Exchange implements BodySource, Reader {
  readonly method: string
  readonly path: string
  readonly query: string
  /**
   * Address of the peer; an IPv4 address in its own notation, even when it came over an IPv6
   * socket.
   */
  readonly address: string
  /** Names in small letters; the lines of one name joined by commas. */
  readonly headers: Readonly<Record<string, string>>
  /** The reason why no part of the request can be trusted; see `readHeaders`. */
  readonly fault: string | null
  readonly #res: HttpResponse
  readonly #readers: SlowReaders
  #state: 'open' | 'answered' | 'aborted' = 'open'
  #onEnd: (() => void) | null = null
  #onLeft: (() => void) | null = null
  /** Wakes a stream that waits for the client or for the end of the exchange. */
  #resume: (() => void) | null = null
  #onStreamFailed: ((error: unknown) => void) | null = null

  /** Must be constructed in the synchronous part of the handler. */
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

  /** True when the connection waits for another request after the answer. */
  get #staysOpen(): boolean {
    return !/\bclose\b/i.test(this.headers['connection'] ?? '')
  }

  get aborted(): boolean {
    return this.#state === 'aborted'
  }

  /** `run` is called once when the exchange ends, in whatever way. */
  onEnd(run: () => void): void {
    this.#onEnd = run
  }

  /** `run` is called when the source of a streamed answer fails after its beginning. */
  onStreamFailed(run: (error: unknown) => void): void {
    this.#onStreamFailed = run
  }

  /** `run` is called when the client leaves before the answer. */
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
  /** Restarts the library's timeout. */
  rearm(): void {
    this.pause()
    this.resume()
  }
  /** Ends the connection of a reader that has left. */
  cut(): void {
    if (this.#state === 'open') this.#res.close()
  }

  /**
   * Answers once; does nothing when the client has left or was answered. uWebSockets discards bytes
   * that the client still sends, so an early refusal reaches a client that is still writing.
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
        // The parameter of endWithoutBody is not used: after it the library waits for a body and
        // cuts the connection at the next request.
        res.writeHeader('content-length', String(length))
        res.endWithoutBody()
      } else if (status === 204 || status === 304) res.endWithoutBody()
      else res.end(body, close)
    })
    this.#finish('answered')
  }

  /** Writes as much as the operating system takes at a time, for as long as the reader needs. */
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
   * Streams one chunk at a time: it asks for the next when uWebSockets has passed the last one on.
   * A client that stops reading is cut off after a while, which also ends the source. When the
   * source fails, the status was sent already, so the connection is cut: every client treats a
   * chunked body without its last chunk as an error.
   */
  async #stream(begin: () => void, chunks: ByteStream): Promise<void> {
    const res = this.#res
    res.cork(begin)
    try {
      for await (const chunk of chunks) {
        if (this.#state !== 'open') return
        // An empty chunk would end the body.
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

/**
 * Text of an address: four bytes, or sixteen that begin with the mapped prefix, are IPv4. Groups of
 * IPv6 are not shortened.
 */
export function addressText(bytes: ArrayBuffer): string {
  const given = Buffer.from(bytes)
  const mapped =
    given.length === 16 && given.readUInt32BE(8) === 0xffff && given.readBigUInt64BE(0) === 0n
  const address = mapped ? given.subarray(12) : given
  return address.length === 4
    ? address.join('.')
    : (address.toString('hex').match(/.{4}/g) ?? []).join(':')
}

/**
 * Tells proxies and clients that pool connections how long an idle connection lives, so that they
 * do not use one that is about to end.
 */
const keepAlive = `timeout=${bodyLimits.idleConnectionSecondsMin}`

const reasons: Record<number, string> = {
  200: 'OK',
  201: 'Created',
  202: 'Accepted',
  204: 'No Content',
  206: 'Partial Content',
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
  416: 'Range Not Satisfiable',
  422: 'Unprocessable Content',
  429: 'Too Many Requests',
  460: 'Checksum Mismatch',
  500: 'Internal Server Error',
  503: 'Service Unavailable',
}
