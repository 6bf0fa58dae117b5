/**
 * Time, chance and timers, the only way the core sees them. The simulator passes its own; nothing in
 * engine/ may reach for the clock by itself (a house-rule test reads the sources).
 */
import { randomBytes } from 'node:crypto'

export interface Env {
  /** Wall clock, ms since the epoch. */
  nowMs(): number
  /** In [0, 1). */
  random(): number
  /** Runs once after `ms`; returns the way to cancel. */
  after(ms: number, run: () => void): () => void
}

/** The real one. Randomness comes from the operating system: ids and tokens are made of it. */
export function realEnv(): Env {
  let pool = randomBytes(8192)
  let at = 0
  return {
    nowMs: () => Date.now(),
    random() {
      if (at + 6 > pool.length) { pool = randomBytes(8192); at = 0 }
      const value = pool.readUIntBE(at, 6) / 2 ** 48
      at += 6
      return value
    },
    after(ms, run) {
      const timer = setTimeout(run, ms)
      return () => clearTimeout(timer)
    },
  }
}
