/** Deletes sign-ins, tickets and one-time codes that have expired. */
import type { JobFigures } from '../kernel/job.ts'
import type { Kernel } from '../kernel/kernel.ts'
import { codeMemoryMs } from './codes.ts'

/** Rejects while the database is away. */
export async function deleteExpiredAccess({
  database: { kysely: db },
  nowMs,
}: Pick<Kernel, 'database' | 'nowMs'>): Promise<JobFigures> {
  const now = new Date(nowMs())
  const tickets = await db
    .deleteFrom('ws_tickets')
    .where('expires_at', '<', now)
    .executeTakeFirstOrThrow()
  const sessions = await db
    .deleteFrom('sessions')
    .where('expires_at', '<', now)
    .executeTakeFirstOrThrow()
  const codes = await db
    .deleteFrom('one_time_codes')
    .where('created_at', '<', new Date(nowMs() - codeMemoryMs))
    .executeTakeFirstOrThrow()
  return {
    tickets: Number(tickets.numDeletedRows),
    sessions: Number(sessions.numDeletedRows),
    codes: Number(codes.numDeletedRows),
  }
}
