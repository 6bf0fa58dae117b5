/**
 * How many sockets may begin a second, and whose. An edge that dies leaves thousands of clients who all
 * come back at once; each handshake costs a signature and some rows, and an edge that takes them all
 * answers none in time, so that they give up and come again. The rest hears 503 with a time to come back,
 * before anything was read for it.
 *
 * One bucket for everybody is one that a stranger empties. So each address without a good token has a small
 * share of its own, all of them together leave half of the bucket to those with a token, and of these
 * whoever has come often in this second leaves the last quarter to those who have not.
 *
 * Those under way are counted as well, in the same parts: while the database hangs, none ends, and a few
 * hundred a second would be thousands that all ask it once it answers again.
 *
 * Rejected: a queue of handshakes. Whoever waits in it longer than its own patience is work for nobody. And
 * a fixed share for each address with tokens: behind a proxy all of them are one address.
 */
import { admissionLimits } from './limits.ts'
import { socketLimits } from '../kernel/limits.ts'

/** Who knocks. `voucher`: the account of a good token, or a good ticket; null for neither. */
export interface Knock {
  address: string
  voucher: string | null
}

/** How often each key came within this second; bounded, and forgotten with the second. */
class Recent {
  readonly #counts = new Map<string, number>()
  #second = -1

  /** With this time. A key that found no room counts as one that has come too often. */
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

  /** Handshakes that began and have neither succeeded nor failed. */
  get underWay(): number {
    return this.#underWay
  }

  /** One begins, whoever let it in; what this returns is called when it is over. */
  begin(): () => void {
    this.#underWay++
    return () => {
      this.#underWay--
    }
  }

  /** False: not now. A second's worth may come at once. */
  admits(knock: Knock): boolean {
    const nowMs = this.#nowMs()
    // A clock that is set back must not close the door.
    const passedMs = Math.max(0, nowMs - this.#filledAtMs)
    this.#filledAtMs = nowMs
    this.#tokens = Math.min(this.#perSecond, this.#tokens + (passedMs * this.#perSecond) / 1_000)
    const reserved = this.#reservedFrom(knock, nowMs)
    if (this.#underWay >= socketLimits.handshakesUnderWayMax * (1 - reserved)) return false
    if (this.#tokens - 1 < Math.floor(this.#perSecond * reserved)) return false
    this.#tokens--
    return true
  }

  /** The part of the door that is kept for others: 1 keeps all of it. */
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
