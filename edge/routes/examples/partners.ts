/** Examples of pharmacies, drivers, prices and reports. */
import type { Example } from './example.ts'
import { placeholders as of } from './placeholders.ts'

const vendorId = { id: of.vendor }
const driverId = { id: of.driver }
const reported = { vendor_id: of.vendor }
const period = { from: '2026-11-01', to: '2026-11-30' }
const quote = { vendor_id: of.vendor, delivery_latitude: 27.72, delivery_longitude: 85.33 }

export const partnerExamples: Record<string, Example> = {
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
  getVendor: { as: 'customer', params: vendorId, status: 200 },
  updateVendor: {
    as: 'vendor',
    params: vendorId,
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
    params: vendorId,
    query: { status: 'pending', limit: 1 },
    status: 200,
  },
  exportOrders: { as: 'vendor', params: vendorId, body: { ...period, bom: false }, status: 200 },

  registerDriver: {
    body: {
      email: 'driver@example.com',
      full_name: 'Driver Name',
      phone: '+1234567890',
      password: 'securepassword',
      vendor_id: of.vendor,
      vehicle_type: 'bike',
      vehicle_number: 'ABC-1234',
      license_number: 'DL-123456',
    },
    status: 201,
  },
  listDrivers: { as: 'vendor', query: { limit: 2 }, status: 200 },
  getDriver: { as: 'driver', params: driverId, status: 200 },
  updateDriver: {
    as: 'driver',
    params: driverId,
    body: { vehicle_type: 'scooter', vehicle_number: 'ABC-9999' },
    status: 200,
  },
  setDriverStatus: { as: 'driver', params: driverId, body: { status: 'available' }, status: 200 },
  inviteDriver: {
    as: 'vendor',
    params: vendorId,
    body: { uses: 1, expires_in_hours: 48, note: 'for Dora' },
    status: 201,
  },
  listInvitations: { as: 'vendor', params: vendorId, query: { limit: 2 }, status: 200 },
  revokeInvitation: {
    as: 'vendor',
    params: { ...vendorId, invitation_id: of.invitation },
    status: 200,
  },
  approveDriver: {
    as: 'vendor',
    params: { ...vendorId, driver_id: of.applicantDriver },
    body: {},
    status: 200,
  },
  endDriver: {
    as: 'vendor',
    params: { ...vendorId, driver_id: of.applicantDriver },
    body: {},
    status: 200,
  },
  removeDriver: { as: 'vendor', params: { id: of.applicantDriver }, status: 200 },
  requestMembership: { as: 'driver', params: driverId, body: {}, status: 200 },
  getEarnings: { as: 'driver', params: driverId, query: period, status: 200 },
  getPerformance: { as: 'vendor', params: driverId, query: period, status: 200 },
  listDeliveries: { as: 'driver', params: driverId, query: { limit: 1 }, status: 200 },

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

  vendorReport: { as: 'vendor', params: reported, query: { date: '2026-11-20' }, status: 200 },
  driverReport: { as: 'vendor', params: reported, query: period, status: 200 },
  exportReport: {
    as: 'vendor',
    params: reported,
    query: { ...period, content: 'days' },
    status: 200,
  },
}
