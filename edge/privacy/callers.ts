/** The callers that the operations of this feature answer. */
import { customers, signedIn, type Caller } from '../kernel/access.ts'

export const access: Readonly<Record<string, readonly Caller[]>> = {
  exportMe: signedIn,
  eraseMe: customers,
  getErasure: customers,
  takeBackErasure: customers,
}
