/**
 * Decides when watchers are told of a position: at once, and then not again for
 * limits.pushIntervalMs. So a driver who sends every second is seen without delay, and one who
 * sends a hundred times a second costs a watcher four messages a second. News of many orders within
 * limits.pushGatherMs leave together; otherwise each of ten thousand orders would be its own
 * message to every edge.
 *
 * All items rest equally long, so they wait in a queue in the order of waking, and one timer is
 * enough. Rejected: one tick for all. It delayed everybody by half an interval, and did the work of
 * a whole interval in one turn of the event loop. Rejected: a timer for each order.
 */
import type { Env } from '../../protocol/kernel/env.ts'
import { limits } from '../../protocol/kernel/limits.ts'

export interface Paced {
  /** Kept by the pace. `stirred`: the item rests and has news already. */
  pace: 'quiet' | 'due' | 'resting' | 'stirred'
  restsUntilMs: number
}
/** The state of an item that the pace does not know yet. */
export const unpaced = (): Paced => ({ pace: 'quiet', restsUntilMs: 0 })

export class Pace<T extends Paced> {
  readonly #env: Env
  readonly #tell: (items: readonly T[]) => void
  #due: T[] = []
  /**
   * The items that rest, in the order in which they wake. Those before `#restingFrom` have left.
   */
  #resting: T[] = []
  #restingFrom = 0
  #toldAtMs = -Infinity
  #cancelGather: (() => void) | null = null
  #cancelWake: (() => void) | null = null

  /** `tell` gets each item at most once in limits.pushIntervalMs. */
  constructor(env: Env, tell: (items: readonly T[]) => void) {
    this.#env = env
    this.#tell = tell
  }

  /** These items have news. They may be told before this returns. */
  news(items: Iterable<T>): void {
    for (const item of items) {
      if (item.pace === 'resting') item.pace = 'stirred'
      if (item.pace !== 'quiet') continue
      item.pace = 'due'
      this.#due.push(item)
    }
    if (this.#due.length === 0 || this.#cancelGather !== null) return
    const waitMs = this.#toldAtMs + limits.pushGatherMs - this.#env.nowMs()
    if (waitMs <= 0) this.#flush()
    else
      this.#cancelGather = this.#env.after(Math.min(waitMs, limits.pushGatherMs), () =>
        this.#flush(),
      )
  }

  stop(): void {
    this.#cancelGather?.()
    this.#cancelWake?.()
  }

  #flush(): void {
    this.#cancelGather?.()
    this.#cancelGather = null
    const items = this.#due
    this.#due = []
    const nowMs = (this.#toldAtMs = this.#env.nowMs())
    for (const item of items) {
      item.pace = 'resting'
      item.restsUntilMs = nowMs + limits.pushIntervalMs
      this.#resting.push(item)
    }
    this.#wakeLater(nowMs)
    this.#tell(items)
  }

  #wakeLater(nowMs: number): void {
    const next = this.#resting[this.#restingFrom]
    if (next === undefined || this.#cancelWake !== null) return
    // A clock that was set back must not make an item rest longer.
    this.#cancelWake = this.#env.after(
      Math.max(0, Math.min(limits.pushIntervalMs, next.restsUntilMs - nowMs)),
      () => this.#wake(),
    )
  }

  #wake(): void {
    this.#cancelWake = null
    const nowMs = this.#env.nowMs()
    const stirred: T[] = []
    // The first item has rested, whatever the clock says, because the timer was its own.
    do {
      const item = this.#resting[this.#restingFrom++]!
      if (item.pace === 'stirred') stirred.push(item)
      item.pace = 'quiet'
    } while ((this.#resting[this.#restingFrom]?.restsUntilMs ?? Infinity) <= nowMs)
    if (this.#restingFrom * 2 >= this.#resting.length) {
      this.#resting = this.#resting.slice(this.#restingFrom)
      this.#restingFrom = 0
    }
    this.news(stirred)
    this.#wakeLater(nowMs)
  }
}
