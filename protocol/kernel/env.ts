/**
 * Time, chance and timers, the only way the core sees them. The simulator passes its own; nothing in
 * engine/ may reach for the clock by itself (a house-rule test reads the sources).
 */
import { randomBytes } from 'node:crypto'
import { guarded, Seldom } from './seldom.ts'

export interface Env {
  /** Wall clock, ms since the epoch. */
  nowMs(): number
  /** In [0, 1). */
  random(): number
  /** Runs once after `ms`; returns the way to cancel. A failure of `run` ends nothing but `run`. */
  after(ms: number, run: () => void): () => void
}

/**
 * The real one. Randomness comes from the operating system: ids and tokens are made of it. A timer has no
 * caller who could catch: what fails in one goes to `log`, at a bounded rate, and does not end the process.
 */
export function realEnv(
  log: (line: string, detail?: unknown) => void = (line, detail) => console.error(line, detail),
): Env {
  const seldom = new Seldom(log, Date.now)
  const failed = (error: unknown): void => seldom.say('timer', 'the work of a timer failed', error)
  let pool = randomBytes(8192)
  let at = 0
  return {
    nowMs: () => Date.now(),
    random() {
      if (at + 6 > pool.length) {
        pool = randomBytes(8192)
        at = 0
      }
      const value = pool.readUIntBE(at, 6) / 2 ** 48
      at += 6
      return value
    },
    after(ms, run) {
      const timer = setTimeout(guarded(run, failed), ms)
      return () => clearTimeout(timer)
    },
  }
}
