/**
 * Time, random numbers and timers: the only way in which the core sees them. The simulator passes
 * its own. A house rule test checks that nothing in engine/ uses the clock directly.
 */
import { randomBytes } from 'node:crypto'
import { guarded, Seldom } from './seldom.ts'

export interface Env {
  /** Wall clock, ms since the epoch. */
  nowMs(): number
  /** A number in [0, 1). */
  random(): number
  /**
   * Runs `run` once after `ms` and returns a function that cancels it. An error in `run` ends only
   * `run`.
   */
  after(ms: number, run: () => void): () => void
}

/**
 * The real environment. Random numbers come from the operating system, because ids and tokens are
 * made of them. A timer has no caller who could catch an error. So its error goes to `log`, at a
 * bounded rate, and does not end the process.
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
