/** The callers that the operations of this feature answer. */
import { admins, ofPharmacy, pharmacies, signedIn, type Caller } from '../kernel/access.ts'

export const access: Readonly<Record<string, readonly Caller[]>> = {
  createDocument: ofPharmacy,
  listDocuments: signedIn,
  getDocument: ofPharmacy,
  readDocument: ofPharmacy,
  decideDocument: admins,
  listReviews: [...pharmacies, 'admin'],
  takeReview: admins,
  endReview: [...pharmacies, 'admin'],
  listRequirements: signedIn.filter(caller => !['customer', 'otherCustomer'].includes(caller)),
  createRequirement: admins,
  changeRequirement: admins,
  endRequirement: admins,
}
