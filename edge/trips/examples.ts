/** One request for each operation of this feature, in an order in which they can be called. */
import type { Example } from '../kernel/example.ts'
import { placeholders as of } from '../kernel/placeholders.ts'
import { nobodyAsked } from './example.ts'

const trip = { id: of.order }

export const examples: Readonly<Record<string, Example>> = {
  requestTrip: { as: 'customer', body: nobodyAsked, status: 201 },
  describeTrip: { status: 200 },
  listTrips: { as: 'customer', query: { limit: 1 }, status: 200 },
  getTrip: { as: 'customer', params: trip, status: 200 },
  cancelTrip: {
    as: 'customer',
    params: trip,
    body: { reason: 'ordered by mistake' },
    status: 200,
  },
}
