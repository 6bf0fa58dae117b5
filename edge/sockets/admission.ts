/**
 * How many sockets may begin a second. An edge that dies leaves thousands of clients who all come back at
 * once; each handshake costs a signature and some rows, and an edge that takes them all answers none in
 * time, so that they give up and come again. The rest hears 503 with a time to come back, before anything
 * was read for it.
 *
 * Those under way are counted as well: while the database hangs, none ends, and a few hundred a second
 * would be thousands that all ask it once it answers again.
 *
 * Rejected: a queue of handshakes. Whoever waits in it longer than its own patience is work for nobody.
 */
import { limits } from '../../protocol/limits.ts'

export class Admission {
  readonly #nowMs: () => number
  readonly #perSecond: number
  #tokens: number
  #filledAtMs: number
  #underWay = 0

  constructor(perSecond: number, nowMs: () => number) {
    this.#perSecond = perSecond
    this.#tokens = perSecond
    this.#nowMs = nowMs
    this.#filledAtMs = nowMs()
  }

  /** Handshakes that began and have neither succeeded nor failed. */
  get underWay(): number { return this.#underWay }

  /** One begins, whoever let it in; what this returns is called when it is over. */
  begin(): () => void {
    this.#underWay++
    return () => { this.#underWay-- }
  }

  /** False: not now. A second's worth may come at once. */
  admits(): boolean {
    if (this.#underWay >= limits.handshakesUnderWayMax) return false
    const nowMs = this.#nowMs()
    // A clock that is set back must not close the door.
    const passedMs = Math.max(0, nowMs - this.#filledAtMs)
    this.#filledAtMs = nowMs
    this.#tokens = Math.min(this.#perSecond, this.#tokens + passedMs * this.#perSecond / 1_000)
    if (this.#tokens < 1) return false
    this.#tokens--
    return true
  }
}
