/**
 * Tells the sockets of an edge what they may have missed when the bus was away. Each is told at a
 * random moment of a few seconds, so that the database is not asked for all of them at once.
 */
import type { Logger } from 'pino'
import type { Kernel } from '../kernel/kernel.ts'
import { chatLimits } from './limits.ts'

export class Reconnected {
  readonly #waiting = new Set<() => Promise<void>>()
  readonly #log: Pick<Logger, 'warn'>
  readonly #stop: () => void

  constructor({ bus, after, random, log }: Pick<Kernel, 'bus' | 'after' | 'random' | 'log'>) {
    this.#log = log
    let wasAway = false
    this.#stop = bus.onStatus(connected => {
      if (!connected) wasAway = true
      else if (wasAway) {
        wasAway = false
        for (const run of this.#waiting)
          after(random() * chatLimits.returnSpreadMs, () => this.#run(run))
      }
    })
  }

  /** `run` is called after each break of the bus. Returns the function that ends this. */
  add(run: () => Promise<void>): () => void {
    this.#waiting.add(run)
    return () => this.#waiting.delete(run)
  }

  #run(run: () => Promise<void>): void {
    if (!this.#waiting.has(run)) return
    run().catch((error: unknown) =>
      this.#log.warn({ err: error }, 'a socket could not be told of its conversations'),
    )
  }

  stop(): void {
    this.#stop()
  }
}
