/**
 * Chance from a seed, in streams: each user of it has a stream of its own, named after what it is
 * for, so that a fault that is switched off (as shrinking does) leaves the dice of all others as
 * they were. Rejected: one stream for everything, where the first difference changes all that follows.
 * The simulator, the torture run, the benches and the specifications of indexes throw these dice; the
 * product's own chance comes from `Env`.
 */

/** Numbers in [0, 1) from a seed, for whoever needs nothing but numbers. */
export const seededRandom = (seed: number): (() => number) => new Chance(seed).random

/** Dice of one seed. Not for secrets: whoever sees a few numbers knows the rest. */
export class Chance {
  readonly #seed: number
  #state: number

  constructor(seed: number) {
    this.#seed = seed >>> 0
    this.#state = this.#seed
  }

  /** A stream of its own for that name; the same seed and name give the same stream. */
  fork(name: string): Chance {
    let h = this.#seed ^ 0x9e3779b9
    for (let i = 0; i < name.length; i++) h = Math.imul(h ^ name.charCodeAt(i), 0x01000193)
    h = Math.imul(h ^ (h >>> 16), 0x85ebca6b)
    return new Chance(h ^ (h >>> 13))
  }

  /** In [0, 1). Mulberry32: small, well spread, the same everywhere. */
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
  /** In [from, to). */
  between(from: number, to: number): number {
    return from + (to - from) * this.random()
  }
  /** A whole number in [from, to]. */
  whole(from: number, to: number): number {
    return from + Math.floor(this.random() * (to - from + 1))
  }
  /** Of exponential distribution: most are short, a few are long. */
  around(mean: number): number {
    return -Math.log(1 - this.random()) * mean
  }
  /** Throws on an empty list. */
  pick<T>(from: readonly T[]): T {
    if (from.length === 0) throw new RangeError('nothing to pick from')
    return from[Math.floor(this.random() * from.length)]!
  }

  /** One of the list, as often as its weight says. */
  weighted<T extends { weight: number }>(list: readonly T[]): T {
    let at = this.random() * list.reduce((sum, one) => sum + one.weight, 0)
    return list.find(one => (at -= one.weight) < 0) ?? list.at(-1)!
  }
}
