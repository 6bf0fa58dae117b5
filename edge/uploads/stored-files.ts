/**
 * The bytes of uploads in their store, encrypted with the key of the file where this deployment has
 * a key. The name of the store in the row says whether a file is encrypted: an edge of the release
 * before knows no store with such a name and answers `unavailable`, where it would send noise.
 */
import type { Selectable } from 'kysely'
import type { UploadsTable } from '../../migrations/database/tables.ts'
import { CaduceusError } from '../../protocol/kernel/errors.ts'
import type { Kernel } from '../kernel/kernel.ts'
import type { WithVault } from '../keys/vault.ts'
import { sealFile, unsealFile } from './storage/sealed-file.ts'
import type { ByteRange } from '../http/ranges.ts'
import type { Download, Presentation, Storage, WithStorages } from './storage/storage.ts'

export type FileContext = Pick<Kernel, 'database'> & WithStorages & WithVault
type FileRow = Pick<
  Selectable<UploadsTable>,
  'id' | 'owner_id' | 'store' | 'path' | 'content_type' | 'bytes_count'
>

const sealedEnd = '/c1'
const isSealed = (store: string): boolean => store.endsWith(sealedEnd)
/** The name of a store in the row of a file that is encrypted in it. */
export const sealedName = (store: string): string => `${store}${sealedEnd}`

/** The name of the store in the row of a new file. */
export const storeOfNew = ({ storages, vault }: FileContext): string =>
  vault.encrypts ? sealedName(storages.current.name) : storages.current.name

const configured = ({ storages }: WithStorages, store: string): Storage | undefined =>
  storages.of(isSealed(store) ? store.slice(0, -sealedEnd.length) : store)

/** True when this edge is configured for the store of a file. */
export const isReachable = (ctx: WithStorages, { store }: Pick<FileRow, 'store'>): boolean =>
  configured(ctx, store) !== undefined

/** Throws `unavailable` for a file in a store that this edge is not configured for. */
export function storeOf(ctx: WithStorages, { store }: Pick<FileRow, 'store'>): Storage {
  const storage = configured(ctx, store)
  if (storage === undefined)
    throw new CaduceusError(
      'unavailable',
      'the file is kept in a store that this server is not configured for',
    )
  return storage
}

/** Stores the bytes under the path of the row. Throws `unavailable`. */
export async function putFile(ctx: FileContext, row: FileRow, data: Uint8Array): Promise<void> {
  const storage = storeOf(ctx, row)
  if (!isSealed(row.store)) return storage.put(row.path, data, row.content_type)
  const key = await ctx.vault.newFileKey(row.id, row.owner_id)
  await storage.put(row.path, sealFile(key, row.id, data), 'application/octet-stream')
}

/**
 * The bytes of a file, or those of a range within it. Throws `unavailable`, and `not_found` for a
 * file whose key was destroyed; the iteration does so for a file that is not in its store.
 */
export async function readFile(
  ctx: FileContext,
  row: FileRow,
  range: ByteRange | null = null,
): Promise<AsyncIterable<Uint8Array>> {
  const storage = storeOf(ctx, row)
  if (!isSealed(row.store)) return storage.read(row.path, range)
  const key = await ctx.vault.fileKey(row.id)
  if (key === null) throw new CaduceusError('not_found', 'the file was erased')
  return unsealFile(
    {
      key,
      uploadId: row.id,
      plainBytes: row.bytes_count,
      read: stored => storage.read(row.path, stored),
    },
    range,
  )
}

/**
 * The file as a client gets it: its bytes, or a link into the store for a plain file of an object
 * store. Throws as `readFile`, and `not_found` for a file that is not in its store.
 */
export async function downloadFile(
  ctx: FileContext,
  row: FileRow,
  presentation: Presentation,
  range: ByteRange | null = null,
): Promise<Download> {
  if (!isSealed(row.store)) {
    const download = await storeOf(ctx, row).download(row.path, presentation)
    if (download === null) throw new CaduceusError('not_found', 'the file is no longer stored')
    if (download.kind === 'link' || range === null) return download
  }
  return { kind: 'bytes', chunks: await readFile(ctx, row, range) }
}

/**
 * Deletes the key, so that copies elsewhere are noise, then older copies and the bytes. Rejects while
 * a store is away; the key is gone then, too.
 */
export async function removeFile(ctx: FileContext, row: FileRow): Promise<void> {
  const db = ctx.database.kysely
  await ctx.vault.destroyFileKey(row.id)
  const copies = await db
    .selectFrom('stale_files')
    .selectAll()
    .where('upload_id', '=', row.id)
    .execute()
  for (const copy of copies) {
    await storeOf(ctx, copy).remove(copy.path)
    await db.deleteFrom('stale_files').where('path', '=', copy.path).execute()
  }
  await storeOf(ctx, row).remove(row.path)
  // Whoever encrypted the file meanwhile has made a key anew.
  await ctx.vault.destroyFileKey(row.id)
}
