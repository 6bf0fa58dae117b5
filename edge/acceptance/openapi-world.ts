/**
 * The values and records that the examples of the API document need when they are tried: the values
 * of their placeholders, and for some examples a record in the state that the example is about.
 */
import Stripe from 'stripe'
import { stripeEvent } from '../payments/examples.ts'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Embedded } from '../embedded.ts'
import { placeholders, type Placeholder } from '../kernel/placeholders.ts'
import { signIn } from '../accounts/sessions.ts'
import { accountById } from '../accounts/accounts.ts'
import { eventually, http, newDriver, newCustomer, newPharmacy } from './people.ts'
import type { World } from './access-world.ts'

/** The value of each placeholder that is known. */
export type Values = Partial<Record<Placeholder, string>>
type Prepare = () => Promise<Values>

/** The values that all examples share. */
export function commonValues(world: World): Values {
  return {
    customer: world.customer.id,
    pharmacyUser: world.vendor.id,
    driverUser: world.driver.id,
    admin: world.admin.id,
    vendor: world.vendor.pharmacyId,
    driver: world.driver.driverId,
  }
}

/** By operationId: makes the record that the example needs, and returns its ids. */
export function preparations(embedded: Embedded, world: World): Record<string, Prepare> {
  const { url } = world
  const context = embedded.edge.parts
  const done = async (
    who: Parameters<World['call']>[0],
    method: string,
    path: string,
    body?: unknown,
  ) => {
    const answer = await world.call(who, method, path, body)
    if (answer.status >= 300)
      throw new Error(`${method} ${path}: ${answer.status} ${JSON.stringify(answer.body)}`)
    return answer.body
  }
  /** The refresh token of a new sign-in, so that its end ends nothing else. */
  const refreshToken: Prepare = async () => {
    const account = await accountById(context.database.kysely, world.customer.id)
    return {
      refreshToken: (
        await signIn(context, account!, { userAgent: 'example', address: '127.0.0.1' })
      ).refresh_token,
    }
  }
  const codeFor = async (
    path: string,
    body: { email?: string; phone?: string },
  ): Promise<Values> => {
    const answer = await http(url, 'POST', path, { body })
    if (answer.status !== 200)
      throw new Error(`${path}: ${answer.status} ${JSON.stringify(answer.body)}`)
    await context.messenger.drain()
    const sent = context.messenger
      .outbox()
      .find(message => message.to === (body.email ?? body.phone) && /^\d{6} is/.test(message.text))
    return { otp: sent!.text.slice(0, 6) }
  }
  const pending: Prepare = async () => ({ order: await world.pendingOrder() })
  const accepted: Prepare = async () => {
    const id = await world.pendingOrder()
    await done('vendor', 'POST', `/api/orders/${id}/accept`, {})
    return { order: id }
  }
  const request: Prepare = async () => ({ request: await world.openRequest() })
  const assigned: Prepare = async () => {
    const { id, tracking_token: trackingToken } = await world.assignedOrder()
    return { order: id, trackingToken }
  }
  const offered: Prepare = async () => {
    const { id, offerId } = await world.offeredOrder()
    return { order: id, offer: offerId }
  }
  const subscription: Prepare = async () => ({ subscription: await world.subscription() })
  const delivered: Prepare = async () => {
    const id = await world.subscription()
    await world.pendingOrder()
    return { subscription: id, delivery: await world.delivery(id) }
  }
  /** A delivery that succeeded, at a receiver of this test. */
  const ended: Prepare = async () => {
    const receiver = createServer((request, response) =>
      request.resume().on('end', () => response.end()),
    ).listen(0, '127.0.0.1')
    receiver.unref()
    await new Promise(resolve => {
      receiver.once('listening', resolve)
    })
    const { port } = receiver.address() as AddressInfo
    const {
      subscription: { id },
    } = await done('vendor', 'POST', '/api/webhooks/subscriptions', {
      url: `http://127.0.0.1:${port}/`,
    })
    await world.pendingOrder()
    const answer = await eventually(
      () =>
        world.call('vendor', 'GET', `/api/webhooks/subscriptions/${id}/deliveries?state=delivered`),
      ({ body }) => body.deliveries?.length > 0,
    )
    const [delivery] = answer.body.deliveries
    if (delivery === undefined) {
      const all = await world.call('vendor', 'GET', `/api/webhooks/subscriptions/${id}/deliveries`)
      throw new Error(`no delivery has succeeded: ${JSON.stringify(all.body)}`)
    }
    return { subscription: id, delivery: delivery.id }
  }
  const shop: Prepare = async () => {
    const { integrationId, deliveryKey, importId } = await world.shop()
    return { integration: integrationId, deliveryKey, import: importId }
  }
  const device: Prepare = () => world.device()
  const apiKey: Prepare = async () => ({
    apiKey: (
      await done('admin', 'POST', '/api/admin/api-keys', {
        name: 'a service',
        scopes: ['orders:read'],
      })
    ).id,
  })
  const account: Prepare = async () => ({ account: (await newCustomer(url)).id })
  const unfinished: Prepare = async () => ({ unfinished: await world.unfinishedUpload() })
  const applicant =
    (status: 'pending' | 'active'): Prepare =>
    async () => {
      const { pharmacyId } = await newPharmacy(url, 'Corner Pharmacy', 40.71, -74)
      await context.database.kysely
        .updateTable('vendors')
        .set({ status })
        .where('id', '=', pharmacyId)
        .execute()
      return { applicant: pharmacyId }
    }
  const applicantDriver: Prepare = async () => ({
    applicantDriver: (await newDriver(url, world.vendor.pharmacyId)).driverId,
  })
  const invitation: Prepare = async () => ({
    invitation: (
      await done('vendor', 'POST', `/api/vendors/${world.vendor.pharmacyId}/driver-invitations`, {
        note: 'for Dora',
      })
    ).id,
  })
  const member: Prepare = () => world.member()
  const pushDevice: Prepare = async () => ({ pushDevice: await world.pushDevice() })
  let carriedOrder: string | null = null
  /**
   * The one order that all examples of the parcel are about, because a driver carries few at once.
   * The driver declines what is offered besides.
   */
  const carried: Prepare = async () => {
    if (carriedOrder !== null) return { order: carriedOrder }
    const { orders } = await done('driver', 'GET', '/api/orders?status=accepted')
    for (const { id, driver_search } of orders)
      if (driver_search.offer !== null)
        await done(
          'driver',
          'POST',
          `/api/orders/${id}/offers/${driver_search.offer.offer_id}/decline`,
          {},
        )
    carriedOrder = (await world.assignedOrder()).id
    return { order: carriedOrder }
  }
  const measured: Prepare = async () => ({
    ...(await carried()),
    readingAt: new Date().toISOString(),
  })
  const inCustody: Prepare = async () => ({ order: await world.orderInCustody() })
  const notification: Prepare = async () => ({ notification: await world.notification() })
  // Made once, while the driver holds no offer.
  let paidOnce: ReturnType<World['paidOrder']> | undefined
  const paid: Prepare = async () => ({ ...(await (paidOnce ??= world.paidOrder())) })
  const earnings: Prepare = () => world.earnings()
  const payout: Prepare = async () => ({ payout: await world.payout() })
  const correction: Prepare = async () => ({ correction: await world.correction() })
  const paper: Prepare = () => world.document()
  const requirement: Prepare = async () => ({ requirement: await world.requirement() })
  const rating: Prepare = async () => ({ rating: await world.rating() })
  const conversation: Prepare = () => world.conversation()
  const service: Prepare = () => world.service()
  const appointment: Prepare = () => world.appointment()
  const waiting: Prepare = () => world.waiting()
  const mainService: Prepare = async () => ({ mainService: await world.mainService() })
  const closure: Prepare = async () => ({ closure: await world.closure() })
  const calendarFeed: Prepare = () => world.calendarFeed()
  /** The clock of a running server cannot be moved, so the beginning of the appointment is. */
  const missed: Prepare = async () => {
    const made = await world.appointment({ grace_minutes: 0 })
    const cell = embedded.engine.actors.peek(made.service)!
    const state = cell.state as { live: { startMs: number }[] }
    cell.state = { ...state, live: state.live.map(one => ({ ...one, startMs: 0 })) }
    return made
  }
  const parked: Prepare = async () => ({ parked: await world.parkedCommand() })
  return {
    refresh: refreshToken,
    refreshV1: refreshToken,
    renewPageSession: refreshToken,
    sanjevaniRefresh: refreshToken,
    logout: refreshToken,
    logoutV1: refreshToken,
    async endSession() {
      await refreshToken()
      const { sessions } = await done('customer', 'GET', '/api/auth/sessions')
      return { session: sessions.find((one: { current: boolean }) => !one.current).id }
    },
    verifyOtp: () => codeFor('/api/auth/otp/request', { phone: '+1234567890' }),
    verifyOtpV1: () => codeFor('/api/v1/auth/otp/request', { phone: '+1234567890' }),
    sanjevaniVerifyOtp: () => codeFor('/send-otp', { email: 'user@example.com' }),
    resetPassword: () => codeFor('/api/auth/password/forgot', { email: 'user@example.com' }),
    listParkedCommands: parked,
    replayParkedCommands: parked,
    replayParkedCommand: parked,
    dropParkedCommand: parked,
    getAccount: account,
    changeAccount: account,
    endAccount: account,
    getUserV1: account,
    listApiKeys: apiKey,
    revokeApiKey: apiKey,
    listApprovals: applicant('pending'),
    approveVendor: applicant('pending'),
    rejectVendor: applicant('pending'),
    suspendVendor: applicant('active'),
    closeSanjevaniPharmacy: applicant('active'),
    listInvitations: invitation,
    revokeInvitation: invitation,
    listMembers: member,
    changeMember: member,
    endMember: member,
    acceptMembership: member,
    registerMember: member,
    approveDriver: applicantDriver,
    endDriver: applicantDriver,
    removeDriver: applicantDriver,
    listRequests: request,
    getRequest: request,
    cancelRequest: request,
    takeStripeEvent: async () => ({
      stripeSignature: Stripe.webhooks.generateTestHeaderString({
        payload: stripeEvent,
        secret: 'whsec_1',
      }),
    }),
    respondToRequest: request,
    sanjevaniResponse: request,
    sanjevaniRequests: request,
    customerRequests: request,
    listOrders: pending,
    listTrips: pending,
    getTrip: pending,
    cancelTrip: pending,
    getOrder: assigned,
    acceptOrder: pending,
    rejectOrder: pending,
    assignDriver: accepted,
    findDriver: accepted,
    listVendorOrders: pending,
    acceptOffer: offered,
    declineOffer: offered,
    updateOrder: assigned,
    cancelOrder: pending,
    listOrderEvents: assigned,
    listBreadcrumbs: assigned,
    reissueTrackingToken: assigned,
    track: assigned,
    async rate() {
      return { order: await world.endedOrder() }
    },
    listPushDevices: pushDevice,
    testPushDevice: pushDevice,
    forgetPushDevice: pushDevice,
    packParcel: carried,
    scanPackage: carried,
    nameAgent: carried,
    getHandoverCode: carried,
    renewHandoverCode: carried,
    unlockHandover: carried,
    reportHandover: carried,
    reportBreak: carried,
    recordTemperatures: measured,
    recordTemperatureFile: measured,
    getTemperatures: carried,
    decideBreak: carried,
    getCustody: inCustody,
    exportCustody: inCustody,
    listNotifications: notification,
    markNotificationsRead: notification,
    getOrderPayment: paid,
    getReceipt: paid,
    getPayment: paid,
    getPaymentV1: paid,
    listPayments: paid,
    proposeRefund: paid,
    decideRefund: paid,
    stateRemittance: paid,
    listRemittances: paid,
    decideRemittance: paid,
    proposePayout: payout,
    listPayouts: payout,
    getStatement: payout,
    exportStatement: payout,
    decidePayout: payout,
    listLedgerAccounts: earnings,
    listLedgerTransfers: earnings,
    proposeLedgerCorrection: earnings,
    listLedgerCorrections: correction,
    decideLedgerCorrection: correction,
    createDocument: async () => ({ paperFile: await world.paperFile('vendor') }),
    listDocuments: paper,
    getDocument: paper,
    readDocument: paper,
    listReviews: paper,
    takeReview: paper,
    endReview: () => world.document(true),
    decideDocument: () => world.document(true),
    listRequirements: requirement,
    changeRequirement: requirement,
    endRequirement: requirement,
    listRatings: rating,
    getRating: rating,
    appealRating: rating,
    async decideRating() {
      return { rating: await world.rating(true) }
    },
    openConversation: pending,
    listConversations: conversation,
    getConversation: conversation,
    sendMessage: conversation,
    searchMessages: conversation,
    listMessages: conversation,
    markRead: conversation,
    takeBackMessage: conversation,
    reportConversation: conversation,
    listReports: conversation,
    decideReports: conversation,
    freezeConversation: conversation,
    thawConversation: conversation,
    closeConversation: conversation,
    updateMainService: mainService,
    listMainServices: mainService,
    deleteMainService: mainService,
    listServices: service,
    getService: service,
    updateService: service,
    getAvailability: service,
    listClosures: closure,
    reopenVendor: closure,
    bookAppointment: service,
    admitWalkIn: service,
    listAppointments: appointment,
    getServiceInsights: appointment,
    getAppointment: appointment,
    confirmAppointment: () => world.appointment({ confirmation: 'manual' }),
    rescheduleAppointment: appointment,
    cancelAppointment: appointment,
    checkIn: appointment,
    completeStep: () => world.appointment({}, true),
    completeAppointment: () => world.appointment({ steps: [] }, true),
    markNoShow: missed,
    joinWaitlist: service,
    listWaitlist: waiting,
    leaveWaitlist: waiting,
    listCalendarFeeds: calendarFeed,
    endCalendarFeed: calendarFeed,
    async readCalendarFeed() {
      await world.appointment()
      return world.calendarFeed()
    },
    generateCode: pending,
    exportOrders: pending,
    listDeliveries: assigned,
    getUpload: unfinished,
    continueUpload: unfinished,
    endUpload: unfinished,
    async download() {
      return { upload: await world.upload() }
    },
    listWebhookSubscriptions: subscription,
    getWebhookSubscription: subscription,
    updateWebhookSubscription: subscription,
    rotateWebhookSecret: subscription,
    deleteWebhookSubscription: subscription,
    listWebhookDeliveries: delivered,
    getWebhookDelivery: delivered,
    replayWebhookDelivery: ended,
    takeTraccarQuery: device,
    takeTraccar: device,
    takeOwnTracks: device,
    takePositionQuery: device,
    takePosition: device,
    listDevices: device,
    endDevice: device,
    listIntegrations: shop,
    takeIntegrationOrder: shop,
    listImports: shop,
    completeImport: shop,
    dismissImport: shop,
    disconnectShop: shop,
  }
}

