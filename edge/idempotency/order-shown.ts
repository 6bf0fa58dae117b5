/**
 * An order in an answer of the edge: the reader's view, with links that open what the reader may
 * open.
 */
import { viewFor } from '../../protocol/orders/visibility.ts'
import type { OrderView } from '../../protocol/orders/view.ts'
import { principalOf, type Identity } from '../kernel/identity.ts'
import { signedUrl, type SigningContext } from '../links/links.ts'

/**
 * The order as the caller may see it. A pharmacy that may open the prescription gets a link that
 * works for a few minutes without a token, because a browser tab sends no token.
 */
export function shownTo(ctx: SigningContext, identity: Identity, order: OrderView): OrderView {
  const view = viewFor(principalOf(identity), order, ctx.nowMs())
  if (identity.role !== 'vendor' || view.prescription_url === null) return view
  return { ...view, prescription_url: signedUrl(ctx, identity.userId, view.prescription_url) }
}
