/**
 * A process of the simulation: it can crash, be paused and have a clock that is wrong. Everything that
 * comes to it (a timer, a message, a reply of a port) comes through `enter`. To a crashed one nothing
 * ever comes again, so each await of its code is a place where it may have died; to a paused one it
 * comes after the pause, all at once, as after SIGCONT.
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
  /** What its clock says beyond the true time, ms. */
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

  /** A place where it may die: called by its ports before and after what they do. True when it has. */
  diesHere(): boolean {
    if (
      this.#alive &&
      this.#faults.happens('engine crash at await', this.name.startsWith('engine') ? 0.00005 : 0)
    )
      this.crash()
    return !this.#alive
  }
}
