/**
 * The orders, principals, events and commands that the tests of orders share. Nothing is random:
 * the end of an id tells its kind.
 */
import type { SearchPolicy } from '../../protocol/drivers/policies.ts'
import type { OrderEvent } from '../../protocol/dispatch/events.ts'
import type {
  CandidateFact,
  DriverFact,
  OfferFact,
  PharmacyFact,
} from '../../protocol/dispatch/facts.ts'
import type { OrderCommandData } from '../../protocol/dispatch/commands.ts'
import type { Principal } from '../../protocol/kernel/principal.ts'
import { defaultTariff } from '../../protocol/pricing/tariff.ts'
import { uploadUrl } from '../../protocol/uploads/url.ts'
import type { UploadFact } from '../../protocol/uploads/fact.ts'
import type { OrderCommand } from './commands.ts'
import { evolve } from './evolve.ts'
import { absentOrder, type Order } from './state.ts'

/** `id(0xc1)` ends in c1. */
export const id = (n: number): string =>
  `00000000-0000-7000-8000-${n.toString(16).padStart(12, '0')}`

export const orderId = id(1)
export const customerId = id(0xc1)
export const pharmacyIds = [id(0xa1), id(0xa2), id(0xa3)] as const
export const driverIds = [id(0xd1), id(0xd2), id(0xd3)] as const
export const offerIds = [id(0xf1), id(0xf2), id(0xf3)] as const

export const principal = (role: Principal['role'], actorId: string): Principal => ({
  role,
  id: actorId,
})
export const customer = principal('customer', customerId)
export const vendor = principal('vendor', pharmacyIds[0])
export const driver = principal('driver', driverIds[0])
export const admin = principal('admin', 'root')
export const system = principal('system', 'engine')

export const pharmacyFact = (n: number): PharmacyFact => ({
  vendor_id: pharmacyIds[n]!,
  name: `Pharmacy ${n}`,
  phone: '1',
  latitude: 37.77,
  longitude: -122.42,
  address: null,
  proof_required: true,
})
export const driverFact = (n: number): DriverFact => ({
  driver_id: driverIds[n]!,
  name: `Driver ${n}`,
  phone: '2',
  vehicle_type: 'bike',
})
/** The third pharmacy is not asked. */
export const candidates: CandidateFact[] = [
  { vendor_id: pharmacyIds[0], distance_km: 1 },
  { vendor_id: pharmacyIds[1], distance_km: 2 },
]

export const broadcastData: OrderCommandData['broadcast'] = {
  order_id: orderId,
  customer_id: customerId,
  customer_name: 'Cleo',
  customer_phone: '3',
  latitude: 37.78,
  longitude: -122.41,
  radius_km: 5,
  items: [{ name: 'Aspirin', quantity: 1 }],
  expires_in_seconds: 60,
}
export const createData: OrderCommandData['create'] = {
  order_id: orderId,
  customer_id: customerId,
  customer_name: 'Cleo',
  customer_phone: '3',
  vendor_id: pharmacyIds[0],
  delivery_address: '5 Elm Row',
  delivery_latitude: 37.78,
  delivery_longitude: -122.41,
  items: [],
}

/** A photo that the driver uploaded as a proof of this order. */
export const photo: UploadFact = {
  id: id(0xe1),
  kind: 'proof',
  ownerId: id(0xb1),
  driverId: driverIds[0],
  pharmacyId: null,
  orderId,
  atMs: 0,
}
/** A signature that the driver uploaded as a proof of this order. */
export const signature: UploadFact = { ...photo, id: id(0xe2), kind: 'signature' }

/** Deadline of every request and end of every offer here, ms since the epoch. */
export const deadlineMs = 60_000

const born = {
  order_id: orderId,
  tracking_token: 'token',
  customer_id: customerId,
  customer_name: 'Cleo',
  customer_phone: '3',
  dropoff: { latitude: 37.78, longitude: -122.41, address: null },
  items: [],
  quantity: null,
  notes: null,
  prescription_url: null,
  goods_classes: null,
  currency: 'USD',
  fee: null,
}

/** A package whose code is no GS1 element string. */
const packageFact = { gtin: null, batch: null, expiry: null, serial: null, label: 'RX-1' }

