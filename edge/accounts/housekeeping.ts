/** Deletes what has expired: sessions, tickets, one-time codes, idempotency keys, invitations, files that no order names, uploads that were given up and the oldest rows of the audit trail. Late is harmless, since every reader checks the time itself. */
import { deleteOldInvitations } from '../approval/invitations.ts'
import { auditLimits } from '../audit/limits.ts'
import type { EdgeContext } from '../context.ts'
import { deleteOrphans } from '../uploads/orphans.ts'
import { deleteExpiredUploads } from '../uploads/resumable/store.ts'
import { codeMemoryMs } from './codes.ts'

const intervalMs = 10 * 60_000
/** A client that repeats after a day begins something new. */
const idempotencyLifeMs = 24 * 3_600_000

type HousekeepingContext = Pick<
  EdgeContext,
  'config' | 'database' | 'storages' | 'log' | 'nowMs' | 'random'
>

export async function deleteExpired(ctx: HousekeepingContext): Promise<void> {
  const db = ctx.database.kysely
  const now = new Date(ctx.nowMs())
  await db.deleteFrom('ws_tickets').where('expires_at', '<', now).execute()
  await db.deleteFrom('sessions').where('expires_at', '<', now).execute()
  await db
    .deleteFrom('one_time_codes')
    .where('created_at', '<', new Date(ctx.nowMs() - codeMemoryMs))
    .execute()
  await db.deleteFrom('quotes').where('expires_at', '<', now).execute()
  await db
    .deleteFrom('idempotency_keys')
    .where('created_at', '<', new Date(ctx.nowMs() - idempotencyLifeMs))
    .execute()
  await db
    .deleteFrom('audit_log')
    .where('at', '<', new Date(ctx.nowMs() - ctx.config.auditRetentionDays * 24 * 3_600_000))
    .execute()
  await db
    .deleteFrom('audit_log')
    .where('actor_id', 'is', null)
    .where('status', '>=', 400)
    .where('at', '<', new Date(ctx.nowMs() - auditLimits.strangerRowsDays * 24 * 3_600_000))
    .execute()
  await deleteOldInvitations(ctx)
  await deleteOrphans(ctx)
  await deleteExpiredUploads(ctx)
}

/** Returns the way to stop. Edges that started together spread over the interval. */
export function startHousekeeping(
  ctx: HousekeepingContext,
  after: (ms: number, run: () => void) => () => void,
): () => void {
  let cancel = () => {}
  let stopped = false
  const next = () => {
    if (stopped) return
    cancel = after(intervalMs * (0.5 + ctx.random()), () => {
      deleteExpired(ctx)
        .catch((error: unknown) =>
          ctx.log.warn({ err: error }, 'expired rows could not be deleted'),
        )
        .finally(next)
    })
  }
  next()
  return () => {
    stopped = true
    cancel()
  }
}
