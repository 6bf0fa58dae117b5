/**
 * POSTs over connections that stay open for some seconds, at some 20 µs each: for open-loop schedules, where the
 * generator's own time must not be in the latencies. One request at a time on each connection; when all
 * are waiting for an answer another one is opened, as browsers and phones would.
 *
 * Rejected: `fetch` (some 300 µs of the generator's processor a request, measured) and pipelining
 * (no client of ours does it, and an answer that waits behind another would be the client's doing).
 */
import type { Socket } from 'node:net'
import { dial } from './dial.ts'

export interface RawAnswer {
  status: number
  body: string
}
/** Servers end a connection that was idle for long (uWebSockets after 10 s), and what is written at that moment is lost. */
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

  /** Opens connections beforehand, so that the first requests do not pay for them. */
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
    // One that ends while it opens was never among them.
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

  /** False of one that has ended or may be about to; that one is given up. */
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
