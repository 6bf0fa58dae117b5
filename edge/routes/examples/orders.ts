/** Examples of requests, orders, tracking and files. */
import type { Example } from './example.ts'
import { placeholders as of } from './placeholders.ts'

const order = { id: of.order }
const request = { id: of.request }
const offer = { id: of.order, offer_id: of.offer }

const tus = { 'Tus-Resumable': '1.0.0' }

export const orderExamples: Record<string, Example> = {
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
  track: { params: { token: of.trackingToken }, status: 200 },

  findDriver: {
    as: 'vendor',
    params: order,
    body: { policy: 'offer', offer_seconds: 30 },
    status: 200,
  },

  upload_prescription: { as: 'customer', files: { file: 'prescription.jpg' }, status: 201 },
  upload_proof: { as: 'driver', files: { file: 'at-the-door.jpg' }, status: 201 },
  upload_signature: { as: 'driver', files: { file: 'signature.png' }, status: 201 },
  upload_audio: { as: 'vendor', files: { file: 'answer.ogg' }, status: 201 },
  beginUpload: {
    as: 'customer',
    headers: { ...tus, 'Upload-Length': '100', 'Upload-Metadata': 'kind cHJlc2NyaXB0aW9u' },
    status: 201,
  },
  getUpload: { as: 'customer', params: { id: of.unfinished }, status: 200 },
  continueUpload: {
    as: 'customer',
    params: { id: of.unfinished },
    headers: {
      ...tus,
      'Upload-Offset': '0',
      'Upload-Checksum': 'sha256 5cYt9dq1yHtqAV7z1DWXB00e7EM7FfUa7GO4WC0OSrQ=',
    },
    raw: { contentType: 'application/offset+octet-stream', text: '%PDF-1.4\n' },
    status: 204,
  },
  endUpload: { as: 'customer', params: { id: of.unfinished }, headers: tus, status: 204 },
  download: { as: 'customer', params: { id: of.upload }, status: 200 },

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
