/** Deletes quotes that have expired. */
import type { JobFigures } from '../kernel/job.ts'
import type { Kernel } from '../kernel/kernel.ts'

/** Rejects while the database is away. */
export async function deleteOldQuotes({
  database,
  nowMs,
}: Pick<Kernel, 'database' | 'nowMs'>): Promise<JobFigures> {
  const { numDeletedRows } = await database.kysely
    .deleteFrom('quotes')
    .where('expires_at', '<', new Date(nowMs()))
    .executeTakeFirstOrThrow()
  return { deleted: Number(numDeletedRows) }
}
