/**
 * Calls the housekeeping of every feature from time to time. A failure in one feature is tried
 * again later and does not hold up the others.
 */
import type { Feature } from './feature.ts'
import type { Kernel } from './kernel.ts'

const intervalMs = 10 * 60_000

/** Never rejects: a failure is logged with the name of its feature. */
export async function keepHouse(features: readonly Feature<never>[], parts: Kernel): Promise<void> {
  for (const { name, housekeeping } of features)
    try {
      await housekeeping?.(parts as never)
    } catch (error) {
      parts.log.warn({ err: error, feature: name }, 'expired rows could not be deleted')
    }
}

/**
 * Calls the housekeeping of the features every 5 to 15 minutes, so that edges that started together
 * spread over the interval. Returns the function that stops it.
 */
export function startHousekeeping(features: readonly Feature<never>[], parts: Kernel): () => void {
  let cancel = () => {}
  let stopped = false
  const next = () => {
    if (stopped) return
    cancel = parts.after(intervalMs * (0.5 + parts.random()), () => {
      void keepHouse(features, parts).finally(next)
    })
  }
  next()
  return () => {
    stopped = true
    cancel()
  }
}
