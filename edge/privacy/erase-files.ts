/**
 * Erases the files of a person: the bytes in their store, the papers that name them, and the rows.
 * A file that an order or a paper names is a record of the hand-over or of the prescription, and
 * stays for the time that a law wants. A file is hidden first; a deletion that stops half way is
 * continued by the next pass.
 */
import { sql } from 'kysely'
import type { Kernel } from '../kernel/kernel.ts'
import type { WithStorages } from '../uploads/storage/storage.ts'
import { storeOf } from '../uploads/upload-store.ts'
import { privacyLimits } from './limits.ts'

/**
 * Returns the time of the newest file that is kept; null for none. Rejects while a store is away.
 */
export async function eraseFiles(
  ctx: Pick<Kernel, 'database'> & WithStorages,
  accountId: string,
  before: Date,
): Promise<Date | null> {
  const db = ctx.database.kysely
  const theirs = sql<boolean>`(uploads.owner_id = ${accountId}::uuid or uploads.order_id in
    (select id from orders where user_id = ${accountId}::uuid and ended_as is not null))`
  const isRecord = sql<boolean>`(uploads.order_id is not null or uploads.is_paper)`
  for (;;) {
    const files = await db
      .selectFrom('uploads')
      .selectAll()
      .where(theirs)
      .where(sql<boolean>`(not ${isRecord} or uploads.created_at < ${before})`)
      .limit(privacyLimits.erasePageRows)
      .execute()
    for (const file of files) {
      await db.updateTable('uploads').set({ stored_at: null }).where('id', '=', file.id).execute()
      await storeOf(ctx, file).remove(file.path)
      await db.deleteFrom('documents').where('upload_id', '=', file.id).execute()
      await db.deleteFrom('uploads').where('id', '=', file.id).execute()
    }
    if (files.length < privacyLimits.erasePageRows) break
  }
  const kept = await db
    .selectFrom('uploads')
    .select(eb => eb.fn.max('created_at').as('at'))
    .where(theirs)
    .executeTakeFirst()
  return kept?.at ?? null
}
