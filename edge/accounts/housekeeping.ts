/** Deletes sign-ins, tickets and one-time codes that have expired. */
import type { Kernel } from '../kernel/kernel.ts'
import { codeMemoryMs } from './codes.ts'

/** Rejects while the database is away. */
export async function deleteExpiredAccess({
  database: { kysely: db },
  nowMs,
}: Pick<Kernel, 'database' | 'nowMs'>): Promise<void> {
  const now = new Date(nowMs())
  await db.deleteFrom('ws_tickets').where('expires_at', '<', now).execute()
  await db.deleteFrom('sessions').where('expires_at', '<', now).execute()
  await db
    .deleteFrom('one_time_codes')
    .where('created_at', '<', new Date(nowMs() - codeMemoryMs))
    .execute()
}
