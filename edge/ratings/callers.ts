/** The callers that the operations of this feature answer. */
import { admins, signedIn, type Caller } from '../kernel/access.ts'

export const access: Readonly<Record<string, readonly Caller[]>> = {
  rate: ['customer'],
  listRatings: signedIn,
  getRating: ['customer', 'vendor', 'admin'],
  appealRating: ['vendor'],
  decideRating: admins,
}
