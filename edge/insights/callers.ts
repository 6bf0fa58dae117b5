/** The callers that the operations of this feature answer. */
import { admins, ofDriver, ofPharmacy, type Caller } from '../kernel/access.ts'

export const access: Readonly<Record<string, readonly Caller[]>> = {
  getInsights: ofPharmacy,
  exportInsights: ofPharmacy,
  listInsights: admins,
  getDriverInsights: ofDriver,
  getServiceInsights: ofPharmacy,
  getInsightLetter: ofPharmacy,
  setInsightLetter: ofPharmacy,
}
