/**
 * An Env whose clock moves only on command, and whose randomness comes from a seed. Tests of
 * deadlines run on it: an hour of waiting takes no time, and a run can be repeated.
 */
import { seededRandom } from '../../protocol/kernel/chance.ts'
import type { Env } from '../../protocol/kernel/env.ts'

interface Timer {
  atMs: number
  order: number
  run: () => void
  cancelled: boolean
}

/** `startMs`: the first time of the clock, ms since the epoch. */
export class VirtualEnv implements Env {
  #nowMs: number
  #timers: Timer[] = []
  #order = 0
  readonly random: () => number

  constructor(seed: number, startMs: number = 1_800_000_000_000) {
    this.random = seededRandom(seed)
    this.#nowMs = startMs
  }

  nowMs(): number {
    return this.#nowMs
  }

  after(ms: number, run: () => void): () => void {
    const timer: Timer = {
      atMs: this.#nowMs + Math.max(0, ms),
      order: this.#order++,
      run,
      cancelled: false,
    }
    this.#timers.push(timer)
    return () => {
      timer.cancelled = true
    }
  }

  /** Lets everything run that waits for no timer. The clock stands still. */
  async settle(): Promise<void> {
    for (let i = 0; i < settleRounds; i++)
      await new Promise<void>(resolve => {
        setImmediate(resolve)
      })
  }

  /** Moves the clock by `ms`. Timers run at their times, and settle before the next timer runs. */
  async advance(ms: number): Promise<void> {
    const untilMs = this.#nowMs + ms
    await this.settle()
    for (;;) {
      this.#timers = this.#timers.filter(timer => !timer.cancelled)
      const next = this.#timers
        .filter(timer => timer.atMs <= untilMs)
        .sort((a, b) => a.atMs - b.atMs || a.order - b.order)[0]
      if (next === undefined) break
      this.#timers.splice(this.#timers.indexOf(next), 1)
      this.#nowMs = Math.max(this.#nowMs, next.atMs)
      next.run()
      await this.settle()
    }
    this.#nowMs = untilMs
  }
}

/** Turns of the event loop after which everything that was ready has run. */
const settleRounds = 6
