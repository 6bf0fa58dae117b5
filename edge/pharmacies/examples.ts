/** One request for each operation of this feature, in an order in which they can be called. */
import type { Example } from '../kernel/example.ts'
import { placeholders as of } from '../kernel/placeholders.ts'

const pharmacyId = { id: of.vendor }

export const examples: Readonly<Record<string, Example>> = {
  registerVendor: {
    body: {
      email: 'vendor@example.com',
      business_name: 'MedPharm Inc',
      phone: '+1234567890',
      password: 'securepassword',
      address: '123 Main St',
      latitude: 40.7128,
      longitude: -74.006,
      time_zone: 'America/New_York',
      dispatch_policy: 'offer',
    },
    status: 201,
  },
  listVendors: { as: 'customer', query: { is_active: true, limit: 2 }, status: 200 },
  getVendor: { as: 'customer', params: pharmacyId, status: 200 },
  updateVendor: {
    as: 'vendor',
    params: pharmacyId,
    status: 200,
    body: {
      address: '1 Main St',
      proof_required: true,
      delivery_promise_minutes: 45,
      time_zone: 'Asia/Kathmandu',
      description: 'Open late, next to the hospital',
    },
  },
  listVendorOrders: {
    as: 'vendor',
    params: pharmacyId,
    query: { status: 'pending', limit: 1 },
    status: 200,
  },
}