/** Events by name, all at time 0. */
export const happened = {
  opened: {
    type: 'broadcast_opened',
    data: { ...born, radius_km: 5, expires_at_ms: deadlineMs, candidates },
  },
  placed: { type: 'order_placed', data: { ...born, vendor: pharmacyFact(0), distance_km: 1 } },
  refused: {
    type: 'response_recorded',
    data: {
      vendor_id: pharmacyIds[1],
      vendor_name: 'b',
      latitude: 0,
      longitude: 0,
      distance_km: 2,
      text_message: null,
      audio_url: null,
    },
  },
  accepted: {
    type: 'order_accepted',
    data: {
      vendor: pharmacyFact(0),
      distance_km: 1,
      fee_minor: 300,
      text_message: null,
      audio_url: null,
    },
  },
  rejected: { type: 'order_rejected', data: { vendor_id: pharmacyIds[0], reason: null } },
  expired: { type: 'request_expired', data: { reason: 'deadline' } },
  cancelled: { type: 'order_cancelled', data: { by: 'customer', reason: null } },
  searching: {
    type: 'driver_search_started',
    data: { policy: 'offer', offer_ttl_ms: 30_000, deadline_ms: 600_000 },
  },
  reissued: { type: 'tracking_reissued', data: { tracking_token: 'other' } },
  exhausted: { type: 'driver_search_ended', data: { outcome: 'exhausted' } },
  assigned: { type: 'driver_assigned', data: { offer_id: offerIds[0], driver: driverFact(0) } },
  unassigned: {
    type: 'driver_unassigned',
    data: { driver_id: driverIds[0], offer_id: offerIds[0], reason: 'left' },
  },
  atPickup: { type: 'arrived_at_pickup', data: {} },
  pickedUp: { type: 'picked_up', data: {} },
  onTheWay: { type: 'out_for_delivery', data: {} },
  atDropoff: { type: 'arrived_at_dropoff', data: {} },
  delivered: {
    type: 'delivered',
    data: {
      driver_id: driverIds[0],
      proof_photo_url: uploadUrl(photo.id),
      signature_url: null,
      actual_distance_km: 1.5,
      earnings_minor: 300,
      door_distance_m: 12,
      reason: null,
      flag: null,
    },
  },
  driverUpdated: {
    type: 'assigned_driver_updated',
    data: { driver: { ...driverFact(0), phone: '22' } },
  },
  failed: { type: 'delivery_failed', data: { reason: 'nobody home' } },
  returning: { type: 'return_started', data: {} },
  returned: { type: 'returned', data: { driver_id: driverIds[0] } },
  packed: {
    type: 'parcel_packed',
    data: { classes: ['controlled'], seal_number: 'S-1', packages: [packageFact] },
  },
  scanned: { type: 'package_scanned', data: { stage: 'pickup', place: 0 } },
  agentNamed: { type: 'agent_named', data: { name: 'Ann', relationship: 'family' } },
  codeRefused: { type: 'code_refused', data: { generation: 0, method: 'pin' } },
  codeRenewed: { type: 'code_renewed', data: { generation: 1 } },
  broken: {
    type: 'chain_broken',
    data: {
      number: 1,
      kind: 'other_seal',
      stage: 'handover',
      note: null,
      found_seal: 'S-2',
      celsius: null,
    },
  },
  mended: { type: 'chain_mended', data: { number: 1, outcome: 'continue', reason: 'looked at' } },
} satisfies Record<string, OrderEvent>

/** The n-th offer, to the n-th driver. */
export const offered = (n = 0, mode: OfferFact['mode'] = 'offer'): OrderEvent => ({
  type: 'offer_made',
  data: {
    offer_id: offerIds[n]!,
    driver_id: driverIds[n]!,
    mode,
    expires_at_ms: deadlineMs,
    eta_minutes: 3,
    distance_km: 1,
  },
})
/** The end of the n-th offer. */
export const closed = (n = 0, outcome: 'declined' | 'expired' = 'declined'): OrderEvent => ({
  type: 'offer_closed',
  data: { offer_id: offerIds[n]!, driver_id: driverIds[n]!, outcome, reason: null, code: null },
})

/** The order after these events, all at one time. */
export const after = (events: readonly OrderEvent[], atMs = 0): Order =>
  events.reduce<Order>((order, event) => evolve(order, event, atMs), absentOrder)

