/** Helpers for the tests of approval: approved pharmacies, drivers on duty, won orders. */
import { encodeFrame } from '../../protocol/river/frames.ts'
import {
  http,
  Listener,
  newDriver,
  newCustomer,
  newPharmacy,
  type DriverPerson,
  type Pharmacy,
} from '../acceptance/people.ts'

/**
 * Two addresses, which may be two edges of one deployment, with REGISTRATION=approval, and an
 * administrator's token.
 */
export interface ApprovalDeployment {
  url: string
  other: string
  admin: string
}

const lat = 27.7172

/**
 * People and steps for the tests of approval. Each longitude that `nextLongitude` returns is far
 * from the others, so that tests do not affect each other.
 */
export function approvalPeople(deployment: () => ApprovalDeployment, firstLongitude: number) {
  let longitude = firstLongitude
  const nextLongitude = (): number => (longitude += 2)
  const decide = (
    verb: 'approve' | 'reject' | 'suspend',
    pharmacyId: string,
    body: object = verb === 'approve' ? {} : { reason: 'as the register says' },
    headers: Record<string, string> = {},
  ) =>
    http(deployment().url, 'POST', `/api/admin/vendors/${pharmacyId}/${verb}`, {
      token: deployment().admin,
      body,
      headers,
    })
  const approvedPharmacy = async (lng: number, name = 'Real'): Promise<Pharmacy> => {
    const pharmacy = await newPharmacy(deployment().url, name, lat + 0.002, lng)
    const answer = await decide('approve', pharmacy.pharmacyId)
    if (answer.status !== 200)
      throw new Error(`not approved: ${answer.status} ${JSON.stringify(answer.body)}`)
    return pharmacy
  }
  const request = async (lng: number, radius_km = 5) => {
    const customer = await newCustomer(deployment().url)
    const answer = await http(deployment().url, 'POST', '/api/requests', {
      token: customer.token,
      body: { latitude: lat, longitude: lng, radius_km, quantity: 10 },
    })
    return {
      customer,
      id: answer.body.request_id as string,
      notified: answer.body.pharmacies_notified as number,
    }
  }
  const code = (path: string, url = deployment().url): Promise<number> =>
    new Listener(url, path).end()
  const member = async (
    pharmacy: Pharmacy,
    lng: number,
    url = deployment().other,
  ): Promise<{ driver: DriverPerson; socket: Listener }> => {
    const driver = await newDriver(deployment().url, pharmacy.pharmacyId)
    await http(
      deployment().url,
      'POST',
      `/api/vendors/${pharmacy.pharmacyId}/drivers/${driver.driverId}/approve`,
      { token: pharmacy.token, body: {} },
    )
    return { driver, socket: await onDuty(driver, lng, url) }
  }
  const onDuty = async (
    driver: DriverPerson,
    lng: number,
    url = deployment().other,
  ): Promise<Listener> => {
    await http(url, 'PATCH', `/api/drivers/${driver.driverId}/status`, {
      token: driver.token,
      body: { status: 'available' },
    })
    const socket = new Listener(url, `/ws/driver?token=${driver.token}`)
    await socket.next('connection')
    socket.send(
      encodeFrame({
        seq: 1,
        timestampMs: Date.now(),
        latitude: lat,
        longitude: lng,
        headingDeg: null,
        speedMps: null,
        accuracyM: null,
      }),
    )
    await socket.next('binary')
    return socket
  }
  /** An order that the pharmacy has won. */
  const wonBy = async (pharmacy: Pharmacy, lng: number) => {
    const { id, customer } = await request(lng)
    const accepted = await http(deployment().url, 'POST', `/api/requests/${id}/responses`, {
      token: pharmacy.token,
      body: { response_type: 'ACCEPTED' },
    })
    if (accepted.status !== 201)
      throw new Error(`not won: ${accepted.status} ${JSON.stringify(accepted.body)}`)
    return { id, customer }
  }
  const orderOf = (token: string, id: string) =>
    http(deployment().url, 'GET', `/api/orders/${id}`, { token })
  return {
    lat,
    nextLongitude,
    decide,
    approvedPharmacy,
    request,
    code,
    member,
    onDuty,
    wonBy,
    orderOf,
  }
}
