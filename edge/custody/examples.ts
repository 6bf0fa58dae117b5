/** One request for each operation of this feature, in an order in which they can be called. */
import type { Example } from '../kernel/example.ts'
import { placeholders as of } from '../kernel/placeholders.ts'

const params = { id: of.order }

export const examples: Readonly<Record<string, Example>> = {
  getCustody: { as: 'customer', params, status: 200 },
  exportCustody: { as: 'customer', params, query: { format: 'caduceus' }, status: 200 },
  listCustodyCheckpoints: { as: 'customer', query: { limit: 1 }, status: 200 },
}
