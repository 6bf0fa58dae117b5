/**
 * The digests of the files that prove a delivery. They are read before the log is locked, because a
 * store of files may be slow. Rejected: a digest at the upload, because older files have none.
 */
import { createHash } from 'node:crypto'
import type { OrderEvent } from '../../protocol/dispatch/events.ts'
import { uploadIdOf } from '../../protocol/uploads/url.ts'
import type { Kernel } from '../kernel/kernel.ts'
import type { WithStorages } from '../uploads/storage/storage.ts'
import { custodyLimits } from './limits.ts'
import { proofsOf, type EntryProof } from './steps.ts'

export type DigestParts = Pick<Kernel, 'database' | 'nowMs'> & WithStorages

/**
 * The proofs of an event with their digests. A file that is gone has none. Rejects while the store
 * is away, until the event is a day old: then the log goes on without the digest.
 */
export async function provenBy(
  parts: DigestParts,
  event: OrderEvent,
  at: Date,
): Promise<EntryProof[]> {
  const proofs: EntryProof[] = []
  for (const [kind, url] of proofsOf(event)) {
    const id = uploadIdOf(url)
    // A text from before proofs had to be uploads proves nothing that could be hashed.
    if (id === null) continue
    proofs.push({
      kind,
      upload_id: id,
      sha256: await digestOf(parts, id).catch((error: unknown) => {
        if (parts.nowMs() - at.getTime() < custodyLimits.storeWaitMs) throw error
        return null
      }),
    })
  }
  return proofs
}

async function digestOf({ database, storages }: DigestParts, id: string): Promise<string | null> {
  const row = await database.kysely
    .selectFrom('uploads')
    .select(['store', 'path', 'content_type'])
    .where('id', '=', id)
    .where('stored_at', 'is not', null)
    .executeTakeFirst()
  if (row === undefined) return null
  const store = storages.of(row.store)
  if (store === undefined) return null
  const file = await store.download(row.path, {
    contentType: row.content_type,
    disposition: 'attachment',
  })
  const hash = createHash('sha256')
  if (file === null) return null
  if (file.kind === 'bytes') for await (const chunk of file.chunks) hash.update(chunk)
  else {
    const answer = await fetch(file.url, { signal: AbortSignal.timeout(custodyLimits.fileMs) })
    if (answer.status === 404) return null
    if (!answer.ok || answer.body === null)
      throw new Error(`the store of files answered ${answer.status}`)
    for await (const chunk of answer.body) hash.update(chunk)
  }
  return hash.digest('hex')
}