/** The value with the placeholders' texts replaced, wherever they stand in it. */
export function filled<T>(value: T, values: Values): T {
  let text = JSON.stringify(value)
  if (text === undefined) return value
  for (const [name, real] of Object.entries(values))
    text = text.replaceAll(placeholders[name as Placeholder], real)
  return JSON.parse(text) as T
}

const secrets: Record<string, string> = {
  access_token: 'eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJ0eXAiOiJhY2Nlc3MifQ.the-access-token',
  access: 'eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJ0eXAiOiJhY2Nlc3MifQ.the-access-token',
  refresh_token: placeholders.refreshToken,
  refresh: placeholders.refreshToken,
  ticket: 'bZ3kq0m8Yd2yV7cT5xW1nRhJ6pLs4uAe',
  key: 'cad_Qm3v8kT1xYz5wN7cR2dJ9hL4pS6uA0eF',
  prefix: 'cad_Qm3v8kT1',
  secret: 'whsec_c2VjcmV0LW9mLXRoaXMtZXhhbXBsZS1vbmx5',
  verification_token: 'pR7wX2cVbQx5n0sYkR9dLfAu',
  tracking_token: placeholders.trackingToken,
  version: '0.1.0',
  invitation_code: placeholders.invitationCode,
}
/** Links whose text hides a secret. */
const hidden = /^(owntracks:\/\/\/config\?inline=).*$/
const at = '2026-11-20T12:00:00.000Z'

