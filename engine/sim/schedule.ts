/**
 * The clock of a simulation, and its list of future entries. Entries run one after the other at
 * their virtual times, and the microtasks of one entry have settled before the next entry begins.
 * Each entry is its own immediate, because Node runs all microtasks between two immediates. Many
 * entries share a turn of the event loop; this does not affect their order, because nothing in a
 * simulation waits for a turn.
 *
 * The list is a binary heap and not sorted as in VirtualEnv, because an hour has about a hundred
 * thousand entries.
 */
interface Entry {
  atMs: number
  order: number
  run: (() => void) | null
}

/** The entries of one simulation. */
export class Schedule {
  #nowMs: number
  #order = 0
  readonly #heap: Entry[] = []
  /** Number of entries that have run. */
  steps = 0

  constructor(startMs: number) {
    this.#nowMs = startMs
  }

  get nowMs(): number {
    return this.#nowMs
  }

  /**
   * Runs `run` after `ms` of virtual time. Returns a function that cancels it. Entries of the same
   * time run in the order in which they were made.
   */
  readonly after = (ms: number, run: () => void): (() => void) => {
    const entry: Entry = { atMs: this.#nowMs + Math.max(0, ms), order: this.#order++, run }
    this.#push(entry)
    return () => {
      entry.run = null
    }
  }

  /**
   * Runs entries until that time. `each` is called after every entry; when it throws, the run ends
   * and the promise is rejected.
   */
  until(untilMs: number, each: () => void = () => {}): Promise<void> {
    return new Promise((resolve, reject) => {
      let ended = false
      let queued = 0
      const begun = this.steps
      const step = (): void => {
        queued--
        if (ended) return
        try {
          if (this.steps > begun) each()
          const next = this.#next(untilMs)
          if (next === null) {
            ended = true
            this.#nowMs = Math.max(this.#nowMs, untilMs)
            return resolve()
          }
          this.#nowMs = Math.max(this.#nowMs, next.atMs)
          this.steps++
          next.run!()
        } catch (error) {
          ended = true
          return reject(error as Error)
        }
        if (queued === 0) queue()
      }
      const queue = (): void => {
        for (; queued < stepsPerTurn; queued++) setImmediate(step)
      }
      queue()
    })
  }

  /** Takes the next entry that was not cancelled; null when there is none until that time. */
  #next(untilMs: number): Entry | null {
    for (
      let next = this.#heap[0];
      next !== undefined && next.atMs <= untilMs;
      next = this.#heap[0]
    ) {
      this.#pop()
      if (next.run !== null) return next
    }
    return null
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

const before = (a: Entry, b: Entry): boolean =>
  a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order)
/**
 * Entries in one turn of the event loop. A turn asks the operating system for events, which costs
 * as much as an entry.
 */
const stepsPerTurn = 256
