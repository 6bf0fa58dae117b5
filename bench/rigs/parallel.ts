/**
 * Bounded concurrency, because the server hashes passwords slowly on purpose and refuses a flood of
 * sign-ups.
 */

/**
 * Calls `work` for every item, at most `width` at once. After a failure it begins no further item,
 * and rejects with the first failure when those under way have ended.
 */
export async function inParallel<T>(
  items: readonly T[],
  width: number,
  work: (item: T, index: number) => Promise<void>,
): Promise<void> {
  let next = 0
  const failures: unknown[] = []
  await Promise.all(
    Array.from({ length: Math.min(width, items.length) }, async () => {
      while (next < items.length && failures.length === 0) {
        const index = next++
        await work(items[index]!, index).catch((error: unknown) => {
          failures.push(error)
        })
      }
    }),
  )
  if (failures.length > 0) throw failures[0]
}

/** Resolves true when `done` holds, false after `timeoutMs`. */
export async function settled(
  done: () => boolean,
  timeoutMs: number,
  everyMs = 20,
): Promise<boolean> {
  const giveUpMs = performance.now() + timeoutMs
  while (!done()) {
    if (performance.now() >= giveUpMs) return false
    await new Promise<void>(resolve => {
      setTimeout(resolve, everyMs)
    })
  }
  return true
}
