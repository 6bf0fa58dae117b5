/**
 * Uploads in parts, as rows. An upload knows how many bytes have arrived. A part is accepted if it
 * begins exactly there, in the transaction that moves that mark, so two senders of one upload
 * cannot both write a byte. The last part moves the mark only after the whole file was typed,
 * cleaned and stored like any other upload. After a failure in between the upload lacks one part,
 * and the sender repeats it.
 */
import { sql, type Kysely, type Selectable } from 'kysely'
import type { Tables } from '../../migrations/database/tables.ts'
import type { ResumableUploadsTable } from '../../migrations/database/tables-uploads.ts'
import { CaduceusError, errorCatalogue } from '../../protocol/kernel/errors.ts'
import { uuidV7 } from '../../protocol/kernel/ids.ts'
import { SenderLeft } from '../http/bodies/incoming.ts'
import type { BodyStream } from '../kernel/route.ts'
import { type UploadKind } from './kinds.ts'
import { uploadUrl } from '../../protocol/uploads/url.ts'
import { storeUpload, type StoredUpload, type UploadContext } from './upload-store.ts'
import { resumableLimits } from './resumable-limits.ts'
import { openPieces, partsFrom, sealPiece, type PartKey } from './sealed-parts.ts'

export type ResumableRow = Selectable<ResumableUploadsTable>
type Context = Pick<UploadContext, 'database'> & { nowMs(): number }

/** Begins an upload. Throws `too_many_requests` or `overloaded`. */
export async function begin(
  ctx: UploadContext,
  ownerId: string,
  upload: { kind: UploadKind; metadata: string; length: number },
): Promise<ResumableRow> {
  const at = new Date(ctx.nowMs())
  return ctx.database.kysely.transaction().execute(async tx => {
    // Uploads of one account begin one after another; otherwise several could pass the bound
    // together.
    await sql`select pg_advisory_xact_lock(hashtextextended(${`resumable ${ownerId}`}, 0))`.execute(
      tx,
    )
    const { count, bytes } = await unfinished(tx)
    if (count >= resumableLimits.unfinishedMax || bytes >= resumableLimits.partsBytesMax)
      throw tooManyOnTheirWay()
    const own = await tx
      .selectFrom('resumable_uploads')
      .select(['id', 'updated_at'])
      .where('owner_id', '=', ownerId)
      .where('finished_at', 'is', null)
      .orderBy('updated_at')
      .execute()
    if (own.length >= resumableLimits.unfinishedPerAccountMax) {
      // On a bad network the answer to the beginning may be lost too, and leaves an upload that no
      // client knows.
      const forgotten = own[0]!
      if (forgotten.updated_at.getTime() > ctx.nowMs() - resumableLimits.forgottenAfterMs)
        throw new CaduceusError(
          'too_many_requests',
          `an account may have ${resumableLimits.unfinishedPerAccountMax} unfinished uploads; finish or delete one`,
          undefined,
          resumableLimits.forgottenAfterMs / 1000,
        )
      await tx.deleteFrom('resumable_uploads').where('id', '=', forgotten.id).execute()
    }
    return tx
      .insertInto('resumable_uploads')
      .values({
        id: uuidV7(ctx.nowMs(), ctx.random),
        owner_id: ownerId,
        kind: upload.kind,
        metadata: upload.metadata,
        bytes_count: upload.length,
        created_at: at,
        updated_at: at,
      })
      .returningAll()
      .executeTakeFirstOrThrow()
  })
}

async function unfinished(tx: Kysely<Tables>): Promise<{ count: number; bytes: number }> {
  const { count, bytes } = await tx
    .selectFrom('resumable_uploads')
    .where('finished_at', 'is', null)
    .select(eb => [
      eb.fn.countAll<number>().as('count'),
      eb.fn.coalesce(eb.fn.sum<number>('received'), sql<number>`0`).as('bytes'),
    ])
    .executeTakeFirstOrThrow()
  return { count: Number(count), bytes: Number(bytes) }
}

const tooManyOnTheirWay = () =>
  new CaduceusError(
    'overloaded',
    'too many files are on their way in parts; try again later, or send this one whole',
    undefined,
    60,
  )

/** Time at which an unfinished upload is deleted, unless more bytes come. */
export const expiresAt = (row: Pick<ResumableRow, 'updated_at'>): Date =>
  new Date(row.updated_at.getTime() + resumableLimits.lifeMs)

