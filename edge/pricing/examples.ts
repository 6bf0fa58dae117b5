/** One request for each operation of this feature, in an order in which they can be called. */
import type { Example } from '../kernel/example.ts'
import { placeholders as of } from '../kernel/placeholders.ts'

const quote = { vendor_id: of.vendor, delivery_latitude: 27.72, delivery_longitude: 85.33 }

export const examples: Readonly<Record<string, Example>> = {
  quoteDelivery: { as: 'customer', body: quote, status: 201 },
  quoteDeliveryV1: { as: 'customer', body: quote, status: 201 },
  calculatePrice: {
    query: {
      pickup_latitude: 27.7172,
      pickup_longitude: 85.324,
      delivery_latitude: 27.72,
      delivery_longitude: 85.33,
    },
    status: 200,
  },
}
