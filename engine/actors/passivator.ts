/**
 * Takes idle actors out of memory, in two steps. An actor sleeps after some seconds, so a burst of
 * commands finds it awake and a repeated command id finds its refusal. It leaves memory after some
 * minutes, so a quiet order still wakes without a read. When memory is short, sleeping actors leave
 * at once.
 *
 * Each round looks at a bounded number of actors, and the next round continues there. Rejected: a
 * list in order of last use. It costs every command two writes, for the few actors that sleep.
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

  /** `busy`: does the actor still have commands to others under way? */
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

  /** True when it saw all actors and memory is not short: then the next round is not urgent. */
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

/**
 * Memory is short from this share of the bounds on live and awake actors. The rest is for actors
 * that come while a walk is under way.
 */
const pressedFrom = 0.9
