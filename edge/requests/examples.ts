/** One request for each operation of this feature, in an order in which they can be called. */
import type { Example } from '../kernel/example.ts'
import { placeholders as of } from '../kernel/placeholders.ts'

const request = { id: of.request }

export const examples: Readonly<Record<string, Example>> = {
  openRequest: {
    as: 'customer',
    status: 201,
    body: {
      latitude: 27.7172,
      longitude: 85.324,
      radius_km: 10,
      items: [{ name: 'Paracetamol 500 mg', quantity: 2 }],
      notes: 'For a child of eight',
      expires_in_seconds: 300,
    },
  },
  listRequests: { as: 'customer', query: { limit: 1 }, status: 200 },
  getRequest: { as: 'customer', params: request, status: 200 },
  cancelRequest: {
    as: 'customer',
    params: request,
    query: { reason: 'found some at home' },
    status: 200,
  },
  respondToRequest: {
    as: 'vendor',
    params: request,
    body: { response_type: 'ACCEPTED', text_message: 'We have this medicine in stock!' },
    status: 201,
  },
  sanjevaniRequest: {
    as: 'customer',
    body: { patient_lat: 27.7172, patient_lng: 85.324, radius_km: 10, quantity: 10 },
    files: { image: 'prescription.jpg' },
    status: 201,
  },
  sanjevaniRequests: { as: 'customer', query: { limit: 1 }, status: 200 },
  sanjevaniResponse: {
    as: 'vendor',
    body: {
      request_id: of.request,
      response_type: 'ACCEPTED',
      text_message: 'We have this medicine in stock!',
      audio: null,
    },
    status: 201,
  },
}
