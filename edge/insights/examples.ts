/** One request for each operation of this feature, in an order in which they can be called. */
import type { Example } from '../kernel/example.ts'
import { placeholders as of } from '../kernel/placeholders.ts'

const pharmacy = { id: of.vendor }
const week = '2026-W45'

export const examples: Readonly<Record<string, Example>> = {
  getInsights: { as: 'vendor', params: pharmacy, query: { week, by: 'weekday' }, status: 200 },
  exportInsights: { as: 'vendor', params: pharmacy, query: { week }, status: 200 },
  listInsights: { as: 'admin', query: { week, limit: 2 }, status: 200 },
  getDriverInsights: {
    as: 'driver',
    params: { id: of.driver },
    query: { week, weeks: 1 },
    status: 200,
  },
  getServiceInsights: {
    as: 'vendor',
    params: { id: of.service },
    query: { period: 'week' },
    status: 200,
  },
  setInsightLetter: { as: 'vendor', params: pharmacy, body: { wanted: true }, status: 200 },
  getInsightLetter: { as: 'vendor', params: pharmacy, status: 200 },
}
