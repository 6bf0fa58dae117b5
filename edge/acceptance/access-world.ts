/**
 * The people and records of the access test: a pharmacy with its driver, a customer with orders in
 * several states, and another customer, pharmacy and driver who are not involved in any of these
 * orders. Everything is made over HTTP, as its owner would make it. Only the administrator is
 * written to the database, as `npm run admin` does.
 */
import { exampleKeys } from '../push/examples.ts'
import { createHmac } from 'node:crypto'
import { uuidV7 } from '../../protocol/kernel/ids.ts'
import type { Embedded } from '../embedded.ts'
import { earningsOf, paidOrder, payoutOf, type PaidOrder } from './paid-order.ts'
import { park } from './parking.ts'
import { createAccount } from '../accounts/accounts.ts'
import {
  eventually,
  http,
  Listener,
  newDriver,
  newCustomer,
  newPharmacy,
  password,
  type Answer,
  type DriverPerson,
  type Person,
  type Pharmacy,
} from './people.ts'

/** The callers of the access test. */
export const people = [
  'stranger',
  'customer',
  'otherCustomer',
  'vendor',
  'otherPharmacy',
  'driver',
  'otherDriver',
  'admin',
] as const
export type Who = (typeof people)[number]

export interface World {
  url: string
  customer: Person
  otherCustomer: Person
  vendor: Pharmacy
  otherPharmacy: Pharmacy
  driver: DriverPerson
  otherDriver: DriverPerson
  admin: Person
  token(who: Who): string | undefined
  call(
    who: Who,
    method: string,
    path: string,
    body?: unknown,
    headers?: Record<string, string>,
  ): Promise<Answer>
  /**
   * Places an order of the customer at the pharmacy. The order is `pending`; its id is returned.
   */
  pendingOrder(): Promise<string>
  /** Such an order, accepted and with its driver assigned. */
  assignedOrder(): Promise<{ id: string; tracking_token: string }>
  /** A request that was sent to the pharmacy and not to the other pharmacy, which is far away. */
  openRequest(): Promise<string>
  /** An order that is offered to the driver, and the open offer. */
  offeredOrder(): Promise<{ id: string; offerId: string }>
  /** A file of the customer that no order names. */
  upload(): Promise<string>
  /** An upload in parts by the customer, of which no part has arrived. */
  unfinishedUpload(): Promise<string>
  /** An order that the pharmacy accepted and the customer cancelled, so that it may be rated. */
  endedOrder(): Promise<string>
  /** A conversation of the customer and the pharmacy about an order, and its first message. */
  conversation(): Promise<{ conversation: string; message: string; order: string }>
  /** A rating of the pharmacy by the customer, with a text; appealed when asked for. */
  rating(appealed?: boolean): Promise<string>
  /** An order whose custody has its first entry. */
  orderInCustody(): Promise<string>
  /** A file that the caller may hand in as a paper. */
  paperFile(who: Who): Promise<string>
  /** A licence of the pharmacy that nobody has decided upon; taken by the administrator when asked for. */
  document(taken?: boolean): Promise<{ document: string; documentDigest: string }>
  /** A paper of drivers that is required, and keeps nobody from work. */
  requirement(): Promise<string>
  /** An invitation of the pharmacy to somebody, with its code. */
  member(): Promise<{ member: string; invitationCode: string }>
  /** A notification of the customer: the pharmacy has accepted an order. */
  notification(): Promise<string>
  /** A device of the customer's; its push service does not answer. */
  pushDevice(): Promise<string>
  /** The ledger's accounts of the driver, who has earned something, and of the world. */
  earnings(): Promise<{ ledgerAccount: string; otherLedgerAccount: string }>
  paidOrder(): Promise<PaidOrder>
  /** A payout of what the driver has earned in January 2020, which the administrator has proposed. */
  payout(): Promise<string>
  /** A correction of these accounts that the administrator has proposed. */
  correction(): Promise<string>
  /**
   * Parks a command to the driver, the end of an order that the driver never had. Returns the
   * command's id.
   */
  parkedCommand(): Promise<string>
  /** A webhook subscription of the pharmacy, to an address where nothing listens. */
  subscription(): Promise<string>
  /** The first delivery of that subscription. */
  delivery(subscriptionId: string): Promise<string>
  /**
   * A shop of the pharmacy, the key of the shop's address, and an import that waits for
   * coordinates.
   */
  shop(): Promise<{ integrationId: string; deliveryKey: string; importId: string }>
  /** A device of the driver's, and its secret. */
  device(): Promise<{ device: string; deviceSecret: string }>
  /** A service of the pharmacy that is always open, with a step, and its next two free slots. */
  service(given?: object): Promise<{ service: string; slotStart: string; otherSlotStart: string }>
  /** An appointment of the customer at such a service; checked in when asked for. */
  appointment(
    given?: object,
    checkedIn?: boolean,
  ): Promise<{ service: string; appointment: string; checkInCode: string; otherSlotStart: string }>
  /** An entry of the customer in the waiting list of such a service. */
  waiting(): Promise<{ service: string; waiting: string }>
  /** A main service and a closure of the pharmacy. */
  mainService(): Promise<string>
  closure(): Promise<string>
  /** A calendar link of the customer. */
  calendarFeed(): Promise<{ calendarFeed: string; calendarSecret: string }>
}

