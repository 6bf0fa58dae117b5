/**
 * Who may do what: one row for each operation of the route table, and nothing that follows from the
 * code. A row says who is answered; to everybody else the operation is 401, 403 or 404. `of` gives the
 * request for a set of ids, which the test fills once with records that exist and once with ids that do
 * not, so it must be a request that passes validation.
 */
import { http, password } from './people.ts'
import { picture, type Who, type World } from './access-world.ts'

export interface Ids {
  order: string
  pending: string
  request: string
  offerOrder: string
  offer: string
  vendor: string
  driver: string
  upload: string
  token: string
  session: string
  [more: string]: string
}
export interface Call {
  params?: Record<string, string>
  query?: Record<string, string>
  body?: unknown
  headers?: Record<string, string>
}
export interface Rule {
  allowed: readonly Who[]
  of?(ids: Ids, who: Who, world: World): Call | Promise<Call>
  /** The answer to somebody uninvolved shows records of others, and should. */
  shows?: boolean
  /** Run at the end, because it ends something that others need; `very`: something that all of them need. */
  last?: boolean | 'very'
}

const signedIn = [
  'customer',
  'otherCustomer',
  'vendor',
  'otherVendor',
  'driver',
  'otherDriver',
  'admin',
] as const
const everyone = ['stranger', ...signedIn] as const
const customers = ['customer', 'otherCustomer'] as const
const vendors = ['vendor', 'otherVendor'] as const
const admins = ['admin'] as const
const nobodyYet = (): string => `new-${Math.random().toString(36).slice(2)}@example.com`

const open: Rule = { allowed: everyone }
const own: Rule = { allowed: signedIn }
const forAdmins: Rule = { allowed: admins }
/** The customer, the pharmacy, the driver under way, an admin. */
const parties = ['customer', 'vendor', 'driver', 'admin'] as const
const ofVendor = ['vendor', 'admin'] as const
const ofDriver = ['driver', 'vendor', 'admin'] as const
const orderId =
  (pick: (ids: Ids) => string, body?: unknown) =>
  (ids: Ids): Call => ({ params: { id: pick(ids) }, ...(body !== undefined && { body }) })

/** Fresh credentials of the account, so that a refresh or logout ends no session but its own. */
async function refreshTokenOf(who: Who, { url, ...world }: World): Promise<string> {
  const email = who === 'stranger' ? world.customer.email : world[who].email
  return (await http(url, 'POST', '/api/auth/login', { body: { email, password } })).body
    .refresh_token
}
const registration = () => ({
  email: nobodyYet(),
  full_name: 'New Person',
  phone: '+1234567890',
  role: 'user',
  password,
})
const place = { latitude: 27.7, longitude: 85.3 }

const quote = (world: World) => ({
  vendor_id: world.vendor.vendorId,
  delivery_latitude: 27.72,
  delivery_longitude: 85.33,
})
const deliveryId =
  (body?: unknown) =>
  (ids: Ids): Call => ({
    params: { id: ids['subscription']!, delivery_id: ids['delivery']! },
    ...(body !== undefined && { body }),
  })
const tus = { 'tus-resumable': '1.0.0' }
const ping: Call = {
  body: 'webhook_id=1',
  headers: { 'content-type': 'application/x-www-form-urlencoded' },
}

