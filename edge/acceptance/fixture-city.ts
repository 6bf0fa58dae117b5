/**
 * A deployment of two addresses, and a small city of four pharmacies around one customer, for the
 * acceptance scenarios.
 */
import { http, newCustomer, newPharmacy } from './people.ts'

/** A running deployment. `url` and `other` may be two edges of it. */
export interface Deployment {
  url: string
  other: string
  stop(): Promise<void>
}

/** Latitude of the patient in the document of the broadcast API. */
export const lat = 27.7172
/** Degrees that each pharmacy lies north of the patient: 0.5, 2, 7 and 15 km. */
export const offsets = { A: 0.0045, B: 0.018, C: 0.063, D: 0.135 }

/**
 * Four pharmacies and a customer at a longitude. A longitude of its own keeps each scenario apart
 * from the others.
 */
export async function city(url: string, lng: number) {
  const [A, B, C, D] = await Promise.all(
    Object.entries(offsets).map(([name, d]) => newPharmacy(url, `Pharmacy ${name}`, lat + d, lng)),
  )
  const customer = await newCustomer(url)
  const request = (radius_km: number, more: object = {}) =>
    http(url, 'POST', '/api/requests', {
      token: customer.token,
      body: { latitude: lat, longitude: lng, radius_km, quantity: 10, ...more },
    })
  return { A: A!, B: B!, C: C!, D: D!, customer, request }
}
