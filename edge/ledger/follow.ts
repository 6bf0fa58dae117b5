/**
 * From the journal to the ledger. One transaction records the transfers of a batch of events and
 * moves the position in each slot, so each fact moves its money exactly once, also when the edge
 * dies in between.
 */
import type { DriverEvent } from '../../protocol/dispatch/events.ts'
import { Seldom } from '../../protocol/kernel/seldom.ts'
import type { Kernel, WithMetrics } from '../kernel/kernel.ts'
import { keepLooking } from '../kernel/looking.ts'
import { takeEvents } from '../orders/following.ts'
import { bookedTypes, groupsOf } from './book.ts'
import { tellEarned } from './earned.ts'
import { ledgerLimits } from './limits.ts'
import type { LedgerMetrics } from './metrics.ts'
import { record } from './store.ts'

type FollowParts = Pick<Kernel, 'database' | 'log' | 'nowMs' | 'after'> & WithMetrics<LedgerMetrics>

/** Takes the next batch; says whether more waits. Rejects while the database is away. */
export async function takeFacts({
  database,
  log,
  nowMs,
  metrics,
}: Omit<FollowParts, 'after'>): Promise<boolean> {
  const { batchEventsMax } = ledgerLimits
  const { more, result = [] } = await takeEvents(
    { database },
    'ledger_positions',
    batchEventsMax,
    async (tx, rows) => {
      const entries = rows
        .filter(({ kind, type }) => kind === 'driver' && bookedTypes.includes(type as never))
        .flatMap(row =>
          groupsOf(row.actor_id, row.read().event as DriverEvent).map(group => ({ row, group })),
        )
      const outcomes = await record(
        tx,
        entries.map(({ group }) => group),
        nowMs(),
      )
      const booked = entries.map((entry, i) => ({ ...entry, outcome: outcomes[i]! }))
      await tellEarned(
        tx,
        booked.flatMap(({ row, outcome }) =>
          outcome.ok && outcome.transfers.length > 0 ? [row] : [],
        ),
      )
      return booked
    },
  )
  for (const { outcome, group } of result) {
    if (!outcome.ok) {
      // Nobody can repeat it, so an administrator has to correct it by hand.
      metrics.ledgerRefused.inc({ refusal: outcome.refusal })
      const { id, code, aboutId } = group.transfers[outcome.at]!
      log.error({ id, code, aboutId, refusal: outcome.refusal }, 'ledger: a fact was not booked')
    } else for (const { code } of outcome.transfers) metrics.ledgerTransfers.inc({ code })
  }
  return more
}

/** Starts the loop. Returns the function that stops it once the batch under way is done. */
export function followFacts(parts: FollowParts): () => Promise<void> {
  const { log, nowMs } = parts
  const seldom = new Seldom((line, error) => log.warn({ err: error }, line), nowMs)
  return keepLooking(parts, {
    ...ledgerLimits,
    look: () => takeFacts(parts),
    onError: error => seldom.say('facts', 'ledger: facts could not be taken; trying again', error),
  })
}
