/**
 * Decides how many sockets may open in a second, and which clients may open them. An edge that dies
 * leaves thousands of clients who all come back at once. Each handshake costs a signature and some
 * rows; an edge that takes them all answers none in time, so they give up and come again. So the
 * rest gets 503 with a time to come back, before anything was read for it.
 *
 * A stranger could empty one bucket for everybody. So each address without a valid token has a
 * small share, and all these addresses together leave half of the bucket to clients with a token.
 * Of these, clients that came often in this second leave the last quarter to the others.
 *
 * Handshakes under way count in the same parts. While the database hangs none of them ends, and a
 * few hundred a second would become thousands that all ask the database once it answers again.
 *
 * Rejected: a queue of handshakes. A client gives up after a while, and its handshake would then be
 * done for nobody. Rejected: a fixed share for each address with tokens, because behind a proxy all
 * of them are one address.
 */
import { admissionLimits } from './limits.ts'
import { socketLimits } from '../kernel/limits.ts'

/**
 * A handshake that asks to be admitted. `voucher`: the account of a valid token, or a valid ticket;
 * null for neither.
 */
export interface Knock {
  address: string
  voucher: string | null
}

/**
 * Counts how often each key came within this second. It is bounded and starts again each second.
 */
class Recent {
  readonly #counts = new Map<string, number>()
  #second = -1

  /** The count with this handshake. A key that found no room counts as one that came too often. */
  count(key: string, nowMs: number): number {
    const second = Math.floor(nowMs / 1_000)
    if (second !== this.#second) {
      this.#counts.clear()
      this.#second = second
    }
    const count = (this.#counts.get(key) ?? 0) + 1
    if (count === 1 && this.#counts.size >= admissionLimits.keysPerSecondMax)
      return Number.MAX_SAFE_INTEGER
    this.#counts.set(key, count)
    return count
  }
}

export class Admission {
  readonly #nowMs: () => number
  readonly #perSecond: number
  readonly #recent = new Recent()
  #tokens: number
  #filledAtMs: number
  #underWay = 0

  constructor(perSecond: number, nowMs: () => number) {
    this.#perSecond = perSecond
    this.#tokens = perSecond
    this.#nowMs = nowMs
    this.#filledAtMs = nowMs()
  }

  /** Handshakes that have neither succeeded nor failed. */
  get underWay(): number {
    return this.#underWay
  }

  /** Notes that a handshake begins. Call the returned function when the handshake is over. */
  begin(): () => void {
    this.#underWay++
    return () => {
      this.#underWay--
    }
  }

  /** False: the client must come later. A second's worth may come at once. */
  admits(knock: Knock): boolean {
    const nowMs = this.#nowMs()
    // A clock that is set back must not stop the admission.
    const passedMs = Math.max(0, nowMs - this.#filledAtMs)
    this.#filledAtMs = nowMs
    this.#tokens = Math.min(this.#perSecond, this.#tokens + (passedMs * this.#perSecond) / 1_000)
    const reserved = this.#reservedFrom(knock, nowMs)
    if (this.#underWay >= socketLimits.handshakesUnderWayMax * (1 - reserved)) return false
    if (this.#tokens - 1 < Math.floor(this.#perSecond * reserved)) return false
    this.#tokens--
    return true
  }

  /** The part of the bucket that is kept for others; 1 keeps all of it. */
  #reservedFrom({ address, voucher }: Knock, nowMs: number): number {
    const { addressShare, vouchedReserve, quietReserve, perVoucherPerSecond } = admissionLimits
    if (voucher === null)
      return this.#recent.count(`address ${address}`, nowMs) >
        Math.max(1, this.#perSecond * addressShare)
        ? 1
        : vouchedReserve
    const [ofVoucher, ofAddress] = [
      this.#recent.count(`voucher ${voucher}`, nowMs),
      this.#recent.count(`vouched ${address}`, nowMs),
    ]
    return ofVoucher > perVoucherPerSecond || ofAddress > this.#perSecond / 2 ? quietReserve : 0
  }
}
