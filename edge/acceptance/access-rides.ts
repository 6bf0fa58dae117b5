/**
 * The requests of the access test for the names of the rides backend, where the path alone does not
 * say them.
 */
import { password } from './people.ts'
import type { Who, World } from './access-world.ts'

type Ids = Readonly<Record<string, string>>
interface Call {
  params?: Record<string, string>
  body?: unknown
}
interface RideRule {
  of?(ids: Ids, who: Who, world: World): Call
  last?: boolean
}

/** By operationId. */
export const rideCalls: Readonly<Record<string, RideRule>> = {
  requestTrip: {
    of: (_, who, world) => ({
      body: {
        dropoff_latitude: 27.7,
        dropoff_longitude: 85.3,
        ...(who === 'admin' && { user_id: world.customer.id }),
      },
    }),
  },
  cancelTrip: { last: true, of: ids => ({ params: { id: ids['pending']! }, body: {} }) },
  registerDriverV1: {
    of: (ids, _, world) => ({
      body: {
        email: `rider-${Math.random().toString(36).slice(2)}@example.com`,
        full_name: 'New',
        phone: '+1234567890',
        password,
        vendor_id: ids['anyPharmacy'] ?? world.otherPharmacy.pharmacyId,
        vehicle_type: 'bike',
      },
    }),
  },
  updateDriverV1: { of: () => ({ body: { vehicle_number: 'ABC-1' } }) },
  setDriverStatusV1: { of: () => ({ body: { status: 'available' } }) },
  sendLocation: { of: () => ({ body: { latitude: 27.7, longitude: 85.3 } }) },
  getLocation: { of: ids => ({ params: { driver_id: ids['driver']! } }) },
}
