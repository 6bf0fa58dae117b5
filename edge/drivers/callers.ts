/** The callers that the operations of this feature answer. */
import { everyone, ofDriver, type Caller } from '../kernel/access.ts'

export const access: Readonly<Record<string, readonly Caller[]>> = {
  registerDriver: everyone,
  listDrivers: ['vendor', 'otherPharmacy', 'admin'],
  getDriver: ofDriver,
  updateDriver: ofDriver,
  setDriverStatus: ofDriver,
  registerDriverV1: everyone,
  listDriversV1: ['vendor', 'otherPharmacy', 'admin'],
  getDriverV1: ofDriver,
  updateDriverV1: ofDriver,
  setDriverStatusV1: ofDriver,
  getEarnings: ofDriver,
  listDeliveries: ofDriver,
  getPerformance: ofDriver,
}
