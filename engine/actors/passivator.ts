/**
 * Who has been idle leaves memory, in two steps: asleep after some seconds, so that a burst of commands
 * finds its actor awake and a repeated command id its refusal; away after some minutes, so that a quiet
 * order is woken without a read. When memory is short nobody waits for the minutes.
 *
 * Looks at a bounded number of actors a round and goes on where it stopped. Rejected: a list in order
 * of last use, which costs every command two writes for the sake of the few that sleep.
 */
import { limits } from '../../protocol/kernel/limits.ts'
import type { Env } from '../../protocol/kernel/env.ts'
import type { Actors } from './actors.ts'
import { engineBounds, type EngineBounds } from './bounds.ts'
import { Cell } from './cell.ts'

export class Passivator {
  readonly #env: Env
  readonly #actors: Actors
  readonly #busy: (actorId: string) => boolean
  readonly #bounds: EngineBounds
  readonly #log: (level: 'warn' | 'error', message: string, detail?: unknown) => void
  #walk: ReturnType<Actors['residents']> | null = null
  #cancel: () => void = () => {}

  /** `busy`: it owes others something that is still under way. */
  constructor(deps: {
    env: Env
    actors: Actors
    busy: (actorId: string) => boolean
    bounds?: EngineBounds
    log: (level: 'warn' | 'error', message: string, detail?: unknown) => void
  }) {
    this.#env = deps.env
    this.#actors = deps.actors
    this.#busy = deps.busy
    this.#bounds = deps.bounds ?? engineBounds
    this.#log = deps.log
  }

  start(): void {
    this.#later(limits.passivateRoundMs)
  }

  stop(): void {
    this.#cancel()
  }

  #later(pauseMs: number): void {
    this.#cancel = this.#env.after(pauseMs, () => {
      let sawAll = false
      try {
        sawAll = this.round()
      } catch (error) {
        this.#log('error', 'passivation failed; will try again', error)
      }
      this.#later(sawAll ? this.#bounds.passivateRestMs : limits.passivateRoundMs)
    })
  }

  /** True when it saw everybody and memory is not short: then there is no hurry. */
  round(): boolean {
    const bounds = this.#bounds
    const nowMs = this.#env.nowMs()
    const fromTheFirst = this.#walk === null
    const pressed =
      this.#actors.size > bounds.liveActorsMax * pressedFrom ||
      this.#actors.size - this.#actors.asleep > bounds.awakeActorsMax * pressedFrom
    let packed = 0
    for (
      let looked = 0;
      looked < bounds.passivateLooksMax && packed < bounds.passivatePackedMax;
      looked++
    ) {
      this.#walk ??= this.#actors.residents()
      const { value: one, done } = this.#walk.next()
      if (done) {
        this.#walk = null
        return fromTheFirst && !pressed
      }
      if (one instanceof Cell) {
        if (
          nowMs - one.touchedAtMs < (pressed ? bounds.actorSleepMsPressed : bounds.actorSleepMs) ||
          this.#busy(one.actorId)
        )
          continue
        if (this.#actors.sleep(one)) packed++
      } else if (pressed || nowMs - one.head.updatedAtMs >= bounds.actorLeaveMs)
        this.#actors.leave(one.actorId, one.head)
    }
    return false
  }
}

/** Of the bounds on live and awake actors: the rest is for those who come while the walk is under way. */
const pressedFrom = 0.9
