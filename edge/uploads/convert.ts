/**
 * Encrypts the files that were stored before the deployment had a key. The encrypted copy is written
 * beside the plain one, then the row names the copy, and the plain one is deleted after the time
 * that a link into the store lives. Each stored file without a row is noted first, so a run may end
 * anywhere: the next one deletes what is left over and goes on.
 */
import { createHash } from 'node:crypto'
import type { Selectable } from 'kysely'
import type { UploadsTable } from '../../migrations/database/tables.ts'
import { CaduceusError } from '../../protocol/kernel/errors.ts'
import { uuidV7 } from '../../protocol/kernel/ids.ts'
import type { JobFigures, JobRun } from '../kernel/job.ts'
import type { Kernel } from '../kernel/kernel.ts'
import { fileLimits } from './storage/file-limits.ts'
import {
  isReachable,
  putFile,
  readFile,
  sealedName,
  storeOf,
  type FileContext,
} from './stored-files.ts'

export type ConvertContext = Pick<Kernel, 'database' | 'log' | 'nowMs' | 'random'> & FileContext
type UploadRow = Selectable<UploadsTable>

/**
 * The job. `failed` files are those that are missing in their store or do not have their digest;
 * the log names them, and they stay as they are. Rejects while a store is away.
 */
export async function encryptStored(
  ctx: ConvertContext,
  { signal }: Pick<JobRun, 'signal'>,
): Promise<JobFigures> {
  const db = ctx.database.kysely
  await removeStale(ctx, signal)
  let [encrypted, failed] = [0, 0]
  let last: string | null = null
  while (ctx.vault.encrypts && !signal.aborted) {
    let query = db
      .selectFrom('uploads')
      .selectAll()
      .where('store', 'in', ['disk', 's3'])
      .where('stored_at', 'is not', null)
    if (last !== null) query = query.where('id', '>', last)
    const rows = await query.orderBy('id').limit(fileLimits.convertPageRows).execute()
    for (const row of rows) {
      if (signal.aborted) break
      if (await encryptOne(ctx, row)) encrypted++
      else failed++
    }
    if (rows.length < fileLimits.convertPageRows) break
    last = rows.at(-1)!.id
  }
  return { encrypted, failed }
}

/** False for a file that stays as it is. One file is in memory at a time. */
async function encryptOne(ctx: ConvertContext, row: UploadRow): Promise<boolean> {
  const why = (reason: string): false => {
    ctx.log.warn({ upload_id: row.id, reason }, 'a stored file could not be encrypted')
    return false
  }
  if (!isReachable(ctx, row)) return why('its store is not configured')
  const pieces: Uint8Array[] = []
  try {
    for await (const piece of await readFile(ctx, row)) pieces.push(piece)
  } catch (error) {
    if (error instanceof CaduceusError && error.code === 'not_found') return why('it is missing')
    throw error
  }
  const data = Buffer.concat(pieces)
  if (data.length !== row.bytes_count) return why('it has another length')
  if (row.digest !== null && createHash('sha256').update(data).digest('hex') !== row.digest)
    return why('it has another digest')

  const db = ctx.database.kysely
  const extension = row.path.slice(row.path.lastIndexOf('.'))
  const copy = {
    ...row,
    store: sealedName(row.store),
    path: `${row.kind}/${uuidV7(ctx.nowMs(), ctx.random)}${extension}`,
  }
  const note = (stale: Pick<UploadRow, 'store' | 'path'>) => ({
    store: stale.store,
    path: stale.path,
    upload_id: row.id,
    due_at: new Date(
      ctx.nowMs() + (stale === row ? fileLimits.plainCopyMs : fileLimits.staleCopyMs),
    ),
  })
  await db.insertInto('stale_files').values(note(copy)).execute()
  await putFile(ctx, copy, data)
  return db.transaction().execute(async tx => {
    // No note is left when the file was deleted meanwhile, or when another edge took the job over.
    // That edge may have looked before the copy was written, so the copy is noted again.
    const { numDeletedRows } = await tx
      .deleteFrom('stale_files')
      .where('path', '=', copy.path)
      .executeTakeFirst()
    if (numDeletedRows === 0n) {
      await tx.insertInto('stale_files').values(note(copy)).execute()
      return why('it took too long')
    }
    const { numUpdatedRows } = await tx
      .updateTable('uploads')
      .set({ store: copy.store, path: copy.path })
      .where('id', '=', row.id)
      .where('path', '=', row.path)
      .where('stored_at', 'is not', null)
      .executeTakeFirst()
    // Deleted meanwhile, or encrypted by another edge: the copy is what is left over.
    const isNamed = numUpdatedRows > 0n
    await tx
      .insertInto('stale_files')
      .values(note(isNamed ? row : copy))
      .execute()
    return isNamed || why('it changed meanwhile')
  })
}

async function removeStale(ctx: ConvertContext, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    const isMore = await ctx.database.kysely.transaction().execute(async tx => {
      const stale = await tx
        .selectFrom('stale_files')
        .selectAll()
        .where('due_at', '<=', new Date(ctx.nowMs()))
        .orderBy('due_at')
        .limit(1)
        .forUpdate()
        .skipLocked()
        .executeTakeFirst()
      if (stale === undefined) return false
      try {
        await storeOf(ctx, stale).remove(stale.path)
      } catch (error) {
        // One store that is away must not keep the copies of another.
        ctx.log.warn({ err: error, upload_id: stale.upload_id }, 'an old copy could not be deleted')
        await tx
          .updateTable('stale_files')
          .set({ due_at: new Date(ctx.nowMs() + fileLimits.staleRetryMs) })
          .where('path', '=', stale.path)
          .execute()
        return true
      }
      await tx.deleteFrom('stale_files').where('path', '=', stale.path).execute()
      // The key of a file that was deleted while it was encrypted.
      await tx
        .deleteFrom('file_keys')
        .where('upload_id', '=', stale.upload_id)
        .where(eb =>
          eb.not(
            eb.exists(
              eb
                .selectFrom('uploads')
                .select('uploads.id')
                .whereRef('uploads.id', '=', 'file_keys.upload_id'),
            ),
          ),
        )
        .execute()
      return true
    })
    if (!isMore) return
  }
}
