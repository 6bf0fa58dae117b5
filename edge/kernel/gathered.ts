/**
 * Reads rows for many sockets with one query. When an edge comes back, ten thousand clients connect
 * within seconds. A query for each would fill the waiting list of the pool; clients would be
 * refused, come again and make it worse. Here keys that are asked for during a query wait for the
 * next query and share it.
 *
 * Rejected: a wait of a few milliseconds before each query, because a socket that comes alone would
 * pay for nothing. In a storm the running query is the wait. A query begins after all its keys were
 * asked for, so a socket that subscribed before it asked misses nothing in between.
 */

/** Keys of one query, at most. */
const keysMax = 500

interface Waiting<V> {
  resolve(value: V | undefined): void
  reject(problem: unknown): void
}

/** Returns a reader by key. `read` gets different keys and answers with the found values by key. */
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
