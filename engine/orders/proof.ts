/**
 * What proves a delivery, and when a delivery must be explained. Pure: the facts about the uploads and about
 * the driver's distance are gathered before (`engine/dispatch/proofs.ts`, `engine/bus/plan.ts`).
 *
 * A proof is an upload of whoever reports the delivery, or of the order's driver: made after the pick-up, of the
 * kind that its field asks for, and bound to this order alone. A pharmacy that reports by hand may bring a
 * photo of its own; the event says that the pharmacy acted.
 */
import type { ErrorCode } from '../../protocol/kernel/errors.ts'
import type { DeliveryFlag } from '../../protocol/orders/delivery-flag.ts'
import type { Principal } from '../../protocol/kernel/principal.ts'
import type { UploadFact } from '../../protocol/uploads/fact.ts'
import { uploadIdOf, uploadUrl } from '../../protocol/uploads/url.ts'
import type { OrderCommand } from './commands.ts'
import { doorMetresMax } from './limits.ts'
import type { Deal, Delivery, OrderCore } from './state.ts'

type DeliverCommand = Extract<OrderCommand, { verb: 'deliver' }>
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

/** The proofs of a delivery as the order names them from now on; or why they prove nothing. */
export function proofOf(order: OnTheWay, command: DeliverCommand): Proof {
  const proven: Record<ProofField, string | null> = { proof_photo_url: null, signature_url: null }
  for (const field of Object.keys(proofFields) as ProofField[]) {
    const url = command.data[field]
    if (url === undefined || url === '') continue
    const wrong = wrongWith(order, command, field, url)
    if (wrong !== null) return { ok: false, code: 'proof_invalid', detail: `${field} ${wrong}` }
    // As this server writes it: a host that somebody put before it is nobody's business.
    proven[field] = uploadUrl(uploadIdOf(url)!)
  }
  if (
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

/** In words that follow the field's name; null when nothing is. Of a file of somebody else only that it is none of one's own. */
function wrongWith(
  order: OnTheWay,
  { by, uploads }: DeliverCommand,
  field: ProofField,
  url: string,
): string | null {
  const id = uploadIdOf(url)
  if (id === null)
    return 'must be the url of an upload, as POST /api/uploads/proof or /api/uploads/signature answered it'
  const upload = uploads.find(one => one.id === id)
  if (upload === undefined || !isOwn(order, by, upload))
    return 'names no upload of who reports the delivery'
  if (upload.kind !== proofFields[field])
    return `must name an upload of the kind ${proofFields[field]}, not ${upload.kind}`
  if (upload.atMs < (order.delivery.pickedUpAtMs ?? Number.POSITIVE_INFINITY))
    return 'names an upload from before the pick-up'
  return upload.orderId === order.core.orderId
    ? null
    : 'names an upload that belongs to another order'
}

function isOwn({ deal, delivery }: OnTheWay, by: Principal, upload: UploadFact): boolean {
  if (upload.driverId !== null && upload.driverId === delivery.driver.driver_id) return true
  switch (by.role) {
    case 'vendor':
      return upload.vendorId === by.id
    case 'admin':
      return upload.ownerId === by.id
    // A service acts for the pharmacy where it acts for nobody by name.
    case 'service':
    case 'system':
      return upload.vendorId === deal.vendor.vendor_id
    default:
      return false
  }
}

/** What a delivery is marked with when nobody gives a reason for it. */
export function flagOf(doorDistanceM: number | null, reason: string | null): DeliveryFlag | null {
  if (reason !== null) return null
  if (doorDistanceM === null) return 'position_unknown'
  return doorDistanceM > doorMetresMax ? 'far_from_door' : null
}
