/**
 * POSTs over connections that stay open for some seconds, at about 20 µs each, for open-loop
 * schedules whose latencies must not contain the generator's own time. Each connection has one
 * request at a time; when all wait for an answer, another one is opened, as browsers and phones do.
 *
 * Rejected: `fetch` (about 300 µs of the generator's processor for each request, measured).
 * Rejected: pipelining. No client of ours does it, and an answer that waits behind another would be
 * the client's fault.
 */
import type { Socket } from 'node:net'
import { dial } from './dial.ts'

export interface RawAnswer {
  status: number
  body: string
}
/**
 * Idle time after which a connection is not used again, ms. Servers end an idle connection
 * (uWebSockets after 10 s), and bytes written at that moment are lost.
 */
const idleMaxMsDefault = 4_000

interface Waiting {
  resolve(answer: RawAnswer): void
  reject(error: Error): void
}

export class RawHttp {
  readonly #url: string
  readonly #host: string
  readonly #idleMaxMs: number
  readonly #idle: Lane[] = []
  readonly #all = new Set<Lane>()

  constructor(url: string, idleMaxMs = idleMaxMsDefault) {
    this.#url = url
    this.#idleMaxMs = idleMaxMs
    this.#host = new URL(url).host
  }

  get connections(): number {
    return this.#all.size
  }

  /** Opens connections until so many are idle, so that the first requests do not pay for them. */
  async prepare(count: number): Promise<void> {
    const fresh = this.#idle.splice(0).filter(lane => lane.usable(this.#idleMaxMs))
    this.#idle.push(
      ...fresh,
      ...(await Promise.all(
        Array.from({ length: Math.max(0, count - fresh.length) }, () => this.#newLane()),
      )),
    )
  }

  async post(path: string, token: string, body: string): Promise<RawAnswer> {
    let lane = this.#idle.pop()
    while (lane !== undefined && !lane.usable(this.#idleMaxMs)) lane = this.#idle.pop()
    lane ??= await this.#newLane()
    try {
      return await lane.send(
        `POST ${path} HTTP/1.1\r\nHost: ${this.#host}\r\nAuthorization: Bearer ${token}\r\nContent-Type: application/json\r\n` +
          `Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
      )
    } finally {
      if (!lane.broken) this.#idle.push(lane)
    }
  }

  close(): void {
    for (const lane of this.#all) lane.destroy()
  }

  async #newLane(): Promise<Lane> {
    // A connection that ends while it opens was never counted.
    const lane = await Lane.open(this.#url, ended => this.#all.delete(ended))
    this.#all.add(lane)
    return lane
  }
}

class Lane {
  readonly #socket: Socket
  #waiting: Waiting | null = null
  #text = ''
  #usedAtMs = performance.now()
  broken = false

  private constructor(url: string, ended: (lane: Lane) => void) {
    const socket = (this.#socket = dial(url, bytes => this.#read(bytes.toString('latin1'))))
    socket.on('error', () => undefined)
    socket.on('close', () => {
      this.broken = true
      ended(this)
      this.#waiting?.reject(new Error('the connection ended'))
    })
  }

  static open(url: string, ended: (lane: Lane) => void): Promise<Lane> {
    return new Promise((resolve, reject) => {
      const lane = new Lane(url, ended)
      lane.#socket.once(url.startsWith('https:') ? 'secureConnect' : 'connect', () => resolve(lane))
      lane.#socket.once('error', reject)
    })
  }

  /** False when the connection has ended or may be about to end; it is then destroyed. */
  usable(idleMaxMs: number): boolean {
    if (!this.broken && performance.now() - this.#usedAtMs < idleMaxMs) return true
    this.#socket.destroy()
    return false
  }

  send(request: string): Promise<RawAnswer> {
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject }
      this.#socket.write(request)
    })
  }

  destroy(): void {
    this.#socket.destroy()
  }

  #read(text: string): void {
    this.#text += text
    const end = this.#text.indexOf('\r\n\r\n')
    if (end < 0) return
    const length = /\r\ncontent-length: *(\d+)/i.exec(this.#text.slice(0, end))
    const bytes = length === null ? 0 : Number(length[1])
    if (this.#text.length < end + 4 + bytes) return
    const answer = {
      status: Number(this.#text.slice(9, 12)),
      body: this.#text.slice(end + 4, end + 4 + bytes),
    }
    this.#text = ''
    const waiting = this.#waiting
    this.#waiting = null
    this.#usedAtMs = performance.now()
    waiting?.resolve(answer)
  }
}
