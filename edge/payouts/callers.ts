/** The callers that the operations of this feature answer. */
import { admins, pharmacies, type Caller } from '../kernel/access.ts'

export const access: Readonly<Record<string, readonly Caller[]>> = {
  listPayouts: [...pharmacies, 'driver', 'otherDriver', 'admin'],
  proposePayout: admins,
  decidePayout: admins,
  getStatement: ['driver', 'admin'],
  exportStatement: ['driver', 'admin'],
}