/**
 * Throws `not_found` alike for an upload that does not exist, has expired or belongs to somebody
 * else.
 */
export async function find(ctx: Context, ownerId: string, id: string): Promise<ResumableRow> {
  const row = await ctx.database.kysely
    .selectFrom('resumable_uploads')
    .selectAll()
    .where('id', '=', id)
    .where('owner_id', '=', ownerId)
    .executeTakeFirst()
  if (row === undefined || expiresAt(row).getTime() <= ctx.nowMs())
    throw new CaduceusError('not_found', 'no such upload; it may have expired or been deleted')
  return row
}

/** The file of a finished upload; null for an unfinished one, and when the file is gone. */
export async function finishedFile(ctx: Context, row: ResumableRow): Promise<StoredUpload | null> {
  if (row.finished_at === null) return null
  const file = await ctx.database.kysely
    .selectFrom('uploads')
    .select(['id', 'content_type', 'bytes_count'])
    .where('id', '=', row.id)
    .executeTakeFirst()
  return file === undefined
    ? null
    : {
        id: file.id,
        url: uploadUrl(file.id),
        content_type: file.content_type,
        bytes: file.bytes_count,
      }
}

/** Deletes an upload. The file of a finished upload stays. */
export async function remove(ctx: Context, id: string): Promise<void> {
  await ctx.database.kysely.deleteFrom('resumable_uploads').where('id', '=', id).execute()
}

/** Returns the number of deleted uploads. */
export async function deleteExpiredUploads(ctx: Context): Promise<number> {
  const { numDeletedRows } = await ctx.database.kysely
    .deleteFrom('resumable_uploads')
    .where('updated_at', '<', new Date(ctx.nowMs() - resumableLimits.lifeMs))
    .executeTakeFirst()
  return Number(numDeletedRows)
}

/**
 * Accepts a part that begins at `offset`, as it arrives. Bytes that arrived stay, also when the
 * sender leaves in the middle; a part with a checksum stays only as a whole, after its check, and
 * the last part only with the whole file. Returns the new row. Throws `upload_offset_conflict`,
 * `checksum_mismatch`, `body_too_large` for a byte too many, and the errors of `storeUpload`; a
 * refused file ends the upload.
 */
export async function receive(
  ctx: UploadContext,
  row: ResumableRow,
  offset: number,
  stream: BodyStream,
  verify: ((bytes: Uint8Array) => void) | null,
): Promise<ResumableRow> {
  if (offset !== row.received) throw conflict(row.received)
  if (row.finished_at !== null) return row
  let at = offset
  let pending: Uint8Array[] = []
  let pendingBytes = 0
  let writtenMs = ctx.nowMs()
  let latest = row
  const flush = async (): Promise<void> => {
    if (pendingBytes === 0) return
    const bytes = Buffer.concat(pending)
    latest = await append(ctx, row, at, bytes)
    at += bytes.length
    stream.forget(bytes.length)
    pending = []
    pendingBytes = 0
    writtenMs = ctx.nowMs()
  }
  try {
    for await (const piece of stream.pieces()) {
      if (at + pendingBytes + piece.length > row.bytes_count)
        throw new CaduceusError(
          'body_too_large',
          `the part goes beyond the Upload-Length of ${row.bytes_count}`,
        )
      pending.push(piece)
      pendingBytes += piece.length
      // The last byte waits until the whole file is stored.
      const isWhole = at + pendingBytes === row.bytes_count
      if (
        verify === null &&
        !isWhole &&
        (pendingBytes >= resumableLimits.partBytes ||
          ctx.nowMs() - writtenMs >= resumableLimits.partEveryMs)
      )
        await flush()
    }
  } catch (error) {
    // The sender left, was too slow, or this server ends. The sender will continue from here.
    const staysSo =
      error instanceof SenderLeft ||
      (error instanceof CaduceusError && errorCatalogue[error.code].retryable)
    if (staysSo && verify === null && at + pendingBytes < row.bytes_count) await flush()
    throw error
  }
  if (verify !== null) verify(Buffer.concat(pending))
  if (at + pendingBytes < row.bytes_count) {
    await flush()
    return latest
  }
  stream.hold(row.bytes_count)
  return finish(ctx, row, at, Buffer.concat(pending))
}

const conflict = (received: number) =>
  new CaduceusError(
    'upload_offset_conflict',
    `the upload goes on at byte ${received}; ask with HEAD where it stands`,
  )

