/** One request for each operation of this feature, in an order in which they can be called. */
import type { Example } from '../kernel/example.ts'
import { placeholders as of } from '../kernel/placeholders.ts'

const driverId = { id: of.driver }
const period = { from: '2026-11-01', to: '2026-11-30' }

const application = {
  full_name: 'Driver Name',
  phone: '+1234567890',
  password: 'securepassword',
  vendor_id: of.vendor,
  vehicle_type: 'bike',
  vehicle_number: 'ABC-1234',
  license_number: 'DL-123456',
}

export const examples: Readonly<Record<string, Example>> = {
  registerDriver: {
    body: { email: 'driver@example.com', ...application },
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
  registerDriverV1: {
    body: { email: 'courier@example.com', ...application },
    status: 201,
  },
  listDriversV1: { as: 'vendor', query: { limit: 1 }, status: 200 },
  getDriverV1: { as: 'driver', params: driverId, status: 200 },
  updateDriverV1: {
    as: 'driver',
    params: driverId,
    body: { vehicle_number: 'ABC-1234' },
    status: 200,
  },
  setDriverStatusV1: {
    as: 'driver',
    params: driverId,
    body: { status: 'available' },
    status: 200,
  },
  getEarnings: { as: 'driver', params: driverId, query: period, status: 200 },
  getPerformance: { as: 'vendor', params: driverId, query: period, status: 200 },
  listDeliveries: { as: 'driver', params: driverId, query: { limit: 1 }, status: 200 },
}