export const rules: Record<string, Rule> = {
  // System and pages
  health: open,
  healthAlias: open,
  metrics: open,
  openapi: open,
  asyncapi: open,
  indexPage: open,
  docsPage: open,
  livePage: open,
  terminalPage: open,
  customerPage: open,
  trackPage: open,
  webFile: { allowed: everyone, of: () => ({ params: { file: 'app.css' } }) },

  // Accounts
  register: { allowed: everyone, of: () => ({ body: registration() }) },
  signupV1: { allowed: everyone, of: () => ({ body: registration() }) },
  sanjevaniRegister: {
    allowed: everyone,
    of: () => ({
      body: { email: nobodyYet(), password, name: 'New Person', phone_number: '9841234567' },
    }),
  },
  login: {
    allowed: everyone,
    shows: true,
    of: (_, __, world) => ({ body: { email: world.customer.email, password } }),
  },
  sanjevaniLogin: {
    allowed: everyone,
    shows: true,
    of: (_, __, world) => ({ body: { email: world.customer.email, password } }),
  },
  refresh: {
    allowed: everyone,
    shows: true,
    of: async (_, who, world) => ({ body: { refresh_token: await refreshTokenOf(who, world) } }),
  },
  refreshV1: {
    allowed: everyone,
    shows: true,
    of: async (_, who, world) => ({ body: { refresh_token: await refreshTokenOf(who, world) } }),
  },
  me: own,
  updateMe: { allowed: signedIn, of: () => ({ body: { phone: '+1234567891' } }) },
  logout: {
    allowed: everyone,
    of: async (_, who, world) => ({ body: { refresh_token: await refreshTokenOf(who, world) } }),
  },
  logoutV1: {
    allowed: everyone,
    of: async (_, who, world) => ({ body: { refresh_token: await refreshTokenOf(who, world) } }),
  },
  logoutEverywhere: { allowed: signedIn, last: 'very' },
  issueTicket: own,
  changePassword: {
    allowed: signedIn,
    last: true,
    of: () => ({ body: { current_password: password, new_password: `${password}-2` } }),
  },
  forgotPassword: {
    allowed: everyone,
    of: (_, __, world) => ({ body: { email: world.customer.email } }),
  },
  resetPassword: {
    allowed: everyone,
    of: (_, __, world) => ({
      body: { email: world.customer.email, otp: '000000', new_password: `${password}-3` },
    }),
  },
  listSessions: own,
  endSession: { allowed: ['customer'], of: ids => ({ params: { id: ids.session } }) },
  requestOtp: { allowed: everyone, of: () => ({ body: { email: nobodyYet() } }) },
  requestOtpV1: { allowed: everyone, of: () => ({ body: { email: nobodyYet() } }) },
  sanjevaniSendOtp: { allowed: everyone, of: () => ({ body: { email: nobodyYet() } }) },
  verifyOtp: { allowed: everyone, of: () => ({ body: { email: nobodyYet(), otp: '000000' } }) },
  verifyOtpV1: { allowed: everyone, of: () => ({ body: { email: nobodyYet(), otp: '000000' } }) },
  sanjevaniVerifyOtp: {
    allowed: everyone,
    of: () => ({ body: { email: nobodyYet(), otp: '000000' } }),
  },

  // Administration
  listAudit: forAdmins,
  readOutbox: forAdmins,
  listParkedCommands: forAdmins,
  replayParkedCommands: { allowed: admins, last: true },
  replayParkedCommand: {
    allowed: admins,
    of: ids => ({ params: { actor_id: ids.driver, command_id: ids['parked']! } }),
  },
  dropParkedCommand: {
    allowed: admins,
    of: ids => ({ params: { actor_id: ids.driver, command_id: ids['parkedToo']! } }),
  },
  listAccounts: forAdmins,
  getAccount: { allowed: admins, of: ids => ({ params: { id: ids['account']! } }) },
  setAccountActive: {
    allowed: admins,
    of: ids => ({ params: { id: ids['account']! }, body: { is_active: false } }),
  },
  createApiKey: {
    allowed: admins,
    of: () => ({ body: { name: 'a service', scopes: ['orders:read'] } }),
  },
  listApiKeys: forAdmins,
  revokeApiKey: { allowed: admins, of: ids => ({ params: { id: ids['apiKey']! } }) },

  listApprovals: forAdmins,
  ...Object.fromEntries(
    ['approveVendor', 'suspendVendor', 'rejectVendor'].map((name): [string, Rule] => [
      name,
      {
        allowed: admins,
        of: ids => ({ params: { id: ids['applicant']! }, body: { reason: 'as the table says' } }),
      },
    ]),
  ),

  // Pharmacies: known to everybody who is signed in
  registerVendor: {
    allowed: everyone,
    of: () => ({
      body: { email: nobodyYet(), business_name: 'New', phone: '+1234567890', password, ...place },
    }),
  },
  listVendors: own,
  getVendor: { allowed: signedIn, shows: true },
  updateVendor: { allowed: ofVendor, of: () => ({ body: { address: '1 New St' } }) },
  listVendorOrders: { allowed: ofVendor },

  // Drivers
  registerDriver: {
    allowed: everyone,
    of: (ids, _, world) => ({
      body: {
        email: nobodyYet(),
        full_name: 'New',
        phone: '+1234567890',
        password,
        vendor_id: ids['anyVendor'] ?? world.otherVendor.vendorId,
        vehicle_type: 'bike',
      },
    }),
  },
  listDrivers: { allowed: [...vendors, 'admin'] },
  getDriver: { allowed: ofDriver },
  updateDriver: { allowed: ofDriver, of: () => ({ body: { vehicle_number: 'ABC-1' } }) },
  setDriverStatus: { allowed: ofDriver, of: () => ({ body: { status: 'available' } }) },
  inviteDriver: {
    allowed: ofVendor,
    of: ids => ({ params: { id: ids.vendor }, body: { note: 'for Dora' } }),
  },
  listInvitations: { allowed: ofVendor, of: ids => ({ params: { id: ids.vendor } }) },
  revokeInvitation: {
    allowed: ofVendor,
    of: ids => ({ params: { id: ids.vendor, invitation_id: ids['invitation']! } }),
  },
  approveDriver: {
    allowed: ofVendor,
    of: ids => ({ params: { id: ids.vendor, driver_id: ids['applicantDriver']! }, body: {} }),
  },
  endDriver: {
    allowed: ofVendor,
    of: ids => ({ params: { id: ids.vendor, driver_id: ids['applicantDriver']! }, body: {} }),
  },
  removeDriver: { allowed: ofVendor, of: ids => ({ params: { id: ids['applicantDriver']! } }) },
  requestMembership: { allowed: ['driver'], of: ids => ({ params: { id: ids.driver }, body: {} }) },
  getEarnings: { allowed: ofDriver },
  listDeliveries: { allowed: ofDriver },

  // Requests
  openRequest: {
    allowed: customers,
    of: () => ({ body: { ...place, radius_km: 5, quantity: 1 } }),
  },
  listRequests: { allowed: [...customers, ...vendors, 'admin'] },
  getRequest: { allowed: ['customer', 'vendor', 'admin'] },
  cancelRequest: { allowed: ['customer', 'admin'], last: true },
  respondToRequest: {
    allowed: ['vendor'],
    of: orderId(ids => ids.request, { response_type: 'REJECTED' }),
  },
  sanjevaniRequest: {
    allowed: customers,
    of: () => ({ body: { patient_lat: 27.7, patient_lng: 85.3, radius_km: 5, quantity: 1 } }),
  },
  sanjevaniRequests: { allowed: [...customers, ...vendors, 'admin'] },
  sanjevaniResponse: {
    allowed: ['vendor'],
    of: ids => ({ body: { request_id: ids.request, response_type: 'REJECTED' } }),
  },

  // Orders
  createOrder: {
    allowed: [...customers, 'admin'],
    of: (_, __, world) => ({
      body: {
        vendor_id: world.vendor.vendorId,
        delivery_address: '2 Side St',
        delivery_latitude: 27.72,
        delivery_longitude: 85.33,
      },
    }),
  },
  listOrders: own,
  getOrder: { allowed: parties },
  updateOrder: { allowed: ofDriver, of: orderId(ids => ids.order, { status: 'picked_up' }) },
  listOrderEvents: { allowed: parties },
  listBreadcrumbs: { allowed: parties },
  reissueTrackingToken: {
    allowed: ['customer', 'vendor', 'admin'],
    last: true,
    of: orderId(ids => ids.order, {}),
  },
  cancelOrder: {
    allowed: ['customer', 'vendor', 'admin'],
    last: true,
    of: orderId(ids => ids.pending),
  },
  acceptOrder: { allowed: ofVendor, of: orderId(ids => ids.pending, {}) },
  rejectOrder: { allowed: ofVendor, of: orderId(ids => ids.pending, {}) },
  assignDriver: {
    allowed: ofVendor,
    of: ids => ({ params: { id: ids.pending }, body: { driver_id: ids.driver } }),
  },
  findDriver: { allowed: ofVendor, of: orderId(ids => ids.pending, {}) },
  acceptOffer: {
    allowed: ['driver', 'admin'],
    of: ids => ({ params: { id: ids.offerOrder, offer_id: ids.offer }, body: {} }),
  },
  declineOffer: {
    allowed: ['driver', 'admin'],
    of: ids => ({ params: { id: ids.offerOrder, offer_id: ids.offer }, body: {} }),
  },

  quoteDelivery: { allowed: signedIn, of: (_, __, world) => ({ body: quote(world) }) },
  quoteDeliveryV1: { allowed: signedIn, of: (_, __, world) => ({ body: quote(world) }) },
  calculatePrice: open,

  // Reports
  getPerformance: { allowed: ofDriver },
  vendorReport: { allowed: ofVendor },
  driverReport: { allowed: ofVendor },
  exportReport: { allowed: ofVendor },
  exportOrders: { allowed: ofVendor, of: () => ({ body: {} }) },

  // Webhooks to others
  createWebhookSubscription: {
    allowed: [...vendors, 'admin'],
    of: () => ({ body: { url: 'http://127.0.0.1:9/hook' } }),
  },
  listWebhookSubscriptions: { allowed: [...vendors, 'admin'] },
  getWebhookSubscription: { allowed: ofVendor, of: orderId(ids => ids['subscription']!) },
  updateWebhookSubscription: {
    allowed: ofVendor,
    of: orderId(ids => ids['subscription']!, { description: 'x' }),
  },
  // What can be deleted once is made anew for each who may.
  deleteWebhookSubscription: {
    allowed: ofVendor,
    last: true,
    of: async (ids, who, world) => ({
      params: {
        id: (ofVendor as readonly Who[]).includes(who)
          ? await world.subscription()
          : ids['subscription']!,
      },
    }),
  },
  rotateWebhookSecret: { allowed: ofVendor, of: orderId(ids => ids['subscription']!, {}) },
  listWebhookDeliveries: { allowed: ofVendor, of: orderId(ids => ids['subscription']!) },
  getWebhookDelivery: { allowed: ofVendor, of: deliveryId() },
  replayWebhookDelivery: { allowed: ofVendor, of: deliveryId({}) },

  // Shops that deliver to us: a ping is answered without a signature
  takeShopOrder: { allowed: everyone, of: () => ping },
  takeIntegrationOrder: {
    allowed: everyone,
    of: ids => ({ ...ping, params: { key: ids['deliveryKey']! } }),
  },
  connectShop: { allowed: ofVendor, of: () => ({ body: {} }) },
  listIntegrations: { allowed: ofVendor },
  disconnectShop: {
    allowed: ofVendor,
    last: true,
    of: async (ids, who, world) => ({
      params: {
        id: ids.vendor,
        integration_id: (ofVendor as readonly Who[]).includes(who)
          ? (await world.shop()).integrationId
          : ids['integration']!,
      },
    }),
  },
  listImports: { allowed: ofVendor },
  completeImport: {
    allowed: ofVendor,
    of: ids => ({ params: { id: ids.vendor, import_id: ids['import']! }, body: place }),
  },
  dismissImport: {
    allowed: ofVendor,
    last: true,
    of: ids => ({ params: { id: ids.vendor, import_id: ids['import']! } }),
  },

  // The link is the right
  track: { allowed: everyone, shows: true, of: ids => ({ params: { token: ids.token } }) },

  // Files
  upload_proof: { allowed: signedIn, of: () => ({ body: picture() }) },
  upload_signature: { allowed: signedIn, of: () => ({ body: picture() }) },
  upload_audio: { allowed: signedIn, of: () => ({ body: picture() }) },
  upload_prescription: { allowed: signedIn, of: () => ({ body: picture() }) },
  beginUpload: {
    allowed: signedIn,
    of: () => ({ headers: { ...tus, 'upload-length': '100', 'upload-metadata': 'kind cHJvb2Y=' } }),
  },
  getUpload: { allowed: ['customer'], of: ids => ({ params: { id: ids['unfinished']! } }) },
  continueUpload: {
    allowed: ['customer'],
    of: ids => ({
      params: { id: ids['unfinished']! },
      body: '%PDF-1.4',
      headers: { ...tus, 'upload-offset': '0', 'content-type': 'application/offset+octet-stream' },
    }),
  },
  endUpload: {
    allowed: ['customer'],
    last: true,
    of: ids => ({ params: { id: ids['unfinished']! }, headers: tus }),
  },
  download: { allowed: ['customer', 'admin'], of: ids => ({ params: { id: ids.upload } }) },
}

/** The id that a path means by `:id`, where a row does not say. */
export function defaultParams(path: string, ids: Ids): Record<string, string> {
  if (path.startsWith('/api/orders/')) return { id: ids.order }
  if (path.startsWith('/api/requests/')) return { id: ids.request }
  if (path.startsWith('/api/vendors/')) return { id: ids.vendor }
  if (path.startsWith('/api/drivers/')) return { id: ids.driver }
  if (path.startsWith('/api/reports/')) return { vendor_id: ids.vendor }
  return { token: ids.token }
}
