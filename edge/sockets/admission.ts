/**
 * How many sockets may begin a second. An edge that dies leaves thousands of clients who all come back at
 * once; each handshake costs a signature and some rows, and an edge that takes them all answers none in
 * time, so that they give up and come again. The rest hears 503 with a time to come back, before anything
 * was read for it.
 *
 * Rejected: a queue of handshakes. Whoever waits in it longer than its own patience is work for nobody.
 */
import { limits } from '../../protocol/limits.ts'

export class Admission {
  readonly #nowMs: () => number
  #tokens: number = limits.handshakesPerSecondMax
  #filledAtMs: number

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs
    this.#filledAtMs = nowMs()
  }

  /** False: not now. A second's worth may come at once. */
  admits(): boolean {
    const nowMs = this.#nowMs()
    // A clock that is set back must not close the door.
    const passedMs = Math.max(0, nowMs - this.#filledAtMs)
    this.#filledAtMs = nowMs
    this.#tokens = Math.min(limits.handshakesPerSecondMax, this.#tokens + passedMs * limits.handshakesPerSecondMax / 1_000)
    if (this.#tokens < 1) return false
    this.#tokens--
    return true
  }
}
