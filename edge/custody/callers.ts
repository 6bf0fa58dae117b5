/** The callers that the operations of this feature answer. */
import { everyone, ofDriver, ofPharmacy, parties, type Caller } from '../kernel/access.ts'

export const access: Readonly<Record<string, readonly Caller[]>> = {
  getCustody: parties,
  exportCustody: ['customer', 'vendor', 'admin'],
  listCustodyCheckpoints: everyone,
  packParcel: ofPharmacy,
  scanPackage: ofDriver,
  reportHandover: ofDriver,
  nameAgent: ['customer', 'vendor', 'admin'],
  getHandoverCode: ['customer'],
  renewHandoverCode: ['customer'],
  unlockHandover: ofPharmacy,
  getHandoverKey: everyone,
  reportBreak: ofDriver,
  recordTemperatures: ofDriver,
  recordTemperatureFile: ofDriver,
  getTemperatures: parties,
  decideBreak: ofPharmacy,
  getCustodyPolicies: ofPharmacy,
  setCustodyPolicies: ofPharmacy,
}
