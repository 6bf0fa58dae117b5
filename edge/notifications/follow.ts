/**
 * Follows the journal for notifications. Every edge looks once a second, and the lock of a batch
 * lets one of them take it. Rejected: the bus as the sign to look. Each edge would get a copy of
 * each event, and a notification may come a second later than the socket that shows the event.
 */
import { Seldom } from '../../protocol/kernel/seldom.ts'
import type { Kernel, WithMetrics } from '../kernel/kernel.ts'
import { keepLooking } from '../kernel/looking.ts'
import { notificationLimits } from './limits.ts'
import type { NotificationsMetrics } from './metrics.ts'
import { takeNews } from './take.ts'
import { tellStored } from './tell.ts'

type FollowParts = Pick<Kernel, 'database' | 'bus' | 'log' | 'nowMs' | 'random' | 'after'> &
  WithMetrics<NotificationsMetrics>

/** Starts the loop. Returns the function that stops it once the batch under way is done. */
export function followJournal(parts: FollowParts): () => Promise<void> {
  const { log, nowMs, metrics } = parts
  const seldom = new Seldom((line, error) => log.warn({ err: error }, line), nowMs)
  return keepLooking(parts, {
    ...notificationLimits,
    async look() {
      const taken = await takeNews(parts)
      for (const { kind } of taken.stored) metrics.notificationsStored.inc({ kind })
      if (taken.stored.length + taken.waiting.length > 0)
        await tellStored(parts, taken.stored, taken.waiting)
      return taken.more
    },
    onError: error =>
      seldom.say('news', 'notifications: events could not be taken; trying again', error),
  })
}
