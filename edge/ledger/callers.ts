/** The callers that the operations of this feature answer. */
import { admins, pharmacies, type Caller } from '../kernel/access.ts'

export const access: Readonly<Record<string, readonly Caller[]>> = {
  listLedgerAccounts: [...pharmacies, 'driver', 'otherDriver', 'admin'],
  listLedgerTransfers: ['driver', 'admin'],
  listLedgerCorrections: admins,
  proposeLedgerCorrection: admins,
  decideLedgerCorrection: admins,
}
