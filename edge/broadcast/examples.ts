/** One request for each operation of this feature, in an order in which they can be called. */
import type { Example } from '../kernel/example.ts'
import { placeholders as of } from '../kernel/placeholders.ts'

const own = { id: of.vendor }
const place = { lat: 27.7172, lng: 85.324 }
const whole = { name: 'City Pharmacy', phone_number: '9841234567', address: '1 Main St', ...place }

export const examples: Readonly<Record<string, Example>> = {
  customerProfile: { as: 'customer', status: 200 },
  replaceCustomerProfile: {
    as: 'customer',
    body: { name: 'John Doe', phone_number: '9841234567', address: '2 Side St', picture: null },
    status: 200,
  },
  updateCustomerProfile: { as: 'customer', body: { address: '3 Side St' }, status: 200 },
  customerRequests: { as: 'customer', query: { limit: 1 }, status: 200 },
  sanjevaniRegisterPharmacy: {
    body: {
      user: { email: 'pharmacy@example.com', password: 'securepassword123', name: 'Jane Doe' },
      ...whole,
    },
    status: 201,
  },
  sanjevaniCreatePharmacy: {
    body: {
      user: { email: 'corner@example.com', password: 'securepassword123' },
      ...whole,
      name: 'Corner Pharmacy',
    },
    status: 201,
  },
  sanjevaniPharmacies: { as: 'customer', query: { limit: 2 }, status: 200 },
  pharmacyProfile: { as: 'vendor', status: 200 },
  replacePharmacyProfile: { as: 'vendor', body: whole, status: 200 },
  updatePharmacyProfile: { as: 'vendor', body: { address: '2 Main St' }, status: 200 },
  sanjevaniPharmacy: { as: 'customer', params: own, status: 200 },
  replaceSanjevaniPharmacy: { as: 'vendor', params: own, body: whole, status: 200 },
  updateSanjevaniPharmacy: {
    as: 'vendor',
    params: own,
    body: { phone_number: '9841234568', is_active: true },
    status: 200,
  },
  closeSanjevaniPharmacy: { as: 'admin', params: { id: of.applicant }, status: 204 },
}
