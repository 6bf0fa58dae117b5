/**
 * Uploaded files. A file is typed by its bytes and stored under a name that the server makes. Its
 * row is written before the bytes and completed after them, so no file is stored without a row.
 * `access.ts` decides who may read a file; `orphans.ts` deletes files that no order names.
 */
import { createHash } from 'node:crypto'
import type { Selectable } from 'kysely'
import type { UploadsTable } from '../../migrations/database/tables.ts'
import { CaduceusError } from '../../protocol/kernel/errors.ts'
import { uuidV7 } from '../../protocol/kernel/ids.ts'
import { fileLimits } from './storage/file-limits.ts'
import type { Identity } from '../kernel/identity.ts'
import type { KernelConfig } from '../kernel/config.ts'
import type { Kernel, WithConfig } from '../kernel/kernel.ts'
import type { UploadsConfig } from './config.ts'
import type { Download } from './storage/storage.ts'
import { readingOf, type Reading } from './access.ts'
import { uploadKinds, type UploadKind } from './kinds.ts'
import { uploadUrl } from '../../protocol/uploads/url.ts'
import { inspectMedia } from './media.ts'
import { scan } from './scan.ts'
import { rangeOf, type ByteRange } from '../http/ranges.ts'
import { downloadFile, putFile, storeOfNew, type FileContext } from './stored-files.ts'

export type UploadContext = Pick<Kernel, 'database' | 'nowMs' | 'random'> &
  FileContext &
  WithConfig<KernelConfig & UploadsConfig>

export interface StoredUpload {
  id: string
  url: string
  content_type: string
  bytes: number
}
type UploadRow = Selectable<UploadsTable>

/**
 * Stores an upload. A repeat under the same id stores nothing new and gets the first answer.
 * `begunAtMs`: time at which the sender began; a photo whose upload began before the pick-up proves
 * no delivery, however late its last byte arrives. Throws `body_too_large`, `file_infected`,
 * `unsupported_media_type`, `file_malformed`, `image_too_large`, `too_many_requests`,
 * `unavailable`.
 */
export async function storeUpload(
  ctx: UploadContext,
  ownerId: string,
  kind: UploadKind,
  id: string,
  data: Uint8Array,
  begunAtMs: number,
): Promise<StoredUpload> {
  const bytesMax = Math.min(uploadKinds[kind].bytesMax, ctx.config.uploadBytesMax)
  if (data.byteLength > bytesMax)
    throw new CaduceusError(
      'body_too_large',
      `a file of this kind may have at most ${bytesMax} bytes`,
    )
  const media = inspectMedia(data, uploadKinds[kind].families)
  await admitOwner(ctx, ownerId)
  await scan(ctx.config.scanner, media.data)

  const db = ctx.database.kysely
  const row =
    (await db
      .insertInto('uploads')
      .values({
        id,
        owner_id: ownerId,
        kind,
        content_type: media.contentType,
        bytes_count: media.data.byteLength,
        digest: createHash('sha256').update(media.data).digest('hex'),
        store: storeOfNew(ctx),
        path: `${kind}/${uuidV7(ctx.nowMs(), ctx.random)}.${media.extension}`,
        created_at: new Date(begunAtMs),
      })
      .onConflict(c => c.doNothing())
      .returningAll()
      .executeTakeFirst()) ??
    (await db
      .selectFrom('uploads')
      .selectAll()
      .where('id', '=', id)
      .where('owner_id', '=', ownerId)
      .executeTakeFirstOrThrow())
  if (row.stored_at === null) {
    await putFile(ctx, row, media.data)
    await db
      .updateTable('uploads')
      .set({ stored_at: new Date(ctx.nowMs()) })
      .where('id', '=', id)
      .execute()
  }
  return { id, url: uploadUrl(id), content_type: row.content_type, bytes: row.bytes_count }
}

export interface OpenedUpload {
  contentType: string
  disposition: string
  download: Download
  /** The part of the file in `download`; null: all of it. */
  range: ByteRange | null
  sizeBytes: number
  kind: UploadKind
  reading: Reading
}

/**
 * Throws `not_found` for a file that does not exist or that the caller may not read, and
 * `unavailable` when its store is not configured or does not answer.
 */
export async function readUpload(
  ctx: UploadContext,
  identity: Identity,
  id: string,
  headers: Readonly<Record<string, string>>,
): Promise<OpenedUpload> {
  const row = await ctx.database.kysely
    .selectFrom('uploads')
    .selectAll()
    .where('id', '=', id)
    .where('stored_at', 'is not', null)
    .executeTakeFirst()
  const reading = row === undefined ? null : await readingOf(ctx, identity, row)
  if (row === undefined || reading === null) throw new CaduceusError('not_found', 'no such file')
  const presentation = { contentType: row.content_type, disposition: dispositionOf(row) }
  const sizeBytes = row.bytes_count
  const asked = rangeOf(headers['range'], sizeBytes)
  // A file has no tag, so a part that depends on one is not sent; nor is one behind the end.
  const isWhole = asked === 'unsatisfiable' || headers['if-range'] !== undefined
  const range = isWhole ? null : asked
  const download = await downloadFile(ctx, row, presentation, range)
  return { ...presentation, download, range, sizeBytes, kind: row.kind as UploadKind, reading }
}

/** A document is downloaded and not shown, because viewers of documents run scripts in them. */
export function dispositionOf({ id, path, content_type }: UploadRow): string {
  const way = /^(image|audio)\//.test(content_type) ? 'inline' : 'attachment'
  return `${way}; filename="${id}${path.slice(path.lastIndexOf('.'))}"`
}

/**
 * Bounds the files of one account, so that it cannot fill the store faster than orphans are
 * deleted.
 */
async function admitOwner(ctx: UploadContext, ownerId: string): Promise<void> {
  const { loose } = await ctx.database.kysely
    .selectFrom('uploads')
    .select(eb => eb.fn.countAll<number>().as('loose'))
    .where('owner_id', '=', ownerId)
    .where('order_id', 'is', null)
    .where('created_at', '>', new Date(ctx.nowMs() - fileLimits.uploadOrphanMs))
    .executeTakeFirstOrThrow()
  if (loose >= fileLimits.looseUploadsPerAccountMax)
    throw new CaduceusError(
      'too_many_requests',
      `an account may have ${fileLimits.looseUploadsPerAccountMax} files of the last day that no order names`,
    )
}
