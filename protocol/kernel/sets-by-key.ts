/**
 * Sets by key, such as the sockets of a topic. A key without a member is not kept, so the memory
 * follows the members.
 */
export class SetsByKey<K, V> {
  readonly #sets = new Map<K, Set<V>>()

  /** Number of keys that have a member. */
  get size(): number {
    return this.#sets.size
  }

  /** The keys that have a member, in the order in which they got their first. */
  keys(): IterableIterator<K> {
    return this.#sets.keys()
  }

  /** The sets of all keys. None of them is empty. */
  values(): IterableIterator<ReadonlySet<V>> {
    return this.#sets.values()
  }

  /** The members of a key; undefined when it has none. */
  get(key: K): ReadonlySet<V> | undefined {
    return this.#sets.get(key)
  }

  /** Adds a member. True when the key had no member before. */
  add(key: K, value: V): boolean {
    const members = this.#sets.get(key)
    if (members === undefined) {
      this.#sets.set(key, new Set([value]))
      return true
    }
    members.add(value)
    return false
  }

  /** Removes a member. True when it was the last member of the key. */
  delete(key: K, value: V): boolean {
    const members = this.#sets.get(key)
    if (members?.delete(value) !== true || members.size > 0) return false
    this.#sets.delete(key)
    return true
  }
}
