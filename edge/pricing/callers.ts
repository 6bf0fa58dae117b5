/** The callers that the operations of this feature answer. */
import { everyone, signedIn, type Caller } from '../kernel/access.ts'

export const access: Readonly<Record<string, readonly Caller[]>> = {
  quoteDelivery: signedIn,
  quoteDeliveryV1: signedIn,
  calculatePrice: everyone,
}
