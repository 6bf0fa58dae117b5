/**
 * Bounded counters in this process. The library's own counters forget a key only when its window
 * ends, so a caller with many addresses could fill the memory within one window. Here the oldest
 * window makes room, because it has the least time left to forbid anything.
 *
 * Rejected: hashing keys into a fixed table, because strangers would share a counter and one would
 * be refused for the other's requests.
 */
import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible'
import type { RateRule } from '../kernel/rates.ts'
import { rateLimits } from './limits.ts'

export class BoundedMemoryLimiter extends RateLimiterMemory {
  /**
   * End of each key's window. All windows are equally long, so the order of insertion is the order
   * of the ends.
   */
  readonly #endsAtMs = new Map<string, number>()
  readonly #keysMax: number
  readonly #nowMs: () => number

  constructor(
    keyPrefix: string,
    rule: RateRule,
    nowMs: () => number,
    keysMax: number = rateLimits.keysMax,
  ) {
    super({ keyPrefix, points: rule.requestsMax, duration: rule.windowSeconds })
    this.#keysMax = keysMax
    this.#nowMs = nowMs
  }

  get size(): number {
    return this.#endsAtMs.size
  }

  override consume(key: string, pointsToConsume = 1): Promise<RateLimiterRes> {
    const nowMs = this.#nowMs()
    for (const [known, endsAtMs] of this.#endsAtMs) {
      if (endsAtMs > nowMs && (this.#endsAtMs.size < this.#keysMax || this.#endsAtMs.has(key)))
        break
      this.#endsAtMs.delete(known)
      // The library must forget the ended window too; its timer may be late.
      void this.delete(known)
    }
    if (!this.#endsAtMs.has(key)) this.#endsAtMs.set(key, nowMs + this.duration * 1_000)
    return super.consume(key, pointsToConsume)
  }

  /** A key whose window was forgotten has no points to give back. */
  override reward(key: string, points = 1): Promise<RateLimiterRes> {
    return this.#endsAtMs.has(key)
      ? super.reward(key, points)
      : Promise.resolve(new RateLimiterRes(this.points, 0, 0, false))
  }
}