async function append(
  ctx: UploadContext,
  row: ResumableRow,
  at: number,
  bytes: Uint8Array,
): Promise<ResumableRow> {
  const key = ctx.vault.encrypts ? await partKey(ctx, row) : null
  const taken = await ctx.database.kysely.transaction().execute(async tx => {
    // The bound is checked here too; otherwise ten thousand uploads that began while there was room
    // could fill the disk.
    if ((await unfinished(tx)).bytes + bytes.length > resumableLimits.partsBytesMax)
      throw tooManyOnTheirWay()
    const moved = await tx
      .updateTable('resumable_uploads')
      .set({ received: at + bytes.length, updated_at: new Date(ctx.nowMs()) })
      .where('id', '=', row.id)
      .where('received', '=', at)
      .where('finished_at', 'is', null)
      .returningAll()
      .executeTakeFirst()
    if (moved !== undefined)
      await write(
        tx,
        key === null ? 'upload_parts' : 'sealed_parts',
        row.id,
        at,
        key === null
          ? Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
          : sealPiece(key, row.id, at, bytes),
      )
    return moved
  })
  if (taken === undefined) throw conflict((await find(ctx, row.owner_id, row.id)).received)
  return taken
}

/** Throws `not_found` for somebody who is being erased. */
async function partKey({ vault }: UploadContext, row: ResumableRow): Promise<PartKey> {
  const key = await vault.personKey(row.owner_id)
  if (key === null) throw new CaduceusError('not_found', 'no such upload; it was deleted')
  return { key, ownerId: row.owner_id }
}

/**
 * Appends the bytes to a part that is still small, or writes a new part, so that single bytes do
 * not make a million rows.
 */
async function write(
  tx: Kysely<Tables>,
  table: 'upload_parts' | 'sealed_parts',
  uploadId: string,
  at: number,
  bytes: Buffer,
): Promise<void> {
  // No two parts begin so near to each other, so this finds the last part or none.
  const { numUpdatedRows } = await tx
    .updateTable(table)
    .set({ bytes: sql<Buffer>`bytes || ${bytes}::bytea` })
    .where('upload_id', '=', uploadId)
    .where('at', '>=', at - resumableLimits.smallPartBytes)
    .where('at', '<', at)
    .executeTakeFirst()
  if (Number(numUpdatedRows) === 0)
    await tx.insertInto(table).values({ upload_id: uploadId, at, bytes }).execute()
}

/**
 * Puts the file together and stores it under the upload's own id, so that a repeat stores one file.
 */
async function finish(
  ctx: UploadContext,
  row: ResumableRow,
  at: number,
  last: Uint8Array,
): Promise<ResumableRow> {
  const db = ctx.database.kysely
  const whole = new Uint8Array(row.bytes_count)
  let key: PartKey | null = null
  let from = 0
  while (from < at) {
    const parts = await partsFrom(db, row.id, from)
    for (const part of parts) {
      if (part.at !== from) throw conflict(from)
      const bytes = part.is_sealed
        ? openPieces((key ??= await partKey(ctx, row)), row.id, from, part.bytes)
        : part.bytes
      whole.set(bytes, from)
      from += bytes.length
    }
    // Another sender deleted or finished the upload while this one read.
    if (parts.length === 0) throw conflict((await find(ctx, row.owner_id, row.id)).received)
  }
  whole.set(last, at)
  try {
    await storeUpload(
      ctx,
      row.owner_id,
      row.kind as UploadKind,
      row.id,
      whole,
      row.created_at.getTime(),
    )
  } catch (error) {
    // The same file would be refused again.
    if (error instanceof CaduceusError && !errorCatalogue[error.code].retryable)
      await remove(ctx, row.id)
    throw error
  }
  const now = new Date(ctx.nowMs())
  return db.transaction().execute(async tx => {
    const finished = await tx
      .updateTable('resumable_uploads')
      .set({ received: row.bytes_count, finished_at: now, updated_at: now })
      .where('id', '=', row.id)
      .returningAll()
      .executeTakeFirst()
    if (finished === undefined)
      throw new CaduceusError('not_found', 'the upload was deleted while it was finished')
    for (const table of ['upload_parts', 'sealed_parts'] as const)
      await tx.deleteFrom(table).where('upload_id', '=', row.id).execute()
    return finished
  })
}
