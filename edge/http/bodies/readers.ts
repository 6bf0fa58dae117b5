/**
 * Waits for slow readers. uWebSockets closes a connection that took nothing for ten seconds. The
 * operating system reports progress only when a third of its buffer is free, which takes half a
 * minute on a bad network. So connections that wait for their reader are told to wait longer, up to
 * our own limit.
 */
import { bodyLimits } from './limits.ts'

export interface Reader {
  rearm(): void
  cut(): void
}

export class SlowReaders {
  readonly #waiting = new Map<Reader, { untilMs: number; heldBytes: number }>()
  #heldBytes = 0
  readonly #nowMs: () => number
  readonly #after: (ms: number, run: () => void) => () => void
  #ticking = false

  constructor({
    nowMs,
    after,
  }: {
    nowMs(): number
    after(ms: number, run: () => void): () => void
  }) {
    this.#nowMs = nowMs
    this.#after = after
  }

  /**
   * The reader has taken nothing from now on. It is cut after `idleMs`, unless it is removed or
   * added again. When too many bytes wait in memory already, the library keeps the connection and
   * cuts it sooner.
   */
  add(reader: Reader, idleMs: number, heldBytes: number): void {
    this.remove(reader)
    if (this.#heldBytes + heldBytes > bodyLimits.answersWaitingBytesMax) return
    this.#waiting.set(reader, { untilMs: this.#nowMs() + idleMs, heldBytes })
    this.#heldBytes += heldBytes
    this.#tick()
  }

  remove(reader: Reader): void {
    this.#heldBytes -= this.#waiting.get(reader)?.heldBytes ?? 0
    this.#waiting.delete(reader)
  }

  #tick(): void {
    if (this.#ticking || this.#waiting.size === 0) return
    this.#ticking = true
    this.#after(bodyLimits.rearmIntervalMs, () => {
      this.#ticking = false
      const nowMs = this.#nowMs()
      for (const [reader, { untilMs }] of this.#waiting) {
        if (nowMs <= untilMs) reader.rearm()
        else {
          this.remove(reader)
          reader.cut()
        }
      }
      this.#tick()
    })
  }
}
