/**
 * The one clock and agenda of a simulation. Things happen one after the other at their virtual times;
 * what one of them set off in microtasks has settled before the next begins. That settling waits for a
 * turn of the real event loop, which is the one place where all microtasks are known to be done; it
 * decides nothing about the order, because nothing in a simulation waits for a turn of its own.
 *
 * A binary heap and not VirtualEnv's list: an hour has some hundred thousand entries.
 */
interface Entry { atMs: number; order: number; run: (() => void) | null }

export class Schedule {
  #nowMs: number
  #order = 0
  readonly #heap: Entry[] = []
  /** Things that have happened. */
  steps = 0

  constructor(startMs: number) { this.#nowMs = startMs }

  get nowMs(): number { return this.#nowMs }

  /** Returns the way to cancel. Entries of one time happen in the order they were made. */
  readonly after = (ms: number, run: () => void): () => void => {
    const entry: Entry = { atMs: this.#nowMs + Math.max(0, ms), order: this.#order++, run }
    this.#push(entry)
    return () => { entry.run = null }
  }

  /** Lets things happen until that time; `each` looks after every one of them and ends the run by throwing. */
  async until(untilMs: number, each: () => void = () => {}): Promise<void> {
    await settled()
    for (let next = this.#heap[0]; next !== undefined && next.atMs <= untilMs; next = this.#heap[0]) {
      this.#pop()
      if (next.run === null) continue
      this.#nowMs = Math.max(this.#nowMs, next.atMs)
      this.steps++
      next.run()
      await settled()
      each()
    }
    this.#nowMs = Math.max(this.#nowMs, untilMs)
  }

  #push(entry: Entry): void {
    const heap = this.#heap
    let at = heap.push(entry) - 1
    while (at > 0) {
      const parent = (at - 1) >> 1
      if (!before(entry, heap[parent]!)) break
      heap[at] = heap[parent]!
      at = parent
    }
    heap[at] = entry
  }

  #pop(): void {
    const heap = this.#heap
    const last = heap.pop()!
    if (heap.length === 0) return
    let at = 0
    for (;;) {
      let child = 2 * at + 1
      if (child >= heap.length) break
      if (child + 1 < heap.length && before(heap[child + 1]!, heap[child]!)) child++
      if (!before(heap[child]!, last)) break
      heap[at] = heap[child]!
      at = child
    }
    heap[at] = last
  }
}

const before = (a: Entry, b: Entry): boolean => a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order)
const settled = (): Promise<void> => new Promise(resolve => { setImmediate(resolve) })
