/**
 * One direction of one proxied connection. It passes bytes on in their order: later, slower or not
 * at all. It holds a bounded number of bytes and then stops reading, so that the socket buffer of
 * the sender fills up, as on a stalled network. Rejected: a Transform stream, because its buffers
 * cannot wait without a timer of our own.
 */
import type { Socket } from 'node:net'
import type { Weather } from './weather.ts'

const heldBytesMax = 256 * 1024
/** A slow lane passes on the bytes of this time at once, ms. */
const pieceMs = 20

export class Lane {
  readonly #from: Socket
  readonly #to: Socket
  readonly #weather: Weather
  readonly #held: { bytes: Buffer; dueMs: number }[] = []
  #heldBytes = 0
  #ended = false
  #dead = false
  #timer: NodeJS.Timeout | null = null
  #draining = false

  constructor(from: Socket, to: Socket, weather: Weather) {
    this.#from = from
    this.#to = to
    this.#weather = weather
    from.on('data', bytes => this.#take(bytes))
    from.on('end', () => {
      this.#ended = true
      this.pump()
    })
    to.on('drain', () => {
      this.#draining = false
      this.pump()
    })
  }

  /** The connection met a swallowing weather: it passes nothing on any more. */
  die(): void {
    this.#dead = true
    this.#held.length = 0
    this.#heldBytes = 0
    this.#from.resume()
  }

  stop(): void {
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#timer = null
    this.die()
  }

  /**
   * Passes on the bytes that may go now. When bytes have to wait for their time, it calls itself
   * again.
   */
  pump(): void {
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#timer = null
    while (!this.#dead && !this.#weather.stalled && !this.#draining && !this.#to.destroyed) {
      const head = this.#held[0]
      if (head === undefined) {
        if (this.#ended) this.#to.end()
        return
      }
      const waitMs = head.dueMs - performance.now()
      if (waitMs > 0) return this.#later(waitMs)
      const { bytesPerSecond } = this.#weather
      const piece = Number.isFinite(bytesPerSecond)
        ? head.bytes.subarray(0, Math.max(1, Math.floor((bytesPerSecond * pieceMs) / 1_000)))
        : head.bytes
      this.#give(head, piece)
      if (Number.isFinite(bytesPerSecond))
        return this.#later((piece.length / bytesPerSecond) * 1_000)
    }
  }

  #take(bytes: Buffer): void {
    if (this.#dead || this.#weather.swallowing) return
    this.#held.push({ bytes, dueMs: performance.now() + this.#weather.delayMs })
    this.#heldBytes += bytes.length
    if (this.#heldBytes >= heldBytesMax) this.#from.pause()
    if (this.#timer === null) this.pump()
  }

  #give(head: { bytes: Buffer; dueMs: number }, piece: Buffer): void {
    this.#heldBytes -= piece.length
    if (piece.length === head.bytes.length) this.#held.shift()
    else head.bytes = head.bytes.subarray(piece.length)
    if (this.#heldBytes < heldBytesMax) this.#from.resume()
    this.#draining = !this.#to.write(piece)
  }

  #later(ms: number): void {
    this.#timer = setTimeout(() => {
      this.#timer = null
      this.pump()
    }, ms)
  }
}
