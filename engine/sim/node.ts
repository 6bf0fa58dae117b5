/**
 * A process of the simulation. It can crash, be paused and have a wrong clock. Everything comes to
 * it through `enter`: a timer, a message, a reply of a port. A crashed process gets nothing any
 * more, so it can die at each await of its code. A paused process gets everything after the pause,
 * all at once, as after SIGCONT.
 */
import type { Env } from '../../protocol/kernel/env.ts'
import type { Chance } from '../../protocol/kernel/chance.ts'
import type { Faults } from './faults.ts'
import type { Schedule } from './schedule.ts'

/** One process. Its `env` has the process's own clock and randomness. */
export class SimNode {
  readonly name: string
  readonly env: Env
  readonly schedule: Schedule
  readonly #faults: Faults
  #alive = true
  #waiting: (() => void)[] | null = null
  /** Difference of its clock from the true time, ms. */
  skewMs = 0
  onCrash: () => void = () => {}

  constructor(name: string, schedule: Schedule, chance: Chance, faults: Faults) {
    this.name = name
    this.schedule = schedule
    this.#faults = faults
    this.env = {
      nowMs: () => Math.floor(schedule.nowMs + this.skewMs),
      random: chance.random,
      after: (ms, run) => schedule.after(ms, () => this.enter(run)),
    }
  }

  get alive(): boolean {
    return this.#alive
  }
  get paused(): boolean {
    return this.#waiting !== null
  }

  /** Runs code of this process: at once, after the pause, or never after a crash. */
  enter(run: () => void): void {
    if (!this.#alive) return
    if (this.#waiting === null) run()
    else this.#waiting.push(run)
  }

  /** Ends the process for ever. */
  crash(): void {
    if (!this.#alive) return
    this.#alive = false
    this.#waiting = null
    this.onCrash()
  }

  /** Delays everything that comes, until `resume`. */
  pause(): void {
    if (this.#alive) this.#waiting ??= []
  }

  /** Ends a pause. */
  resume(): void {
    const waiting = this.#waiting
    this.#waiting = null
    for (const run of waiting ?? []) this.enter(run)
  }

  /**
   * A moment at which the process may crash; its ports call this before and after their work.
   * Returns true when the process has crashed.
   */
  diesHere(): boolean {
    if (
      this.#alive &&
      this.#faults.happens('engine crash at await', this.name.startsWith('engine') ? 0.00005 : 0)
    )
      this.crash()
    return !this.#alive
  }
}
