/** The callers that the operations of this feature answer. */
import { everyone, ofDriver, type Caller } from '../kernel/access.ts'

export const access: Readonly<Record<string, readonly Caller[]>> = {
  createDevice: ofDriver,
  listDevices: ofDriver,
  endDevice: ofDriver,
  takeTraccarQuery: everyone,
  takeTraccar: everyone,
  takeOwnTracks: everyone,
  takePositionQuery: everyone,
  takePosition: everyone,
  sendLocation: ['driver', 'otherDriver'],
  listLocations: ['vendor', 'otherPharmacy', 'driver', 'otherDriver', 'admin'],
  getLocation: ofDriver,
}
