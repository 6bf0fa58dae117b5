/** Deletes idempotency keys that are too old to be repeated. */
import type { JobFigures } from '../kernel/job.ts'
import type { Kernel } from '../kernel/kernel.ts'

/** A request that is repeated after a day counts as a new request. */
const idempotencyLifeMs = 24 * 3_600_000

/** Rejects while the database is away. */
export async function deleteOldKeys({
  database,
  nowMs,
}: Pick<Kernel, 'database' | 'nowMs'>): Promise<JobFigures> {
  const { numDeletedRows } = await database.kysely
    .deleteFrom('idempotency_keys')
    .where('created_at', '<', new Date(nowMs() - idempotencyLifeMs))
    .executeTakeFirstOrThrow()
  return { deleted: Number(numDeletedRows) }
}
