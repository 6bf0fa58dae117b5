/**
 * The digests of the files that prove a delivery. They are read before the log is locked, because a
 * store of files may be slow. Rejected: a digest at the upload, because older files have none.
 */
import { createHash } from 'node:crypto'
import type { OrderEvent } from '../../protocol/dispatch/events.ts'
import { CaduceusError } from '../../protocol/kernel/errors.ts'
import { uploadIdOf } from '../../protocol/uploads/url.ts'
import type { Kernel } from '../kernel/kernel.ts'
import { isReachable, readFile, type FileContext } from '../uploads/stored-files.ts'
import { custodyLimits } from './limits.ts'
import { proofsOf, type EntryProof } from './steps.ts'

export type DigestParts = Pick<Kernel, 'nowMs'> & FileContext

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

async function digestOf(parts: DigestParts, id: string): Promise<string | null> {
  const row = await parts.database.kysely
    .selectFrom('uploads')
    .selectAll()
    .where('id', '=', id)
    .where('stored_at', 'is not', null)
    .executeTakeFirst()
  if (row === undefined || !isReachable(parts, row)) return null
  const hash = createHash('sha256')
  try {
    for await (const chunk of await readFile(parts, row)) hash.update(chunk)
  } catch (error) {
    if (error instanceof CaduceusError && error.code === 'not_found') return null
    throw error
  }
  return hash.digest('hex')
}
