/** One request for each operation of this feature, in an order in which they can be called. */
import type { Example } from '../kernel/example.ts'
import { placeholders as of } from '../kernel/placeholders.ts'

const order = { id: of.order }
const offer = { id: of.order, offer_id: of.offer }

export const examples: Readonly<Record<string, Example>> = {
  createOrder: {
    as: 'customer',
    status: 201,
    body: {
      vendor_id: of.vendor,
      pickup_address: '123 Pharmacy St',
      pickup_latitude: 27.7172,
      pickup_longitude: 85.324,
      delivery_address: '456 Home Ave',
      delivery_latitude: 27.72,
      delivery_longitude: 85.33,
      customer_name: 'John Doe',
      customer_phone: '+1234567890',
      items: [{ name: 'Aspirin', quantity: 2 }],
      notes: 'Call before delivery',
    },
  },
  listOrders: {
    as: 'customer',
    query: { status: 'pending', text: 'aspirin', limit: 1 },
    status: 200,
  },
  getOrder: { as: 'customer', params: order, status: 200 },
  acceptOrder: {
    as: 'vendor',
    params: order,
    body: { text_message: 'Ready in ten minutes' },
    status: 200,
  },
  rejectOrder: { as: 'vendor', params: order, body: { reason: 'out of stock' }, status: 200 },
  assignDriver: { as: 'vendor', params: order, body: { driver_id: of.driver }, status: 200 },
  acceptOffer: { as: 'driver', params: offer, body: {}, status: 200 },
  declineOffer: { as: 'driver', params: offer, body: { reason: 'flat tyre' }, status: 200 },
  updateOrder: { as: 'driver', params: order, body: { status: 'picked_up' }, status: 200 },
  cancelOrder: {
    as: 'customer',
    params: order,
    query: { reason: 'ordered by mistake' },
    status: 200,
  },
  listOrderEvents: { as: 'customer', params: order, query: { limit: 2 }, status: 200 },
  listBreadcrumbs: { as: 'customer', params: order, status: 200 },
  reissueTrackingToken: { as: 'customer', params: order, body: {}, status: 201 },
  findDriver: {
    as: 'vendor',
    params: order,
    body: { policy: 'offer', offer_seconds: 30 },
    status: 200,
  },
}
