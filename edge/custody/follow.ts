/**
 * Follows the journal for the custody log. Every edge looks once a second, and the lock of the log
 * lets one of them append.
 */
import { Seldom } from '../../protocol/kernel/seldom.ts'
import type { Kernel, WithMetrics } from '../kernel/kernel.ts'
import { keepLooking } from '../kernel/looking.ts'
import { custodyLimits } from './limits.ts'
import type { CustodyMetrics } from './metrics.ts'
import { signWhenDue, takeCustody, type TakeParts } from './take.ts'

/** Starts the loop. Returns the function that stops it once the batch under way is done. */
export function followJournal(
  parts: TakeParts & Pick<Kernel, 'after'> & WithMetrics<CustodyMetrics>,
): () => Promise<void> {
  const { log, nowMs, metrics } = parts
  const seldom = new Seldom((line, error) => log.warn({ err: error }, line), nowMs)
  let signingDueMs = 0
  return keepLooking(parts, {
    ...custodyLimits,
    async look() {
      const { more, entries } = await takeCustody(parts)
      metrics.custodyEntries.inc(entries)
      if (nowMs() >= signingDueMs) {
        await signWhenDue(parts)
        signingDueMs = nowMs() + custodyLimits.checkpointMs / 2
      }
      return more
    },
    onError: error =>
      seldom.say('custody', 'custody: events could not be logged; trying again', error),
  })
}
