/**
 * Erases the files of a person: the bytes in their store, the papers that name them, and the rows.
 * A file that an order or a paper names is a record of the hand-over or of the prescription, and
 * stays for the time that a law wants. A file of an order that is under way, or of a conversation
 * about it, stays whatever its age. A file is hidden first; a deletion that stops half way is
 * continued by the next pass.
 */
import { sql } from 'kysely'
import type { Kernel } from '../kernel/kernel.ts'
import { noteOrder, orderNaming } from '../uploads/access.ts'
import { removeFile, type FileContext } from '../uploads/stored-files.ts'
import { privacyLimits } from './limits.ts'

const theirs = (accountId: string) => sql<boolean>`(uploads.owner_id = ${accountId}::uuid
  or uploads.order_id in (select id from orders where user_id = ${accountId}::uuid and ended_as is not null))`

/**
 * Notes which orders name which files, before the orders are emptied and do not say it any more.
 * Files of a driver are among them: nobody may have opened the proof of a new hand-over.
 */
export async function noteFiles(ctx: Pick<Kernel, 'database'>, accountId: string): Promise<void> {
  const db = ctx.database.kysely
  let last: string | null = null
  for (;;) {
    let query = db
      .selectFrom('uploads')
      .selectAll()
      .where(
        sql<boolean>`(uploads.owner_id = ${accountId}::uuid or uploads.owner_id in
          (select d.user_id from drivers d join orders o on o.driver_id = d.id where o.user_id = ${accountId}::uuid))`,
      )
      .where('order_id', 'is', null)
      .where('is_paper', '=', false)
      .where('stored_at', 'is not', null)
    if (last !== null) query = query.where('id', '>', last)
    const files = await query.orderBy('id').limit(privacyLimits.erasePageRows).execute()
    for (const file of files) {
      const orderId = await orderNaming(ctx, file, eb => eb('user_id', '=', accountId))
      if (orderId !== null) await noteOrder(ctx, file, orderId)
    }
    if (files.length < privacyLimits.erasePageRows) return
    last = files.at(-1)!.id
  }
}

/**
 * Returns the time of the newest file that is kept; null for none. Rejects while a store is away.
 */
export async function eraseFiles(
  ctx: FileContext,
  accountId: string,
  before: Date,
): Promise<Date | null> {
  const db = ctx.database.kysely
  const isRecord = sql<boolean>`(uploads.order_id is not null or uploads.is_paper)`
  // The texts of ended conversations name no file any more.
  const isSpokenOf = sql<boolean>`exists (select from conversation_texts t where t.upload_id = uploads.id)`
  let last: string | null = null
  for (;;) {
    let query = db
      .selectFrom('uploads')
      .selectAll()
      .where(theirs(accountId))
      .where(sql<boolean>`(not ${isRecord} or uploads.created_at < ${before})`)
      .where(sql<boolean>`not ${isSpokenOf}`)
    if (last !== null) query = query.where('id', '>', last)
    const files = await query.orderBy('id').limit(privacyLimits.erasePageRows).execute()
    for (const file of files) {
      // A person may name an old file in a new order.
      const live = await orderNaming(ctx, file, eb => eb('ended_as', 'is', null))
      if (live !== null) continue
      await db.updateTable('uploads').set({ stored_at: null }).where('id', '=', file.id).execute()
      await removeFile(ctx, file)
      await db.deleteFrom('documents').where('upload_id', '=', file.id).execute()
      await db.deleteFrom('uploads').where('id', '=', file.id).execute()
    }
    if (files.length < privacyLimits.erasePageRows) break
    last = files.at(-1)!.id
  }
  const kept = await db
    .selectFrom('uploads')
    .select(eb => eb.fn.max('created_at').as('at'))
    .where(theirs(accountId))
    .executeTakeFirst()
  return kept?.at ?? null
}
