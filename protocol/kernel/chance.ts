/**
 * Random numbers from a seed, in named streams. Each user has its own stream, so switching one
 * fault off (as shrinking does) leaves the numbers of all other users unchanged. Rejected: one
 * stream for everything, because the first difference changes all numbers after it.
 *
 * The simulator, the torture run, the benches and the specifications of indexes use it. The product
 * takes its random numbers from `Env`.
 */

/** Numbers in [0, 1) from a seed, for callers that need nothing else. */
export const seededRandom = (seed: number): (() => number) => new Chance(seed).random

/** A random generator of one seed. Not for secrets: a few of its numbers give away the rest. */
export class Chance {
  readonly #seed: number
  #state: number

  constructor(seed: number) {
    this.#seed = seed >>> 0
    this.#state = this.#seed
  }

  /** A separate stream with this name. The same seed and name give the same stream. */
  fork(name: string): Chance {
    let h = this.#seed ^ 0x9e3779b9
    for (let i = 0; i < name.length; i++) h = Math.imul(h ^ name.charCodeAt(i), 0x01000193)
    h = Math.imul(h ^ (h >>> 16), 0x85ebca6b)
    return new Chance(h ^ (h >>> 13))
  }

  /** A number in [0, 1), by Mulberry32: it is small, well spread and the same on every machine. */
  readonly random = (): number => {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0
    let t = this.#state
    t = Math.imul(t ^ (t >>> 15), t | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }

  happens(probability: number): boolean {
    return this.random() < probability
  }
  /** A number in [from, to). */
  between(from: number, to: number): number {
    return from + (to - from) * this.random()
  }
  /** A whole number in [from, to]. */
  whole(from: number, to: number): number {
    return from + Math.floor(this.random() * (to - from + 1))
  }
  /** A number of exponential distribution with this mean: most are small, a few are large. */
  around(mean: number): number {
    return -Math.log(1 - this.random()) * mean
  }
  /** Throws on an empty list. */
  pick<T>(from: readonly T[]): T {
    if (from.length === 0) throw new RangeError('nothing to pick from')
    return from[Math.floor(this.random() * from.length)]!
  }

  /** An item of the list, chosen in proportion to its weight. */
  weighted<T extends { weight: number }>(list: readonly T[]): T {
    let at = this.random() * list.reduce((sum, one) => sum + one.weight, 0)
    return list.find(one => (at -= one.weight) < 0) ?? list.at(-1)!
  }
}
