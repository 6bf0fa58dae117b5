/**
 * Deletes old rows of the audit trail. Refusals of strangers are deleted earlier, because anybody
 * can cause them.
 */
import type { JobFigures } from '../kernel/job.ts'
import type { Kernel, WithConfig } from '../kernel/kernel.ts'
import type { AuditConfig } from './config.ts'
import { auditLimits } from './limits.ts'

const dayMs = 24 * 3_600_000

/** Rejects while the database is away. */
export async function deleteOldRows({
  config,
  database,
  nowMs,
}: Pick<Kernel, 'database' | 'nowMs'> & WithConfig<AuditConfig>): Promise<JobFigures> {
  const old = await database.kysely
    .deleteFrom('audit_log')
    .where('at', '<', new Date(nowMs() - config.auditRetentionDays * dayMs))
    .executeTakeFirstOrThrow()
  const refusals = await database.kysely
    .deleteFrom('audit_log')
    .where('actor_id', 'is', null)
    .where('status', '>=', 400)
    .where('at', '<', new Date(nowMs() - auditLimits.strangerRowsDays * dayMs))
    .executeTakeFirstOrThrow()
  return { deleted: Number(old.numDeletedRows + refusals.numDeletedRows) }
}
