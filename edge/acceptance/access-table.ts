/**
 * Who may call which operation. Each feature states the callers of its operations; every other
 * caller gets 401, 403 or 404. This file states the request of an operation where its path alone
 * does not say it. `of` makes the request from a set of ids. The test calls `of` with ids of
 * records that exist and with ids that nothing has, so the request must pass validation in both
 * cases.
 */
import { features } from '../features.ts'
import { merged } from '../kernel/compose.ts'
import { http, password } from './people.ts'
import { newsCalls } from './access-news.ts'
import { moneyCalls } from './access-money.ts'
import { pageCalls } from './access-pages.ts'
import { rideCalls } from './access-rides.ts'
import { paperCalls } from './access-papers.ts'
import { visitCalls } from './access-visits.ts'
import { picture, type Who, type World } from './access-world.ts'

/** One id of each kind that a request can name. */
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
/** The parts of a request besides its method and its path. */
export interface Call {
  params?: Record<string, string>
  query?: Record<string, string>
  body?: unknown
  headers?: Record<string, string>
}
/** One row of the table. */
export interface Rule {
  allowed: readonly Who[]
  of?(ids: Ids, who: Who, world: World): Call | Promise<Call>
  /** The answer shows records of others even to a caller who is not involved, and this is right. */
  shows?: boolean
  /**
   * Runs at the end, because the operation ends something that other rows need. `very`: it ends
   * something that all rows need.
   */
  last?: boolean | 'very'
}

const nobodyYet = (): string => `new-${Math.random().toString(36).slice(2)}@example.com`

const ofPharmacy = ['vendor', 'admin'] as const
const orderId =
  (pick: (ids: Ids) => string, body?: unknown) =>
  (ids: Ids): Call => ({ params: { id: pick(ids) }, ...(body !== undefined && { body }) })

/** The refresh token of a new sign-in, so that a refresh or a logout ends no other session. */
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
const olderRegistration = () => ({
  user: { email: nobodyYet(), password },
  name: 'New',
  phone_number: '+1234567890',
  lat: 27.7,
  lng: 85.3,
})

