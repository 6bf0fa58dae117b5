/**
 * A queue that shares few workers between keys. Each key in turn has one piece of work done,
 * however many it has queued. A flood from one key waits for itself, and a sign-in of another key
 * waits for one piece of each waiting key. When all places are taken, the key with the most waiting
 * work gives one up to a key that holds less.
 *
 * Rejected: one bounded queue, because a flood fills it and everybody else is refused. Rejected: a
 * rate for each key, because it refuses although workers are free.
 */
export interface FairQueueBounds {
  /** Pieces of work that run at once. */
  atOnceMax: number
  /** Running and waiting pieces of all keys. */
  totalMax: number
  /** Running and waiting pieces of one key. */
  perKeyMax: number
}

interface Job {
  key: string
  start(): void
  refuse(error: Error): void
}

export class FairQueue {
  readonly #bounds: FairQueueBounds
  readonly #refusal: () => Error
  /** Waiting work by key; the first key has the next turn. A key without waiting work is absent. */
  readonly #waiting = new Map<string, Job[]>()
  readonly #held = new Map<string, number>()
  #underWay = 0
  #total = 0

  /** `refusal` makes the error of work that finds no place. */
  constructor(bounds: FairQueueBounds, refusal: () => Error) {
    this.#bounds = bounds
    this.#refusal = refusal
  }

  /** Running and waiting pieces. */
  get size(): number {
    return this.#total
  }

  /**
   * Runs the work in its turn. A null `key` counts only in the total. Rejects with the refusal when
   * there is no place.
   */
  run<T>(key: string | null, work: () => Promise<T>): Promise<T> {
    const name = key ?? ''
    const held = this.#held.get(name) ?? 0
    if (
      (key !== null && held >= this.#bounds.perKeyMax) ||
      (this.#total >= this.#bounds.totalMax && !this.#makeRoom(name, held))
    )
      return Promise.reject(this.#refusal())
    this.#total++
    this.#held.set(name, held + 1)
    return new Promise<T>((resolve, reject) => {
      const job: Job = {
        key: name,
        start: () => {
          this.#underWay++
          work()
            .then(resolve, reject)
            .finally(() => {
              this.#underWay--
              this.#leave(name)
              this.#next()
            })
        },
        refuse: reject,
      }
      const queue = this.#waiting.get(name)
      if (queue === undefined) this.#waiting.set(name, [job])
      else queue.push(job)
      this.#next()
    })
  }

  #next(): void {
    while (this.#underWay < this.#bounds.atOnceMax) {
      const turn = this.#waiting.entries().next()
      if (turn.done === true) return
      const [key, queue] = turn.value
      this.#waiting.delete(key)
      const job = queue.shift()!
      // The key goes behind the other waiting keys, so its next piece follows one piece of each.
      if (queue.length > 0) this.#waiting.set(key, queue)
      job.start()
    }
  }

  /**
   * Refuses the last piece of the longest queue, if its key holds more than the newcomer would
   * hold. False when no piece was refused.
   */
  #makeRoom(name: string, held: number): boolean {
    let longest: Job[] | null = null
    for (const queue of this.#waiting.values())
      if (longest === null || queue.length > longest.length) longest = queue
    if (
      longest === null ||
      longest[0]!.key === name ||
      (this.#held.get(longest[0]!.key) ?? 0) <= held + 1
    )
      return false
    const last = longest.pop()!
    if (longest.length === 0) this.#waiting.delete(last.key)
    this.#leave(last.key)
    last.refuse(this.#refusal())
    return true
  }

  #leave(key: string): void {
    this.#total--
    const held = this.#held.get(key)! - 1
    if (held === 0) this.#held.delete(key)
    else this.#held.set(key, held)
  }
}
