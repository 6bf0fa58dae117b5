/** The callers that the operations of this feature answer. */
import { everyone, parties, type Caller } from '../kernel/access.ts'

export const access: Readonly<Record<string, readonly Caller[]>> = {
  getCustody: parties,
  exportCustody: ['customer', 'vendor', 'admin'],
  listCustodyCheckpoints: everyone,
}