const quote = (world: World) => ({
  vendor_id: world.vendor.pharmacyId,
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

const calls: Record<string, Omit<Rule, 'allowed'>> = {
  ...pageCalls,
  // Accounts
  register: { of: () => ({ body: registration() }) },
  signupV1: { of: () => ({ body: registration() }) },
  sanjevaniRegister: {
    of: () => ({
      body: { email: nobodyYet(), password, name: 'New Person', phone_number: '9841234567' },
    }),
  },
  login: {
    shows: true,
    of: (_, __, world) => ({ body: { email: world.customer.email, password } }),
  },
  sanjevaniLogin: {
    shows: true,
    of: (_, __, world) => ({ body: { email: world.customer.email, password } }),
  },
  refresh: {
    shows: true,
    of: async (_, who, world) => ({ body: { refresh_token: await refreshTokenOf(who, world) } }),
  },
  refreshV1: {
    shows: true,
    of: async (_, who, world) => ({ body: { refresh_token: await refreshTokenOf(who, world) } }),
  },
  loginV1: {
    shows: true,
    of: (_, __, world) => ({ body: { email: world.customer.email, password } }),
  },
  sanjevaniRefresh: {
    shows: true,
    of: async (_, who, world) => ({ body: { refresh: await refreshTokenOf(who, world) } }),
  },
  updateMe: { of: () => ({ body: { phone: '+1234567891' } }) },
  updateUserMeV1: { of: () => ({ body: { phone: '+1234567891' } }) },
  logout: {
    of: async (_, who, world) => ({ body: { refresh_token: await refreshTokenOf(who, world) } }),
  },
  logoutV1: {
    of: async (_, who, world) => ({ body: { refresh_token: await refreshTokenOf(who, world) } }),
  },
  logoutEverywhere: { last: 'very' },
  changePassword: {
    last: true,
    of: () => ({ body: { current_password: password, new_password: `${password}-2` } }),
  },
  forgotPassword: {
    of: (_, __, world) => ({ body: { email: world.customer.email } }),
  },
  resetPassword: {
    of: (_, __, world) => ({
      body: { email: world.customer.email, otp: '000000', new_password: `${password}-3` },
    }),
  },
  endSession: { of: ids => ({ params: { id: ids.session } }) },
  requestOtp: { of: () => ({ body: { email: nobodyYet() } }) },
  requestOtpV1: { of: () => ({ body: { email: nobodyYet() } }) },
  sanjevaniSendOtp: { of: () => ({ body: { email: nobodyYet() } }) },
  verifyOtp: { of: () => ({ body: { email: nobodyYet(), otp: '000000' } }) },
  verifyOtpV1: { of: () => ({ body: { email: nobodyYet(), otp: '000000' } }) },
  sanjevaniVerifyOtp: {
    of: () => ({ body: { email: nobodyYet(), otp: '000000' } }),
  },

  // Administration
  replayParkedCommands: { last: true },
  replayParkedCommand: {
    of: ids => ({ params: { actor_id: ids.driver, command_id: ids['parked']! } }),
  },
  dropParkedCommand: {
    of: ids => ({ params: { actor_id: ids.driver, command_id: ids['parkedToo']! } }),
  },
  getAccount: { of: ids => ({ params: { id: ids['account']! } }) },
  createAccount: { of: () => ({ body: registration() }) },
  changeAccount: {
    of: ids => ({ params: { id: ids['account']! }, body: { is_active: false } }),
  },
  endAccount: { of: ids => ({ params: { id: ids['account']! } }) },
  getUserV1: { of: ids => ({ params: { id: ids['account']! } }) },
  createApiKey: {
    of: () => ({ body: { name: 'a service', scopes: ['orders:read'] } }),
  },
  revokeApiKey: { of: ids => ({ params: { id: ids['apiKey']! } }) },

  ...Object.fromEntries(
    ['approveVendor', 'suspendVendor', 'rejectVendor'].map(
      (name): [string, Omit<Rule, 'allowed'>] => [
        name,
        {
          of: ids => ({ params: { id: ids['applicant']! }, body: { reason: 'as the table says' } }),
        },
      ],
    ),
  ),

  // Pharmacies: known to everybody who is signed in
  registerVendor: {
    of: () => ({
      body: { email: nobodyYet(), business_name: 'New', phone: '+1234567890', password, ...place },
    }),
  },
  getVendor: { shows: true },
  sanjevaniRegisterPharmacy: { of: () => ({ body: olderRegistration() }) },
  sanjevaniCreatePharmacy: { of: () => ({ body: olderRegistration() }) },
  sanjevaniPharmacy: { shows: true, of: ids => ({ params: { id: ids.vendor } }) },
  replaceSanjevaniPharmacy: {
    of: ids => ({
      params: { id: ids.vendor },
      body: { name: 'New', phone_number: '+1234567890', lat: 27.7172, lng: 85.324 },
    }),
  },
  updateSanjevaniPharmacy: {
    of: ids => ({ params: { id: ids.vendor }, body: { address: '1 New St' } }),
  },
  closeSanjevaniPharmacy: { last: true, of: ids => ({ params: { id: ids.vendor } }) },
  replacePharmacyProfile: {
    of: (_, who) => ({
      body: {
        name: 'New',
        phone_number: '+1234567890',
        ...(who === 'otherPharmacy' ? { lat: -27, lng: 20 } : { lat: 27.7172, lng: 85.324 }),
      },
    }),
  },
  updatePharmacyProfile: { of: () => ({ body: { address: '1 New St' } }) },
  replaceCustomerProfile: { of: () => ({ body: { name: 'New Name' } }) },
  updateCustomerProfile: { of: () => ({ body: { name: 'New Name' } }) },
  updateVendor: { of: () => ({ body: { address: '1 New St' } }) },

  // Drivers
  registerDriver: {
    of: (ids, _, world) => ({
      body: {
        email: nobodyYet(),
        full_name: 'New',
        phone: '+1234567890',
        password,
        vendor_id: ids['anyPharmacy'] ?? world.otherPharmacy.pharmacyId,
        vehicle_type: 'bike',
      },
    }),
  },
  updateDriver: { of: () => ({ body: { vehicle_number: 'ABC-1' } }) },
  setDriverStatus: { of: () => ({ body: { status: 'available' } }) },
  inviteDriver: {
    of: ids => ({ params: { id: ids.vendor }, body: { note: 'for Dora' } }),
  },
  listInvitations: { of: ids => ({ params: { id: ids.vendor } }) },
  revokeInvitation: {
    of: ids => ({ params: { id: ids.vendor, invitation_id: ids['invitation']! } }),
  },
  approveDriver: {
    of: ids => ({ params: { id: ids.vendor, driver_id: ids['applicantDriver']! }, body: {} }),
  },
  endDriver: {
    of: ids => ({ params: { id: ids.vendor, driver_id: ids['applicantDriver']! }, body: {} }),
  },
  removeDriver: { of: ids => ({ params: { id: ids['applicantDriver']! } }) },
  requestMembership: { of: ids => ({ params: { id: ids.driver }, body: {} }) },

  // Devices: the secret of a path is the right to send
  createDevice: { of: () => ({ body: { name: 'My phone' } }) },
  endDevice: {
    last: true,
    of: ids => ({ params: { id: ids.driver, device_id: ids['device']! } }),
  },
  ...Object.fromEntries(
    ['takeTraccarQuery', 'takeTraccar', 'takeOwnTracks', 'takePositionQuery', 'takePosition'].map(
      (name): [string, Omit<Rule, 'allowed'>] => [
        name,
        { of: ids => ({ params: { secret: ids['deviceSecret']! } }) },
      ],
    ),
  ),

  // Requests
  openRequest: {
    of: (_, who, world) => ({
      body: {
        ...place,
        radius_km: 5,
        quantity: 1,
        ...(who === 'admin' && { user_id: world.customer.id }),
      },
    }),
  },
  cancelRequest: { last: true },
  respondToRequest: {
    of: orderId(ids => ids.request, { response_type: 'REJECTED' }),
  },
  sanjevaniRequest: {
    of: () => ({ body: { patient_lat: 27.7, patient_lng: 85.3, radius_km: 5, quantity: 1 } }),
  },
  sanjevaniResponse: {
    of: ids => ({ body: { request_id: ids.request, response_type: 'REJECTED' } }),
  },

  // Orders
  createOrder: {
    of: (_, __, world) => ({
      body: {
        vendor_id: world.vendor.pharmacyId,
        delivery_address: '2 Side St',
        delivery_latitude: 27.72,
        delivery_longitude: 85.33,
      },
    }),
  },
  updateOrder: { of: orderId(ids => ids.order, { status: 'picked_up' }) },
  reissueTrackingToken: {
    last: true,
    of: orderId(ids => ids.order, {}),
  },
  cancelOrder: {
    last: true,
    of: orderId(ids => ids.pending),
  },
  acceptOrder: { of: orderId(ids => ids.pending, {}) },
  rejectOrder: { of: orderId(ids => ids.pending, {}) },
  assignDriver: {
    of: ids => ({ params: { id: ids.pending }, body: { driver_id: ids.driver } }),
  },
  findDriver: { of: orderId(ids => ids.pending, {}) },
  acceptOffer: {
    of: ids => ({ params: { id: ids.offerOrder, offer_id: ids.offer }, body: {} }),
  },
  declineOffer: {
    of: ids => ({ params: { id: ids.offerOrder, offer_id: ids.offer }, body: {} }),
  },

  quoteDelivery: { of: (_, __, world) => ({ body: quote(world) }) },
  quoteDeliveryV1: { of: (_, __, world) => ({ body: quote(world) }) },

  ...visitCalls,
  ...rideCalls,
  ...newsCalls,
  ...moneyCalls,

  // Ratings
  rate: {
    of: ids => ({ body: { order_id: ids.order, subject: 'vendor', score: 4 } }),
  },
  getRating: { of: orderId(ids => ids['rating']!) },
  appealRating: { of: orderId(ids => ids['rating']!, { reason: 'as the table says' }) },
  decideRating: {
    last: true,
    of: orderId(ids => ids['rating']!, { decision: 'removed', reason: 'as the table says' }),
  },

  ...paperCalls,
  ...newsCalls,

  // Insights
  getInsights: { of: orderId(ids => ids.vendor) },
  exportInsights: { of: orderId(ids => ids.vendor) },
  getDriverInsights: { of: orderId(ids => ids.driver) },
  getInsightLetter: { of: orderId(ids => ids.vendor) },
  setInsightLetter: { of: orderId(ids => ids.vendor, { wanted: false }) },

  // Background work
  getJob: { of: () => ({ params: { name: 'ratings.delete_old' } }) },
  runJob: { of: () => ({ params: { name: 'ratings.delete_old' }, body: {} }) },
  pauseJob: { of: () => ({ params: { name: 'ratings.delete_old' }, body: {} }) },
  resumeJob: { of: () => ({ params: { name: 'ratings.delete_old' }, body: {} }) },

  // Conversations
  openConversation: { of: ids => ({ body: { topic: 'pharmacy', order_id: ids.order } }) },
  searchMessages: { of: () => ({ query: { text: 'ready' } }) },
  getConversation: { of: orderId(ids => ids['conversation']!) },
  listMessages: {
    of: (ids, who) => ({
      params: { id: ids['conversation']! },
      ...(who === 'admin' && { query: { reason: 'other' } }),
    }),
  },
  sendMessage: { of: orderId(ids => ids['conversation']!, { text: 'as the table says' }) },
  markRead: { of: orderId(ids => ids['conversation']!, { number: 1 }) },
  takeBackMessage: {
    last: true,
    of: ids => ({
      params: { id: ids['conversation']!, message_id: ids['message']! },
      query: { reason: 'other' },
    }),
  },
  reportConversation: { of: orderId(ids => ids['conversation']!, { reason: 'other' }) },
  listReports: { of: orderId(ids => ids['conversation']!) },
  decideReports: { of: orderId(ids => ids['conversation']!, { decision: 'dismissed' }) },
  freezeConversation: {
    last: true,
    of: orderId(ids => ids['conversation']!, { reason: 'other' }),
  },
  thawConversation: { last: true, of: orderId(ids => ids['conversation']!, {}) },
  closeConversation: { last: true, of: orderId(ids => ids['conversation']!, {}) },

  // Reports
  exportOrders: { of: () => ({ body: {} }) },

  // Webhooks to others
  createWebhookSubscription: {
    of: () => ({ body: { url: 'http://127.0.0.1:9/hook' } }),
  },
  getWebhookSubscription: { of: orderId(ids => ids['subscription']!) },
  updateWebhookSubscription: {
    of: orderId(ids => ids['subscription']!, { description: 'x' }),
  },
  // A subscription can be deleted once, so each allowed caller gets a new one.
  deleteWebhookSubscription: {
    last: true,
    of: async (ids, who, world) => ({
      params: {
        id: (ofPharmacy as readonly Who[]).includes(who)
          ? await world.subscription()
          : ids['subscription']!,
      },
    }),
  },
  rotateWebhookSecret: { of: orderId(ids => ids['subscription']!, {}) },
  listWebhookDeliveries: { of: orderId(ids => ids['subscription']!) },
  getWebhookDelivery: { of: deliveryId() },
  replayWebhookDelivery: { of: deliveryId({}) },

  // Shops that deliver to us: a ping is answered without a signature
  takeShopOrder: { of: () => ping },
  takeIntegrationOrder: {
    of: ids => ({ ...ping, params: { key: ids['deliveryKey']! } }),
  },
  connectShop: { of: () => ({ body: {} }) },
  disconnectShop: {
    last: true,
    of: async (ids, who, world) => ({
      params: {
        id: ids.vendor,
        integration_id: (ofPharmacy as readonly Who[]).includes(who)
          ? (await world.shop()).integrationId
          : ids['integration']!,
      },
    }),
  },
  completeImport: {
    of: ids => ({ params: { id: ids.vendor, import_id: ids['import']! }, body: place }),
  },
  dismissImport: {
    last: true,
    of: ids => ({ params: { id: ids.vendor, import_id: ids['import']! } }),
  },

  // Whoever has the link may read
  track: { shows: true, of: ids => ({ params: { token: ids.token } }) },

  // Codes
  generateCode: { of: () => ({ body: { key: 'a text' } }) },
  showCode: { of: () => ({ params: { key: 'text' } }) },
  scanCodes: { of: () => ({ body: picture() }) },
  transcribe: { of: () => ({ body: picture() }) },

  // Files
  upload_proof: { of: () => ({ body: picture() }) },
  upload_signature: { of: () => ({ body: picture() }) },
  upload_picture: { of: () => ({ body: picture() }) },
  upload_audio: { of: () => ({ body: picture() }) },
  upload_document: { of: () => ({ body: picture() }) },
  upload_prescription: { of: () => ({ body: picture() }) },
  beginUpload: {
    of: () => ({ headers: { ...tus, 'upload-length': '100', 'upload-metadata': 'kind cHJvb2Y=' } }),
  },
  getUpload: { of: ids => ({ params: { id: ids['unfinished']! } }) },
  continueUpload: {
    of: ids => ({
      params: { id: ids['unfinished']! },
      body: '%PDF-1.4',
      headers: { ...tus, 'upload-offset': '0', 'content-type': 'application/offset+octet-stream' },
    }),
  },
  endUpload: {
    last: true,
    of: ids => ({ params: { id: ids['unfinished']! }, headers: tus }),
  },
  download: { of: ids => ({ params: { id: ids.upload } }) },
}

/**
 * Every operation: its callers as the features state them, and its request where the path alone is
 * not enough.
 */
export const rules: Record<string, Rule> = Object.fromEntries(
  Object.entries(merged(features, ({ access }) => access)).map(([id, allowed]) => [
    id,
    { ...calls[id], allowed },
  ]),
)

/** The parameters of a path where its row does not state them. */
export function defaultParams(path: string, ids: Ids): Record<string, string> {
  if (path.startsWith('/api/orders/') || path.startsWith('/api/v1/trips/')) return { id: ids.order }
  if (path.startsWith('/api/requests/')) return { id: ids.request }
  if (path.startsWith('/api/vendors/')) return { id: ids.vendor }
  if (/^\/api\/(v1\/)?drivers\//.test(path)) return { id: ids.driver }
  if (path.startsWith('/api/reports/')) return { vendor_id: ids.vendor }
  return { token: ids.token }
}