/**
 * An answer as the document shows it. Ids and secrets of one run are replaced by the placeholders.
 * Every other id is replaced by one that follows from its order of appearance, the same at each
 * place. Long lists are cut.
 */
export function recorded(
  answer: unknown,
  values: Values,
  emails: ReadonlyMap<string, string>,
): unknown {
  const known = new Map(
    Object.entries(values).map(([name, real]) => [real, placeholders[name as Placeholder]]),
  )
  let otherIds = 0
  const textOf = (text: string): string => {
    let shown = text
    for (const [real, placeholder] of known) shown = shown.replaceAll(real, placeholder)
    for (const [real, email] of emails) shown = shown.replaceAll(real, email)
    return shown
      .replace(hidden, '$1eyJfdHlwZSI6ImNvbmZpZ3VyYXRpb24iLCJtb2RlIjozfQ==')
      .replaceAll(/[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}/g, id => {
        if (id.startsWith('01a1f000-0000-7000-8000-')) return id
        const made = `01a1f000-0000-7000-8000-0000000f${(++otherIds).toString(16).padStart(4, '0')}`
        known.set(id, made)
        return made
      })
      .replaceAll(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z/g, at)
      .replaceAll(/ORD-[0-9A-Z]{8}/g, 'ORD-1A2B3C4D')
      .replaceAll(/\/devices\/[\w-]{32}/g, `/devices/${placeholders.deviceSecret}`)
      .replaceAll(/http:\/\/127\.0\.0\.1:\d+/g, 'https://caduceus.example.org')
  }
  const walk = (value: unknown, name = ''): unknown => {
    if (typeof value === 'string') return secrets[name] ?? textOf(value)
    if (Array.isArray(value)) return value.slice(0, 3).map(item => walk(item))
    if (typeof value !== 'object' || value === null) return value
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, walk(inner, key)]))
  }
  return walk(answer)
}
