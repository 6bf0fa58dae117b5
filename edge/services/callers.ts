/** The callers that the operations of this feature answer. */
import { everyone, ofPharmacy, type Caller } from '../kernel/access.ts'

export const access: Readonly<Record<string, readonly Caller[]>> = {
  createService: ofPharmacy,
  listServices: everyone,
  getService: everyone,
  updateService: ofPharmacy,
  getAvailability: everyone,
  createMainService: ofPharmacy,
  listMainServices: everyone,
  updateMainService: ofPharmacy,
  deleteMainService: ofPharmacy,
  closeVendor: ofPharmacy,
  listClosures: ofPharmacy,
  reopenVendor: ofPharmacy,
}
