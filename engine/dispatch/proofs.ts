/**
 * The uploads that a report of a delivery names, asked of the database before the order decides: its actor is
 * pure, and whose a file is only the database knows. Asking binds each file that may be a proof to this order,
 * in one statement, so of two orders that name the same file at the same moment one alone gets it.
 *
 * Rejected: the check at the edge. Other services report deliveries on the bus, and between an edge's look
 * and the order's decision the file could be used twice.
 */
import type { OrderCommandData } from '../../protocol/dispatch/commands.ts'
import type { Principal } from '../../protocol/kernel/principal.ts'
import { uploadIdOf } from '../../protocol/uploads/url.ts'
import type { OrderLookups } from '../journal/lookups.ts'
import type { UploadFact } from '../../protocol/uploads/fact.ts'

/** Of the files that do not exist nothing comes back. Rejects while the database is away. */
export async function uploadsOfReport(
  lookups: Pick<OrderLookups, 'claimProofs'>,
  orderId: string,
  by: Principal,
  data: OrderCommandData['deliver'],
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
