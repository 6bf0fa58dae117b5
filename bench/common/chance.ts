/** Chance from a seed (mulberry32): the same seed makes the same choices in the same order. */
export class Chance {
  #state: number

  constructor(seed: number) { this.#state = seed >>> 0 }

  /** In [0, 1). */
  readonly next = (): number => {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0
    let t = this.#state
    t = Math.imul(t ^ (t >>> 15), t | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }

  between(min: number, max: number): number { return min + this.next() * (max - min) }
  holds(probability: number): boolean { return this.next() < probability }
  pick<T>(list: readonly T[]): T { return list[Math.floor(this.next() * list.length)]! }

  /** One of the list, as often as its weight says. */
  weighted<T extends { weight: number }>(list: readonly T[]): T {
    let at = this.next() * list.reduce((sum, one) => sum + one.weight, 0)
    return list.find(one => (at -= one.weight) < 0) ?? list.at(-1)!
  }

  /** A stream of its own, so that what one client does changes nothing for the others. */
  fork(): Chance { return new Chance(Math.floor(this.next() * 2 ** 32)) }
}
