/**
 * Accounts of simulated people, made over HTTP. Addresses carry the tag of the run, so that the
 * addresses of a second run against the same server are not taken.
 */
import { WebSocket } from 'ws'
import {
  RestClient,
  type ConnectOptions,
  type WebSocketConstructor,
} from '../../protocol/client/index.ts'
import type { VehicleType } from '../../protocol/drivers/vehicles.ts'

export const password = 'a simulated person'
export interface Place {
  latitude: number
  longitude: number
}

/** A signed-in person, with the client for calls and connections. */
export interface Person {
  api: RestClient
  /** Id of the account. */
  id: string
  /** Id of the pharmacy or driver; the account's own id for a customer. */
  recordId: string
  connect: ConnectOptions
}

/** A tag that distinguishes the accounts of two runs. */
export const runTag = (): string => `${Date.now().toString(36)}${process.pid.toString(36)}`

function person(url: string, api: RestClient, id: string, recordId: string): Person {
  return {
    api,
    id,
    recordId,
    connect: {
      url,
      token: () => api.accessToken(),
      WebSocket: WebSocket as unknown as WebSocketConstructor,
    },
  }
}

/** Registers the customer with that number. */
export async function newCustomer(url: string, tag: string, index: number): Promise<Person> {
  const api = new RestClient({ url })
  const { id } = await api.register({
    email: `customer-${index}@${tag}.example`,
    full_name: `Customer ${index}`,
    phone: phone(1, index),
    role: 'user',
    password,
  })
  return person(url, api, id, id)
}

/** Registers the pharmacy with that number. */
export async function newPharmacy(
  url: string,
  tag: string,
  index: number,
  name: string,
  at: Place,
): Promise<Person> {
  const api = new RestClient({ url })
  const { latitude, longitude } = at
  const { id, vendor_id } = await api.registerVendor({
    email: `pharmacy-${index}@${tag}.example`,
    business_name: name,
    phone: phone(2, index),
    password,
    latitude,
    longitude,
  })
  return person(url, api, id, vendor_id!)
}

/** Registers the driver with that number, who drives for the pharmacy. */
export async function newDriver(
  url: string,
  tag: string,
  index: number,
  pharmacyId: string,
  more: { vehicle_type: VehicleType; capacity?: number; name?: string },
): Promise<Person> {
  const api = new RestClient({ url })
  const { name = `Driver ${index}`, ...vehicle } = more
  const { id, driver_id } = await api.registerDriver({
    email: `driver-${index}@${tag}.example`,
    full_name: name,
    phone: phone(3, index),
    password,
    vendor_id: pharmacyId,
    ...vehicle,
  })
  return person(url, api, id, driver_id!)
}

const phone = (kind: number, index: number): string =>
  `+977${kind}${String(index).padStart(8, '0')}`
