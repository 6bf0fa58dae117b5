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

  enter(run: () => void): void {
    if (!this.#alive) return
    if (this.#waiting === null) run()
    else this.#waiting.push(run)
  }

  crash(): void {
    if (!this.#alive) return
    this.#alive = false
    this.#waiting = null
    this.onCrash()
  }

  pause(): void {
    if (this.#alive) this.#waiting ??= []
  }

  resume(): void {
    const waiting = this.#waiting
    this.#waiting = null
    for (const run of waiting ?? []) this.enter(run)
  }

  /**
   * A place where the process may die; its ports call it before and after their work. True when it
   * has died.
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