const here = { latitude: 27.7172, longitude: 85.324 }
const png = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
  'base64',
)
/** A small PNG, which every upload takes. */
export const picture = (): FormData => {
  const form = new FormData()
  form.set('file', new Blob([png], { type: 'image/png' }), 'picture.png')
  return form
}

/** Registers the people over HTTP. The driver is available and has a position. */
export async function createWorld(embedded: Embedded): Promise<World> {
  const { url, edge } = embedded
  const ctx = edge.parts
  const [customer, otherCustomer, vendor, otherPharmacy] = await Promise.all([
    newCustomer(url),
    newCustomer(url, 'Other Person'),
    newPharmacy(url, 'Near', here.latitude, here.longitude),
    newPharmacy(url, 'Far', -27, 20),
  ])
  const [driver, otherDriver] = await Promise.all([
    newDriver(url, vendor.pharmacyId, 'Driver Name', { capacity: 10 }),
    newDriver(url, otherPharmacy.pharmacyId, 'Other Driver'),
  ])
  const email = 'admin@example.com'
  const { userId } = await createAccount(
    ctx.database.kysely,
    ctx,
    { email, full_name: 'Admin', phone: '+1234567890', role: 'admin', password },
    async () => null,
  )
  const admin: Person = {
    id: userId,
    email,
    token: (await http(url, 'POST', '/api/auth/login', { body: { email, password } })).body
      .access_token,
  }

  const known = { customer, otherCustomer, vendor, otherPharmacy, driver, otherDriver, admin }
  const token = (who: Who): string | undefined =>
    who === 'stranger' ? undefined : known[who].token
  const call: World['call'] = (who, method, path, body, headers = {}) => {
    const bearer = token(who)
    return http(url, method, path, {
      headers,
      ...(bearer !== undefined && { token: bearer }),
      ...(body !== undefined && { body }),
    })
  }
  const done = async (
    who: Who,
    method: string,
    path: string,
    body?: unknown,
  ): Promise<Answer['body']> => {
    const answer = await call(who, method, path, body)
    if (answer.status >= 300)
      throw new Error(`${who} ${method} ${path}: ${answer.status} ${JSON.stringify(answer.body)}`)
    return answer.body
  }
  await done('driver', 'PATCH', `/api/drivers/${driver.driverId}/status`, { status: 'available' })
  // Only a driver whose position is known gets offers.
  const app = new Listener(url, `/ws/driver?token=${driver.token}`)
  await new Promise(resolve => {
    app.socket.once('open', resolve)
  })
  app.send({ type: 'location', ...here })
  await app.next('ack')
  app.close()

  const paperFile = async (who: Who): Promise<string> =>
    who === 'stranger'
      ? vendor.pharmacyId
      : (await done(who, 'POST', '/api/uploads/document', picture())).id
  const pendingOrder = async (more: object = {}): Promise<string> =>
    (
      await done('customer', 'POST', '/api/orders', {
        vendor_id: vendor.pharmacyId,
        pickup_address: '1 Main St',
        pickup_latitude: here.latitude,
        pickup_longitude: here.longitude,
        delivery_address: '2 Side St',
        delivery_latitude: 27.72,
        delivery_longitude: 85.33,
        items: [{ name: 'Paracetamol', quantity: 1 }],
        ...more,
      })
    ).id
  const acceptedOrder = async (): Promise<string> => {
    const id = await pendingOrder()
    await done('vendor', 'POST', `/api/orders/${id}/accept`, {})
    return id
  }
  const earnings = () => earningsOf(ctx.database, driver.driverId)
  const endedOrder = async (): Promise<string> => {
    const id = await acceptedOrder()
    await done('customer', 'DELETE', `/api/orders/${id}`)
    return id
  }
  const service = async (given: object = {}) => {
    const vendorPath = `/api/vendors/${vendor.pharmacyId}/services`
    const { id } = await done('vendor', 'POST', vendorPath, {
      name: 'Flu vaccination',
      time_zone: 'UTC',
      rules: [
        { days: ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'], from: '00:00', to: '24:00' },
      ],
      notice_minutes: 0,
      cancel_minutes: 0,
      steps: [{ id: 'consent', name: 'Consent', minutes: 5 }],
      ...given,
    })
    const { slots } = await done('customer', 'GET', `/api/services/${id}/availability`)
    return { service: id, slotStart: slots[0].start, otherSlotStart: slots[1].start }
  }
  return {
    url,
    ...known,
    token,
    call,
    pendingOrder,
    endedOrder,
    async conversation() {
      const order = await pendingOrder()
      const { id } = await done('customer', 'POST', '/api/conversations', {
        topic: 'pharmacy',
        order_id: order,
      })
      const message = await done('customer', 'POST', `/api/conversations/${id}/messages`, {
        text: 'Is it ready today?',
        client_id: 'phone-1-1',
      })
      return { conversation: id, message: message.id, order }
    },
    async rating(appealed = false) {
      const { id } = await done('customer', 'POST', '/api/ratings', {
        order_id: await endedOrder(),
        subject: 'vendor',
        score: 4,
        text: 'Thank you for the call.',
      })
      if (appealed) await done('vendor', 'POST', `/api/ratings/${id}/appeal`, { reason: 'why' })
      return id
    },
    async orderInCustody() {
      const id = await acceptedOrder()
      await eventually(
        () => call('customer', 'GET', `/api/orders/${id}/custody`),
        answer => answer.body.entries.length > 0,
      )
      return id
    },
    paperFile,
    async document(taken = false) {
      const { id, digest } = await done('vendor', 'POST', '/api/documents', {
        file_id: await paperFile('vendor'),
        kind: 'pharmacy_licence',
        subject: 'pharmacy',
        subject_id: vendor.pharmacyId,
      })
      if (taken) await done('admin', 'POST', '/api/documents/reviews', { document_id: id })
      return { document: id, documentDigest: digest }
    },
    async requirement() {
      const known = (await done('admin', 'GET', '/api/requirements')).requirements.at(0)
      if (known !== undefined) return known.id
      const body = { role: 'driver', kind: 'background_check', effect: 'warning' }
      return (await done('admin', 'POST', '/api/requirements', body)).id
    },
    async member() {
      const { id, invitation_code } = await done(
        'vendor',
        'POST',
        `/api/vendors/${vendor.pharmacyId}/members`,
        { role: 'pharmacist', name: 'Petra Pharmacist' },
      )
      return { member: id, invitationCode: invitation_code }
    },
    async notification() {
      const order = await acceptedOrder()
      const of = (one: { about: { id: string } }): boolean => one.about.id === order
      const { body } = await eventually(
        () => call('customer', 'GET', '/api/notifications'),
        answer => answer.body.notifications.some(of),
      )
      return body.notifications.find(of).id
    },
    async pushDevice() {
      const made = await done('customer', 'POST', '/api/push-devices', {
        kind: 'web',
        endpoint: 'https://127.0.0.1:9/push/1',
        keys: exampleKeys,
      })
      return made.id
    },
    earnings,
    paidOrder: () => paidOrder({ url, call, done, pendingOrder, driver }),
    async payout() {
      await earningsOf(ctx.database, driver.driverId, Date.UTC(2020, 0, 15))
      const { id } = await done('admin', 'POST', '/api/payouts', payoutOf(driver.driverId))
      return id
    },
    async correction() {
      const { ledgerAccount, otherLedgerAccount } = await earnings()
      const { id } = await done('admin', 'POST', '/api/ledger/corrections', {
        debit_account_id: otherLedgerAccount,
        credit_account_id: ledgerAccount,
        amount: 0.5,
        currency: 'USD',
        reason: 'a tip that was forgotten',
      })
      return id
    },
    async assignedOrder() {
      const id = await acceptedOrder()
      await done('vendor', 'POST', `/api/orders/${id}/assign-driver`, {
        driver_id: driver.driverId,
      })
      return {
        id,
        tracking_token: (await done('customer', 'GET', `/api/orders/${id}`)).tracking_token,
      }
    },
    async openRequest() {
      return (
        await done('customer', 'POST', '/api/requests', {
          ...here,
          radius_km: 5,
          quantity: 1,
          expires_in_seconds: 600,
        })
      ).request_id
    },
    async offeredOrder() {
      const id = await acceptedOrder()
      await done('vendor', 'POST', `/api/orders/${id}/find-driver`, { policy: 'offer' })
      for (let i = 0; i < 100; i++) {
        const offer = (await done('vendor', 'GET', `/api/orders/${id}`)).driver_search.offer
        if (offer) return { id, offerId: offer.offer_id }
        await new Promise(resolve => {
          setTimeout(resolve, 50)
        })
      }
      throw new Error('no driver was offered the order')
    },
    async subscription() {
      return (
        await done('vendor', 'POST', '/api/webhooks/subscriptions', {
          url: 'http://127.0.0.1:9/hook',
        })
      ).subscription.id
    },
    async delivery(subscriptionId) {
      const answer = await eventually(
        () => call('vendor', 'GET', `/api/webhooks/subscriptions/${subscriptionId}/deliveries`),
        ({ body }) => body.deliveries?.length > 0,
      )
      return answer.body.deliveries[0].id
    },
    async shop() {
      const { integration, secret } = await done(
        'vendor',
        'POST',
        `/api/vendors/${vendor.pharmacyId}/integrations/woocommerce`,
        {},
      )
      const deliveryKey = integration.delivery_url.split('/').at(-1)
      const order = JSON.stringify({
        id: 1,
        status: 'processing',
        billing: { first_name: 'Ann', last_name: 'Other', phone: '555' },
        line_items: [{ name: 'Aspirin', quantity: 1 }],
      })
      const signature = createHmac('sha256', secret).update(order).digest('base64')
      const taken = await call(
        'stranger',
        'POST',
        `/api/webhooks/wc/order-created/${deliveryKey}`,
        order,
        { 'x-wc-webhook-signature': signature, 'x-wc-webhook-topic': 'order.created' },
      )
      return { integrationId: integration.id, deliveryKey, importId: taken.body.import_id }
    },
    async device() {
      const path = `/api/drivers/${driver.driverId}/devices`
      for (const { id, ended_at } of (await done('driver', 'GET', path)).devices)
        if (ended_at === null) await done('driver', 'DELETE', `${path}/${id}`)
      const made = await done('driver', 'POST', path, { name: 'My phone' })
      return { device: made.device.id, deviceSecret: made.secret }
    },
    service,
    async appointment(given = {}, checkedIn = false) {
      const { service: serviceId, slotStart: start, otherSlotStart } = await service(given)
      const made = await done('customer', 'POST', '/api/appointments', {
        service_id: serviceId,
        start,
      })
      if (checkedIn) await done('vendor', 'POST', `/api/appointments/${made.id}/check-in`, {})
      return {
        service: serviceId,
        appointment: made.id,
        checkInCode: made.check_in_code,
        otherSlotStart,
      }
    },
    async waiting() {
      const { service: serviceId, slotStart: from } = await service()
      // Nothing is free beyond the 60 days that may be booked.
      const far = (days: number): string =>
        new Date(Date.parse(from) + days * 24 * 3_600_000).toISOString()
      const entry = await done('customer', 'POST', '/api/waitlist', {
        service_id: serviceId,
        from: far(61),
        to: far(61.5),
      })
      return { service: serviceId, waiting: entry.id }
    },
    async mainService() {
      const path = `/api/vendors/${vendor.pharmacyId}/main-services`
      for (const { id } of (await done('vendor', 'GET', path)).main_services)
        await done('vendor', 'DELETE', `/api/main-services/${id}`)
      return (await done('vendor', 'POST', path, { name: 'Vaccinations' })).id
    },
    async closure() {
      const path = `/api/vendors/${vendor.pharmacyId}/closures`
      return (
        await done('vendor', 'POST', path, { from: '2040-12-25T00:00', to: '2040-12-27T00:00' })
      ).id
    },
    async calendarFeed() {
      for (const { id } of (await done('customer', 'GET', '/api/calendar-feeds')).feeds)
        await done('customer', 'DELETE', `/api/calendar-feeds/${id}`)
      const { feed, url: link } = await done('customer', 'POST', '/api/calendar-feeds', {
        kind: 'user',
      })
      return { calendarFeed: feed.id, calendarSecret: link.slice(-36, -4) }
    },
    async parkedCommand() {
      const [id, order] = [uuidV7(ctx.nowMs(), ctx.random), uuidV7(ctx.nowMs(), ctx.random)]
      const command = {
        verb: 'complete',
        by: { role: 'system', id: 'order' },
        orderId: order,
        outcome: 'delivered',
        earningsMinor: 250,
      }
      await park(ctx, {
        fromActorId: order,
        kind: 'driver',
        actorId: driver.driverId,
        commandId: id,
        command,
      })
      return id
    },
    async unfinishedUpload() {
      const { body } = await call('customer', 'POST', '/api/uploads/resumable', undefined, {
        'tus-resumable': '1.0.0',
        'upload-length': '100',
        'upload-metadata': `kind ${btoa('prescription')}`,
      })
      return body.id
    },
    async upload() {
      return (await done('customer', 'POST', '/api/uploads/prescription', picture())).id
    },
  }
}