const { opened, placed, accepted, assigned, pickedUp, onTheWay } = happened
/** The events that lead to each state, from a request where the state allows it. */
export const reached = {
  absent: [],
  broadcast: [opened],
  pending: [placed],
  accepted: [opened, accepted],
  searching: [opened, accepted, happened.searching],
  offering: [opened, accepted, happened.searching, offered()],
  /** The pharmacy picked the driver by hand; there is no search to return to. */
  assigning: [opened, accepted, offered(0, 'assign')],
  exhausted: [opened, accepted, happened.searching, happened.exhausted],
  driver_assigned: [opened, accepted, assigned],
  /** The pharmacy parted with the driver before the pick-up. */
  left: [opened, accepted, assigned, happened.unassigned, happened.searching],
  picked_up: [opened, accepted, assigned, pickedUp],
  out_for_delivery: [opened, accepted, assigned, pickedUp, onTheWay],
  delivered: [opened, accepted, assigned, pickedUp, onTheWay, happened.delivered],
  failed: [opened, accepted, assigned, pickedUp, happened.failed],
  returning: [opened, accepted, assigned, pickedUp, happened.failed, happened.returning],
  returned: [
    opened,
    accepted,
    assigned,
    pickedUp,
    happened.failed,
    happened.returning,
    happened.returned,
  ],
  /**
   * Cancelled while the request was open, after a pharmacy had won it, and after a driver was
   * assigned.
   */
  cancelled: [opened, happened.cancelled],
  cancelledWon: [opened, accepted, happened.cancelled],
  cancelledAssigned: [opened, accepted, assigned, happened.cancelled],
  rejected: [placed, happened.rejected],
  expired: [opened, happened.expired],
} satisfies Record<string, readonly OrderEvent[]>

