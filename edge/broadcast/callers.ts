/** The callers that the operations of this feature answer. */
import {
  customers,
  everyone,
  ofPharmacy,
  pharmacies,
  signedIn,
  type Caller,
} from '../kernel/access.ts'

export const access: Readonly<Record<string, readonly Caller[]>> = {
  customerProfile: customers,
  replaceCustomerProfile: customers,
  updateCustomerProfile: customers,
  customerRequests: customers,
  sanjevaniRegisterPharmacy: everyone,
  sanjevaniCreatePharmacy: everyone,
  sanjevaniPharmacies: signedIn,
  pharmacyProfile: pharmacies,
  replacePharmacyProfile: pharmacies,
  updatePharmacyProfile: pharmacies,
  sanjevaniPharmacy: signedIn,
  replaceSanjevaniPharmacy: ofPharmacy,
  updateSanjevaniPharmacy: ofPharmacy,
  closeSanjevaniPharmacy: ofPharmacy,
}
