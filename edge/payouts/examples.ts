/** One request for each operation of this feature, in an order in which they can be called. */
import type { Example } from '../kernel/example.ts'
import { placeholders as of } from '../kernel/placeholders.ts'

export const examples: Readonly<Record<string, Example>> = {
  proposePayout: {
    as: 'admin',
    body: {
      party: 'driver',
      party_id: of.driver,
      currency: 'USD',
      from: '2020-01-01T00:00:00Z',
      to: '2020-02-01T00:00:00Z',
    },
    status: 201,
  },
  listPayouts: { as: 'driver', query: { limit: 1 }, status: 200 },
  getStatement: { as: 'driver', params: { id: of.payout }, query: { limit: 1 }, status: 200 },
  exportStatement: { as: 'driver', params: { id: of.payout }, query: { bom: false }, status: 200 },
  decidePayout: {
    as: 'admin',
    params: { id: of.payout },
    body: { decision: 'refused' },
    status: 200,
  },
}