/** Commands by name. By default somebody who may give the command gives it. */
export const give = {
  broadcast: (
    by = customer,
    data: Partial<OrderCommandData['broadcast']> = {},
    near = candidates,
  ): OrderCommand => ({
    verb: 'broadcast',
    by,
    data: { ...broadcastData, ...data },
    candidates: near,
    currency: 'USD',
    trackingToken: 'token',
  }),
  create: (
    by = customer,
    data: Partial<OrderCommandData['create']> = {},
    of: PharmacyFact | null = pharmacyFact(0),
  ): OrderCommand => ({
    verb: 'create',
    by,
    data: { ...createData, ...data },
    vendor: of,
    tariff: defaultTariff('USD'),
    trackingToken: 'token',
  }),
  respond: (
    response_type: 'ACCEPTED' | 'REJECTED',
    n = 0,
    of: PharmacyFact | null = pharmacyFact(n),
    search: SearchPolicy | null = null,
  ): OrderCommand => ({
    verb: 'respond',
    by: principal('vendor', pharmacyIds[n]!),
    data: { response_type },
    vendor: of,
    tariff: defaultTariff('USD'),
    search,
  }),
  accept: (by = vendor, search: SearchPolicy | null = null): OrderCommand => ({
    verb: 'accept',
    by,
    data: {},
    search,
  }),
  reissueTracking: (by = customer): OrderCommand => ({
    verb: 'reissue_tracking',
    by,
    data: {},
    trackingToken: 'other',
  }),
  reject: (by = vendor): OrderCommand => ({ verb: 'reject', by, data: {} }),
  cancel: (by = customer): OrderCommand => ({ verb: 'cancel', by, data: {} }),
  assignDriver: (n = 0, by = vendor): OrderCommand => ({
    verb: 'assign_driver',
    by,
    data: { driver_id: driverIds[n]! },
    offerId: offerIds[n]!,
  }),
  findDriver: (by = vendor): OrderCommand => ({
    verb: 'find_driver',
    by,
    data: {},
    policy: 'offer',
  }),
  acceptOffer: (
    n = 0,
    by = principal('driver', driverIds[n]!),
    fact: DriverFact | null = driverFact(n),
  ): OrderCommand => ({ verb: 'accept_offer', by, data: { offer_id: offerIds[n]! }, driver: fact }),
  declineOffer: (n = 0, by = principal('driver', driverIds[n]!)): OrderCommand => ({
    verb: 'decline_offer',
    by,
    data: { offer_id: offerIds[n]! },
  }),
  pickUp: (
    by = driver,
    data: OrderCommandData['pick_up'] = {},
    uploads: UploadFact[] = [],
  ): OrderCommand => ({ verb: 'pick_up', by, data, uploads }),
  outForDelivery: (by = driver): OrderCommand => ({ verb: 'out_for_delivery', by, data: {} }),
  deliver: (
    by = driver,
    data: OrderCommandData['deliver'] = { signature_url: uploadUrl(signature.id) },
    uploads = [photo, signature],
    doorDistanceM: number | null = 12,
  ): OrderCommand => ({
    verb: 'deliver',
    by,
    data,
    actualDistanceKm: null,
    doorDistanceM,
    uploads,
  }),
  updateDriver: (n = 0, phone = '22'): OrderCommand => ({
    verb: 'update_driver',
    by: system,
    driver: { ...driverFact(n), phone },
  }),
  fail: (by = driver): OrderCommand => ({ verb: 'fail', by, data: { reason: 'nobody home' } }),
  return: (by = driver): OrderCommand => ({ verb: 'return', by, data: {} }),
  completeReturn: (
    by = driver,
    data: OrderCommandData['complete_return'] = {},
    uploads: UploadFact[] = [],
  ): OrderCommand => ({ verb: 'complete_return', by, data, uploads }),
  pack: (data: Partial<OrderCommandData['pack']> = {}, by = vendor): OrderCommand => ({
    verb: 'pack',
    by,
    data: { packages: [], ...data },
  }),
  scan: (code: string, by = driver): OrderCommand => ({ verb: 'scan', by, data: { code } }),
  nameAgent: (
    data: OrderCommandData['name_agent'] = { name: 'Ann', relationship: 'family' },
    by = customer,
  ): OrderCommand => ({ verb: 'name_agent', by, data }),
  renewCode: (generation = 1, by = customer): OrderCommand => ({
    verb: 'renew_code',
    by,
    data: { generation },
  }),
  reportBreak: (
    data: OrderCommandData['report_break'] = { kind: 'missing_scan' },
    by = driver,
  ): OrderCommand => ({ verb: 'report_break', by, data }),
  summary: (min: number, max: number): OrderCommandData['record_temperatures'] => ({
    devices: [{ device: 'LOG-7', calibrated_on: '1969-06-01' }],
    readings: 2,
    from_ms: 0,
    to_ms: 60_000,
    min_celsius: min,
    max_celsius: max,
    kinetic_celsius: max,
    verdict: 'exceeded',
  }),
  recordTemperatures: (min: number, max: number, by = driver): OrderCommand => ({
    verb: 'record_temperatures',
    by,
    data: give.summary(min, max),
  }),
  mend: (data: Partial<OrderCommandData['mend']> = {}, by = vendor): OrderCommand => ({
    verb: 'mend',
    by,
    data: { number: 1, outcome: 'continue', reason: 'looked at', ...data },
  }),
  returnOverdue: (): OrderCommand => ({ verb: 'return_overdue', by: system }),
  expire: (): OrderCommand => ({ verb: 'expire', by: system }),
  propose: (n = 0, offer: string = offerIds[n]!): OrderCommand => ({
    verb: 'propose_driver',
    by: system,
    candidate: { offerId: offer, driverId: driverIds[n]!, etaMinutes: 3, distanceKm: 1 },
  }),
  endSearch: (): OrderCommand => ({ verb: 'end_search', by: system }),
  offerExpired: (n = 0): OrderCommand => ({
    verb: 'offer_expired',
    by: system,
    offerId: offerIds[n]!,
  }),
  driverRefused: (n = 0): OrderCommand => ({
    verb: 'driver_refused',
    by: system,
    offerId: offerIds[n]!,
    code: 'driver_unavailable',
    reason: 'busy',
  }),
  driverLeft: (n = 0): OrderCommand => ({
    verb: 'driver_left',
    by: system,
    driverId: driverIds[n]!,
    reason: 'left',
  }),
  driverTook: (n = 0): OrderCommand => ({
    verb: 'driver_took',
    by: principal('driver', driverIds[n]!),
    offerId: offerIds[n]!,
    driver: driverFact(n),
  }),
  arrive: (at: 'pickup' | 'dropoff'): OrderCommand => ({ verb: 'record_arrival', by: system, at }),
}
