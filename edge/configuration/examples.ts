/** One request for each operation of this feature, in an order in which they can be called. */
import type { Example } from '../kernel/example.ts'

export const examples: Readonly<Record<string, Example>> = {
  getConfiguration: { as: 'admin', status: 200 },
  changeConfiguration: {
    as: 'admin',
    body: { radius_km_max: 50, offer_seconds: 30 },
    status: 200,
  },
  listConfigurationChanges: { as: 'admin', status: 200 },
}
