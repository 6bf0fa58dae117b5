/** One request for each operation of this feature, in an order in which they can be called. */
import type { Example } from '../kernel/example.ts'

export const examples: Readonly<Record<string, Example>> = {
  listAudit: { as: 'admin', query: { operation: 'login', failed: false, limit: 2 }, status: 200 },
}
