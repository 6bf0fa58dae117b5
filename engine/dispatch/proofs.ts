/**
 * Asks the database for the uploads that a report of a delivery names, before the order decides.
 * The order's actor is pure, and only the database knows the owner of a file. The question also
 * binds each file that may be a proof to this order, in one statement. So of two orders that name
 * the same file at the same moment, only one gets it.
 *
 * Rejected: the check at the edge. Other services report deliveries on the bus, and the file could
 * be used twice between an edge's look and the order's decision.
 */
import type { OrderCommandData } from '../../protocol/dispatch/commands.ts'
import type { Principal } from '../../protocol/kernel/principal.ts'
import { uploadIdOf } from '../../protocol/uploads/url.ts'
import type { OrderLookups } from '../journal/lookups.ts'
import type { UploadFact } from '../../protocol/uploads/fact.ts'

/** Files that do not exist are not in the answer. Rejects while the database is down. */
export async function uploadsOfReport(
  lookups: Pick<OrderLookups, 'claimProofs'>,
  orderId: string,
  by: Principal,
  data: Pick<OrderCommandData['deliver'], 'proof_photo_url' | 'signature_url'>,
): Promise<UploadFact[]> {
  const idOf = (url: string | undefined): string | null =>
    url === undefined ? null : uploadIdOf(url)
  const [photoId, signatureId] = [idOf(data.proof_photo_url), idOf(data.signature_url)]
  if (photoId === null && signatureId === null) return []
  return lookups.claimProofs({
    orderId,
    photoId,
    signatureId,
    reporterId: by.role === 'admin' ? by.id : null,
  })
}
