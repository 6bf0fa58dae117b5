/** One request for each operation of this feature, in an order in which they can be called. */
import type { Example } from '../kernel/example.ts'
import { placeholders as of } from '../kernel/placeholders.ts'

const pharmacyId = { id: of.vendor }
const reported = { vendor_id: of.vendor }
const period = { from: '2026-11-01', to: '2026-11-30' }

export const examples: Readonly<Record<string, Example>> = {
  exportOrders: { as: 'vendor', params: pharmacyId, body: { ...period, bom: false }, status: 200 },
  vendorReport: { as: 'vendor', params: reported, query: { date: '2026-11-20' }, status: 200 },
  driverReport: { as: 'vendor', params: reported, query: period, status: 200 },
  exportReport: {
    as: 'vendor',
    params: reported,
    query: { ...period, content: 'days' },
    status: 200,
  },
}
