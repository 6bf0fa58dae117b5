/**
 * One query for many sockets. When an edge comes back, ten thousand clients connect within seconds, and
 * a query for each fills the pool's waiting list, so that clients are refused, come again and make it
 * worse. Here what is asked while a query is under way waits for the next one and shares it.
 *
 * Why not a wait of some milliseconds before each query: alone, a socket would pay it for nothing; in a
 * storm the query under way is the wait. A query begins after everything that is asked of it, so whoever
 * subscribed before asking misses nothing in between.
 */

/** Keys of one query at the most. */
const keysMax = 500

interface Waiting<V> {
  resolve(value: V | undefined): void
  reject(problem: unknown): void
}

/** A reader by key; `read` is given different keys and answers with what it found, by key. */
export function gathered<V>(
  read: (keys: string[]) => Promise<ReadonlyMap<string, V>>,
): (key: string) => Promise<V | undefined> {
  let next = new Map<string, Waiting<V>[]>()
  let reading = false

  async function readNext(): Promise<void> {
    reading = true
    while (next.size > 0) {
      const now = next
      next = new Map([...now].slice(keysMax))
      for (const key of next.keys()) now.delete(key)
      try {
        const found = await read([...now.keys()])
        for (const [key, waiting] of now) for (const one of waiting) one.resolve(found.get(key))
      } catch (problem) {
        for (const waiting of now.values()) for (const one of waiting) one.reject(problem)
      }
    }
    reading = false
  }

  return key =>
    new Promise((resolve, reject) => {
      const waiting = next.get(key)
      if (waiting === undefined) next.set(key, [{ resolve, reject }])
      else waiting.push({ resolve, reject })
      if (!reading) void readNext()
    })
}
