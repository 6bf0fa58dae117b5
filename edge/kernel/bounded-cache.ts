/**
 * A bounded map. When it is full it forgets the entry that was used longest ago, and each entry
 * ends after its time.
 */
export class BoundedCache<V> {
  readonly #entries = new Map<string, { value: V; untilMs: number }>()
  readonly #entriesMax: number
  readonly #lifeMs: number
  readonly #nowMs: () => number

  constructor(entriesMax: number, lifeMs: number, nowMs: () => number) {
    this.#entriesMax = entriesMax
    this.#lifeMs = lifeMs
    this.#nowMs = nowMs
  }

  get size(): number {
    return this.#entries.size
  }

  get(key: string): V | undefined {
    const entry = this.#entries.get(key)
    if (entry === undefined) return undefined
    this.#entries.delete(key)
    if (entry.untilMs <= this.#nowMs()) return undefined
    // Moves the entry to the end of the map, so that the first entry is the one used longest ago.
    this.#entries.set(key, entry)
    return entry.value
  }

  set(key: string, value: V): void {
    this.#entries.delete(key)
    if (this.#entries.size >= this.#entriesMax)
      this.#entries.delete(this.#entries.keys().next().value!)
    this.#entries.set(key, { value, untilMs: this.#nowMs() + this.#lifeMs })
  }

  delete(key: string): void {
    this.#entries.delete(key)
  }
}
