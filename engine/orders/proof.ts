/**
 * Decides what proves a delivery, and when a delivery must be explained. Pure: the facts about the
 * uploads and about the driver's distance are gathered before (`engine/dispatch/proofs.ts`,
 * `engine/orders/plan.ts`).
 *
 * A proof is an upload of the person who reports the delivery, or of the order's driver. It was
 * made after the pick-up, has the kind that its field asks for, and is bound to this order alone. A
 * pharmacy that reports by hand may use its own photo; the event says that the pharmacy acted.
 */
import type { ErrorCode } from '../../protocol/kernel/errors.ts'
import type { DeliveryFlag } from '../../protocol/orders/delivery-flag.ts'
import type { Principal } from '../../protocol/kernel/principal.ts'
import type { UploadFact } from '../../protocol/uploads/fact.ts'
import { uploadIdOf, uploadUrl } from '../../protocol/uploads/url.ts'
import type { OrderCommand } from './commands.ts'
import { doorMetresMax } from './limits.ts'
import type { Deal, Delivery, OrderCore } from './state.ts'

/** The commands that may name a photo or a signature. */
export type ProvingCommand = Extract<
  OrderCommand,
  { verb: 'pick_up' | 'deliver' | 'complete_return' }
>
interface OnTheWay {
  core: OrderCore
  deal: Deal
  delivery: Delivery
}
const proofFields = { proof_photo_url: 'proof', signature_url: 'signature' } as const
type ProofField = keyof typeof proofFields

export type Proof =
  | { ok: true; proof_photo_url: string | null; signature_url: string | null }
  | { ok: false; code: ErrorCode; detail: string }

/**
 * The proofs of a stage in the form that the order keeps, or the reason why they prove nothing.
 * `since`: the beginning of the stage, ms since the epoch, and its name.
 */
export function proofOf(
  order: OnTheWay,
  command: ProvingCommand,
  since: { atMs: number | null; name: string },
): Proof {
  const given: Partial<Record<ProofField, string>> = command.data
  const proven: Record<ProofField, string | null> = { proof_photo_url: null, signature_url: null }
  for (const field of Object.keys(proofFields) as ProofField[]) {
    const url = given[field]
    if (url === undefined || url === '') continue
    const wrong = wrongWith(order, command, field, url, since)
    if (wrong !== null) return { ok: false, code: 'proof_invalid', detail: `${field} ${wrong}` }
    // Store the url in this server's own form; the caller's host is dropped.
    proven[field] = uploadUrl(uploadIdOf(url)!)
  }
  if (
    command.verb === 'deliver' &&
    order.deal.vendor.proof_required &&
    proven.proof_photo_url === null &&
    proven.signature_url === null
  )
    return {
      ok: false,
      code: 'proof_required',
      detail: 'delivered needs proof_photo_url or signature_url',
    }
  return { ok: true, ...proven }
}

/**
 * The reason in words that follow the field's name; null when the upload is valid. For another
 * person's file it says only that it is not the reporter's own.
 */
function wrongWith(
  order: OnTheWay,
  { by, uploads }: ProvingCommand,
  field: ProofField,
  url: string,
  since: { atMs: number | null; name: string },
): string | null {
  const id = uploadIdOf(url)
  if (id === null)
    return 'must be the url of an upload, as POST /api/uploads/proof or /api/uploads/signature answered it'
  const upload = uploads.find(one => one.id === id)
  if (upload === undefined || !isOwn(order, by, upload))
    return 'names no upload of who reports the delivery'
  if (upload.kind !== proofFields[field])
    return `must name an upload of the kind ${proofFields[field]}, not ${upload.kind}`
  if (upload.atMs < (since.atMs ?? Number.POSITIVE_INFINITY))
    return `names an upload from before ${since.name}`
  return upload.orderId === order.core.orderId
    ? null
    : 'names an upload that belongs to another order'
}

function isOwn({ deal, delivery }: OnTheWay, by: Principal, upload: UploadFact): boolean {
  if (upload.driverId !== null && upload.driverId === delivery.driver.driver_id) return true
  switch (by.role) {
    case 'vendor':
      return upload.pharmacyId === by.id
    case 'admin':
      return upload.ownerId === by.id
    // A service that names no pharmacy acts for the pharmacy of the order.
    case 'service':
    case 'system':
      return upload.pharmacyId === deal.vendor.vendor_id
    default:
      return false
  }
}

/** The flag of a delivery without a reason; null when it needs none. */
export function flagOf(doorDistanceM: number | null, reason: string | null): DeliveryFlag | null {
  if (reason !== null) return null
  if (doorDistanceM === null) return 'position_unknown'
  return doorDistanceM > doorMetresMax ? 'far_from_door' : null
}
