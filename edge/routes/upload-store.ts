/**
 * Uploaded files: kept under config.uploadDir by a name that the server makes, typed by their first
 * bytes and never by what the sender says, and read only by those whom an order connects with them.
 */
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { sql, type SqlBool } from 'kysely'
import { CaduceusError } from '../../protocol/errors.ts'
import { uuidV7 } from '../../protocol/ids.ts'
import { principalOf, type Identity } from '../accounts/identity.ts'
import type { EdgeContext } from '../context.ts'

export type UploadContext = Pick<EdgeContext, 'config' | 'database' | 'nowMs' | 'random'>
export const uploadKinds = ['proof', 'signature', 'prescription'] as const
export type UploadKind = typeof uploadKinds[number]
export interface StoredUpload { id: string; url: string; content_type: string; bytes: number }

const fileTypes = [
  { contentType: 'image/jpeg', extension: 'jpg', begins: (b: Uint8Array) => b[0] === 0xff && b[1] === 0xd8 && b[2] === 0xff },
  { contentType: 'image/png', extension: 'png', begins: (b: Uint8Array) => ascii(b, 1, 'PNG\r\n\x1a\n') && b[0] === 0x89 },
  { contentType: 'image/webp', extension: 'webp', begins: (b: Uint8Array) => ascii(b, 0, 'RIFF') && ascii(b, 8, 'WEBP') },
  { contentType: 'application/pdf', extension: 'pdf', begins: (b: Uint8Array) => ascii(b, 0, '%PDF-') },
] as const
const ascii = (bytes: Uint8Array, at: number, text: string): boolean =>
  bytes.length >= at + text.length && Buffer.from(bytes.buffer, bytes.byteOffset + at, text.length).toString('latin1') === text

export const uploadUrl = (id: string): string => `/api/uploads/file/${id}`

/** Throws `unsupported_media_type` for anything but JPEG, PNG, WebP and PDF, and `body_too_large`. */
export async function storeUpload(ctx: UploadContext, ownerId: string, kind: UploadKind, id: string, data: Uint8Array): Promise<StoredUpload> {
  if (data.byteLength > ctx.config.uploadBytesMax) throw new CaduceusError('body_too_large', `a file may have at most ${ctx.config.uploadBytesMax} bytes`)
  const type = fileTypes.find(t => t.begins(data))
  if (type === undefined) throw new CaduceusError('unsupported_media_type', 'the file is none of JPEG, PNG, WebP or PDF')
  // The name is new even for a repeat under the same id, so that a repeat cannot change a stored file.
  const path = join(kind, `${uuidV7(ctx.nowMs(), ctx.random)}.${type.extension}`)
  const file = join(ctx.config.uploadDir, path)
  await mkdir(join(ctx.config.uploadDir, kind), { recursive: true })
  await writeFile(file, data, { flag: 'wx', mode: 0o600 })
  const inserted = await ctx.database.kysely.insertInto('uploads')
    .values({ id, owner_id: ownerId, kind, content_type: type.contentType, bytes_count: data.byteLength, path })
    .onConflict(c => c.doNothing()).returning('id').executeTakeFirst()
    .catch(async (error: unknown) => {
      await rm(file, { force: true })
      throw error
    })
  if (inserted === undefined) await rm(file, { force: true })
  return { id, url: uploadUrl(id), content_type: type.contentType, bytes: data.byteLength }
}

/** Throws `not_found` for a file that does not exist or is none of the caller's business. */
export async function readUpload(ctx: UploadContext, identity: Identity, id: string): Promise<{ contentType: string; data: Uint8Array }> {
  const row = await ctx.database.kysely.selectFrom('uploads').selectAll().where('id', '=', id).executeTakeFirst()
  if (row === undefined || !await mayRead(ctx, identity, row)) throw new CaduceusError('not_found', 'no such file')
  try {
    return { contentType: row.content_type, data: await readFile(join(ctx.config.uploadDir, row.path)) }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') throw new CaduceusError('not_found', 'the file is no longer stored')
    throw error
  }
}

/**
 * The owner, an admin, or a party of an order that names the file and in which the file's owner is a
 * party too: naming somebody else's file in an order of one's own opens nothing. The search goes by
 * the owner's orders, which an index finds.
 */
async function mayRead(ctx: UploadContext, identity: Identity, { id, owner_id }: { id: string; owner_id: string }): Promise<boolean> {
  if (identity.role === 'admin' || identity.userId === owner_id) return true
  const db = ctx.database.kysely
  const url = uploadUrl(id)
  const reader = principalOf(identity).id
  const found = await db.selectFrom('orders').select('id')
    .where(eb => eb.or([
      eb('user_id', '=', owner_id),
      eb('driver_id', 'in', eb.selectFrom('drivers').select('drivers.id').where('drivers.user_id', '=', owner_id)),
      eb('vendor_id', 'in', eb.selectFrom('vendors').select('vendors.id').where('vendors.user_id', '=', owner_id)),
    ]))
    .where(sql<SqlBool>`${url} in (view->>'prescription_url', view->>'proof_photo_url', view->>'signature_url')`)
    .where(eb => {
      switch (identity.role) {
        case 'user': return eb('user_id', '=', reader)
        case 'driver': return eb('driver_id', '=', reader)
        default: return eb.or([
          eb('vendor_id', '=', reader),
          eb.and([eb('kind', '=', 'broadcast'), eb('status', '=', 'pending'), sql<SqlBool>`${reader}::uuid = any(candidate_ids)`]),
        ])
      }
    })
    .limit(1).executeTakeFirst()
  return found !== undefined
}
