/**
 * Deletes files that no order, no conversation and no paper named within a day of their upload and
 * no profile shows, and the remains of uploads that were cut off. The file is hidden first, so that no order
 * can name it meanwhile; then its bytes are deleted, then its row. A deletion that stops half way
 * is continued the next time.
 *
 * A sound counts as named while its pharmacy has the order. The spoken refusal of a request that
 * another pharmacy took is deleted after a day, because nobody needs it then.
 */
import type { Expression, ExpressionBuilder, Selectable, SqlBool } from 'kysely'
import type { Tables, UploadsTable } from '../../migrations/database/tables.ts'
import { fileLimits } from './storage/file-limits.ts'
import type { Kernel } from '../kernel/kernel.ts'
import { noteOrder, orderNaming, partyOf } from './access.ts'
import { removeFile, type FileContext } from './stored-files.ts'

export type OrphanContext = Pick<Kernel, 'database' | 'log' | 'nowMs'> & FileContext

/**
 * Checks the oldest fileLimits.uploadsPerSweepMax files and returns the number of deleted ones. A
 * file that cannot be deleted is left for the next time.
 */
export async function deleteOrphans(ctx: OrphanContext): Promise<number> {
  const db = ctx.database.kysely
  const oldest = new Date(ctx.nowMs() - fileLimits.uploadOrphanMs)
  const loose = await db
    .selectFrom('uploads')
    .selectAll()
    .where('order_id', 'is', null)
    .where('is_paper', '=', false)
    .where('created_at', '<', oldest)
    .where(isInNoProfile)
    // A file in parts may have been begun a day before it was whole.
    .where(eb => eb.or([eb('stored_at', 'is', null), eb('stored_at', '<', oldest)]))
    // A file of a conversation stays until its message is taken back or forgotten.
    .where(eb =>
      eb.not(
        eb.exists(
          eb
            .selectFrom('conversation_texts')
            .select('conversation_texts.id')
            .whereRef('conversation_texts.upload_id', '=', 'uploads.id'),
        ),
      ),
    )
    .orderBy('created_at')
    .limit(fileLimits.uploadsPerSweepMax)
    .execute()
  let deleted = 0
  for (const upload of loose) {
    const orderId = upload.stored_at === null ? null : await namedAtAll(ctx, upload)
    if (orderId !== null) {
      await noteOrder(ctx, upload, orderId)
      continue
    }
    try {
      if (!(await deleteUnnamed(ctx, upload))) continue
      deleted++
    } catch (error) {
      ctx.log.warn({ err: error, upload_id: upload.id }, 'an orphaned file could not be deleted')
    }
  }
  return deleted
}

/**
 * Deletes a file that no order has opened and no profile shows; its row is hidden first. Returns
 * false for a file that one of them names by now.
 */
async function deleteUnnamed(
  ctx: OrphanContext,
  upload: Selectable<UploadsTable>,
): Promise<boolean> {
  const db = ctx.database.kysely
  const hidden = await db
    .updateTable('uploads')
    .set({ stored_at: null })
    .where('id', '=', upload.id)
    .where('order_id', 'is', null)
    .where('is_paper', '=', false)
    .where(isInNoProfile)
    .returning('id')
    .executeTakeFirst()
  if (hidden === undefined) return false
  await removeFile(ctx, upload)
  await db.deleteFrom('uploads').where('id', '=', upload.id).where('order_id', 'is', null).execute()
  return true
}

/**
 * Deletes a file whose request was refused, so that a refusal leaves nothing. A file that cannot be
 * deleted now is deleted as an orphan.
 */
export async function discardUpload(ctx: OrphanContext, id: string): Promise<void> {
  try {
    const upload = await ctx.database.kysely
      .selectFrom('uploads')
      .selectAll()
      .where('id', '=', id)
      .executeTakeFirst()
    if (upload !== undefined) await deleteUnnamed(ctx, upload)
  } catch (error) {
    ctx.log.warn({ err: error, upload_id: id }, 'the file of a refused request is left for later')
  }
}

const isInNoProfile = ({
  not,
  exists,
  selectFrom,
}: ExpressionBuilder<Tables, 'uploads'>): Expression<SqlBool> =>
  not(
    exists(selectFrom('users').select('users.id').whereRef('users.picture_id', '=', 'uploads.id')),
  )

async function namedAtAll(
  ctx: OrphanContext,
  upload: Selectable<UploadsTable>,
): Promise<string | null> {
  if (upload.kind !== 'audio') return orderNaming(ctx, upload, eb => eb.lit(true))
  const { pharmacyId } = await partyOf(ctx, upload.owner_id)
  return pharmacyId === null
    ? null
    : orderNaming(ctx, upload, eb => eb('vendor_id', '=', pharmacyId))
}
