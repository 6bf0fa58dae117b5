/**
 * What crosses the WebSockets, as schemas: what clients may send (the edge validates with these very
 * objects) and what they receive. Location frames in binary are not here: `frames.ts` reads them by
 * hand, because they are the river.
 */
import { pharmacyStatuses } from './pharmacies/statuses.ts'
import Type from 'typebox'
import {
  Item,
  LatLng,
  Latitude,
  Longitude,
  nullable,
  Text,
  Timestamp,
  oneOf,
} from './kernel/schema.ts'
import type { ErrorCode } from './errors.ts'
import { at, ids } from './examples.ts'
import { limits } from './limits.ts'
import { Uuid } from './principal.ts'
import { NewRequestBody } from './pushes.ts'
import { availabilities, driverStatuses, memberships, type Membership } from './drivers/statuses.ts'
import { OrderView } from './rest/order.ts'
import { orderStatuses, type OrderStatus } from './orders/statuses.ts'

const Status = Type.Unsafe<OrderStatus>(Type.String({ enum: orderStatuses }))
const Code = Type.Unsafe<ErrorCode>(Type.String({ description: 'A code of the error catalogue' }))
const Echo = Type.Optional(Type.String({ description: 'The `id` of the message that is answered' }))

// What clients send

/** Chosen by the client, sent back with the answer; also the command id, so a repeat hears the same answer. */
const Id = Type.Optional(
  Type.String({
    minLength: 1,
    maxLength: limits.socketMessageIdCharactersMax,
    description: 'Sent back with the answer; a repeat under the same id hears the same answer',
  }),
)
const Free = Type.Optional(Type.String({ maxLength: limits.textCharactersMax }))

export const Respond = Type.Object(
  {
    type: Type.Literal('respond'),
    request_id: Uuid,
    response_type: Type.Union([Type.Literal('ACCEPTED'), Type.Literal('REJECTED')]),
    text_message: Free,
    audio_url: Type.Optional(Type.String({ maxLength: limits.urlCharactersMax })),
    id: Id,
  },
  { additionalProperties: false },
)
export type Respond = Type.Static<typeof Respond>

export const OfferResponse = Type.Object(
  {
    type: Type.Literal('offer_response'),
    offer_id: Uuid,
    accept: Type.Boolean(),
    /** Only needed when the offer was not received on this connection. */
    order_id: Type.Optional(Uuid),
    reason: Free,
    id: Id,
  },
  { additionalProperties: false },
)
export type OfferResponse = Type.Static<typeof OfferResponse>

export const SetStatus = Type.Object(
  {
    type: Type.Literal('status'),
    status: oneOf(availabilities),
    id: Id,
  },
  { additionalProperties: false },
)
export type SetStatus = Type.Static<typeof SetStatus>

/** The text form of a frame; the edge reads it by hand, as it does the binary one. */
const LocationText = Type.Object(
  {
    type: Type.Literal('location'),
    seq: Type.Optional(
      Type.Integer({
        minimum: 0,
        maximum: 2 ** 32 - 1,
        description: 'Supplied by the edge when absent',
      }),
    ),
    timestamp: Type.Optional(
      Type.Union([Type.Integer({ description: 'ms since the epoch' }), Timestamp]),
    ),
    latitude: Latitude,
    longitude: Longitude,
    heading: Type.Optional(nullable(Type.Number({ minimum: 0, exclusiveMaximum: 360 }))),
    speed: Type.Optional(nullable(Type.Number({ minimum: 0, maximum: 150, description: 'm/s' }))),
    accuracy: Type.Optional(nullable(Type.Number({ minimum: 0, description: 'm' }))),
  },
  { additionalProperties: false },
)

// What clients receive. Fields may be added; the ones here stay.

export const ErrorMessage = Type.Object({
  type: Type.Literal('error'),
  code: Code,
  message: Text,
  id: Echo,
  seq: Type.Optional(Type.Integer({ description: 'The location that was refused' })),
  index: Type.Optional(Type.Integer({ description: 'Its place in the message' })),
  fields: Type.Optional(Type.Array(Type.Object({ field: Text, rule: Text }))),
  server_time_ms: Type.Optional(Type.Integer()),
})

export const TerminalGreeting = Type.Object({
  type: Type.Literal('connection'),
  message: Text,
  pharmacy_id: Uuid,
  pharmacy_name: Text,
  location: LatLng,
})
export const NewRequest = Type.Object({
  type: Type.Literal('new_request'),
  ...NewRequestBody.properties,
  distance_km: Type.Number({ description: 'From the place that is told, to 100 m' }),
})
export const RequestEnded = Type.Object({
  type: Type.Union([
    Type.Literal('request_taken'),
    Type.Literal('request_expired'),
    Type.Literal('request_cancelled'),
  ]),
  request_id: Uuid,
  message: Text,
})
export const NewOrder = Type.Object({
  type: Type.Literal('new_order'),
  order_id: Uuid,
  status: Status,
  customer_name: Text,
  items: Type.Array(Item),
  notes: nullable(Text),
  distance_km: Type.Number(),
  timestamp: Timestamp,
})
export const ResponseResult = Type.Object({
  type: Type.Literal('response_result'),
  request_id: Uuid,
  outcome: Type.Union([
    Type.Literal('won'),
    Type.Literal('recorded'),
    Type.Literal('lost'),
    Type.Literal('not_offered'),
    Type.Literal('expired'),
    Type.Literal('cancelled'),
    Type.Literal('error'),
  ]),
  id: Echo,
  code: Type.Optional(Code),
  message: Type.Optional(Text),
  order: Type.Optional(OrderView),
})
export const DriverSearchEnded = Type.Object({
  type: Type.Literal('driver_search_ended'),
  order_id: Uuid,
  outcome: Type.Literal('exhausted'),
  message: Text,
})

export const CustomerGreeting = Type.Object({
  type: Type.Literal('connection'),
  message: Text,
  user_id: Uuid,
  user_name: Text,
})
export const RequestOver = Type.Object({
  type: Type.Literal('request_expired'),
  request_id: Uuid,
  reason: Text,
  message: Text,
})
export const PharmacyResponse = Type.Object({
  type: Type.Literal('pharmacy_response'),
  request_id: Uuid,
  order_id: Uuid,
  pharmacy_id: Uuid,
  pharmacy_name: Text,
  pharmacy_location: LatLng,
  response_type: Type.Union([Type.Literal('ACCEPTED'), Type.Literal('REJECTED')]),
  text_message: nullable(Text),
  audio_url: nullable(Text),
  distance_km: Type.Number(),
  responded_at: Timestamp,
})
export const StatusMessage = Type.Object({
  type: Type.Literal('status'),
  order_id: Uuid,
  status: Status,
  at: Timestamp,
  arrived_at: Type.Optional(Type.Union([Type.Literal('pickup'), Type.Literal('dropoff')])),
  vehicle_type: Type.Optional(Text),
  driver_id: Type.Optional(Uuid),
  driver_name: Type.Optional(Text),
  driver_phone: Type.Optional(Text),
  reason: Type.Optional(nullable(Text)),
})
export const LocationMessage = Type.Object({
  type: Type.Literal('location'),
  order_id: Uuid,
  latitude: Latitude,
  longitude: Longitude,
  heading: nullable(Type.Number()),
  speed: nullable(Type.Number()),
  eta_minutes: nullable(Type.Number()),
  distance_km: Type.Number(),
  at: Timestamp,
})

export const TrackingState = Type.Object({
  type: Type.Literal('state'),
  order: Type.Object(
    {
      id: Uuid,
      order_number: Text,
      status: Status,
      customer_name: Type.String({ description: 'The first name' }),
      delivery_latitude: Latitude,
      delivery_longitude: Longitude,
    },
    { additionalProperties: true },
  ),
  driver_location: nullable(
    Type.Object({
      latitude: Latitude,
      longitude: Longitude,
      heading: nullable(Type.Number()),
      speed: nullable(Type.Number()),
      last_update: Timestamp,
    }),
  ),
  eta_minutes: nullable(Type.Number()),
  distance_km: nullable(Type.Number()),
})

export const DriverGreeting = Type.Object({
  type: Type.Literal('connection'),
  message: Text,
  driver_id: Uuid,
  driver_name: Text,
  vendor_id: Uuid,
  status: Type.Unsafe<(typeof driverStatuses)[number]>(Type.String({ enum: [...driverStatuses] })),
  server_time_ms: Type.Integer(),
})
const Stop = Type.Object({
  latitude: Latitude,
  longitude: Longitude,
  address: nullable(Text),
  name: Type.Optional(Text),
  phone: Type.Optional(Text),
})
export const OfferMessage = Type.Object({
  type: Type.Literal('offer'),
  offer_id: Uuid,
  order_id: Uuid,
  pickup: Stop,
  dropoff: Stop,
  distance_km: nullable(Type.Number()),
  fee: nullable(Type.Number()),
  currency: Text,
  expires_at: Timestamp,
})
export const OfferWithdrawn = Type.Object({
  type: Type.Literal('offer_withdrawn'),
  offer_id: Uuid,
  order_id: Uuid,
  reason: Text,
})
export const AssignedMessage = Type.Object({
  type: Type.Literal('assigned'),
  order_id: Uuid,
  offer_id: Uuid,
  assigned_at: Timestamp,
  status: Type.Optional(Status),
  pickup: Stop,
  dropoff: Stop,
  items: Type.Array(Item),
  notes: nullable(Text),
  fee: nullable(Type.Number()),
  currency: Text,
})
export const OfferResult = Type.Object({
  type: Type.Literal('offer_result'),
  offer_id: Uuid,
  order_id: Type.Optional(Uuid),
  outcome: Type.Union([
    Type.Literal('accepted'),
    Type.Literal('declined'),
    Type.Literal('expired'),
    Type.Literal('not_found'),
    Type.Literal('not_yours'),
    Type.Literal('error'),
  ]),
  id: Echo,
  code: Type.Optional(Code),
  message: Type.Optional(Text),
})
export const StatusResult = Type.Object({
  type: Type.Literal('status_result'),
  outcome: Type.Union([Type.Literal('changed'), Type.Literal('error')]),
  status: Type.Optional(Text),
  id: Echo,
  code: Type.Optional(Code),
  message: Type.Optional(Text),
})
export const MembershipMessage = Type.Object({
  type: Type.Literal('membership'),
  driver_id: Uuid,
  vendor_id: Uuid,
  membership: Type.Unsafe<Membership>(Type.String({ enum: [...memberships] })),
  active_order_ids: Type.Array(Uuid, {
    description: 'After the end: what this driver still carries to the door or back',
  }),
})
export const AssignmentEnded = Type.Object({
  type: Type.Literal('assignment_ended'),
  order_id: Uuid,
  offer_id: Uuid,
  reason: Text,
})
export const ApprovalMessage = Type.Object({
  type: Type.Literal('approval'),
  vendor_id: Uuid,
  status: oneOf(pharmacyStatuses),
  reason: nullable(Text),
  latitude: Latitude,
  longitude: Longitude,
  moving_to: nullable(Type.Object({ latitude: Latitude, longitude: Longitude })),
})
const DriverMembership = Type.Object({
  type: Type.Literal('driver_membership'),
  driver_id: Uuid,
  driver_name: Text,
  membership: MembershipMessage.properties.membership,
})
export const DriverStatusChanged = Type.Object({
  type: Type.Literal('driver_status'),
  driver_id: Uuid,
  status: Text,
})
const Ack = Type.Object({ type: Type.Literal('ack'), seq: Type.Integer() })

/** One driver of a fleet; coordinates are null before the first location. */
const FleetMember = Type.Object({
  driver_id: Uuid,
  status: Text,
  latitude: nullable(Latitude),
  longitude: nullable(Longitude),
  heading: nullable(Type.Number()),
  speed: nullable(Type.Number()),
  at: nullable(Timestamp),
  full_name: Type.Optional(Text),
  phone: Type.Optional(Text),
  vehicle_type: Type.Optional(Text),
  active_order_ids: Type.Optional(Type.Array(Uuid)),
})
export type FleetMember = Type.Static<typeof FleetMember>
export const FleetMessage = Type.Object({
  type: Type.Literal('fleet'),
  vendor_id: Uuid,
  vendor_name: Text,
  drivers: Type.Array(FleetMember),
})
export const FleetLocations = Type.Object({
  type: Type.Literal('locations'),
  vendor_id: Uuid,
  drivers: Type.Array(FleetMember),
})
const TrackingReissued = Type.Object({ type: Type.Literal('tracking_reissued'), order_id: Uuid })

interface Row {
  description: string
  schema: Type.TSchema
  example: unknown
}
const row = <T extends Type.TSchema>(
  description: string,
  schema: T,
  example: Type.Static<T>,
): Row => ({ description, schema, example })

const where = { latitude: 27.71, longitude: 85.33, address: '1 Main St' }
const door = { latitude: 27.7172, longitude: 85.324, address: '456 Home Ave' }
const pin = { latitude: 27.7145, longitude: 85.3271, heading: 180, speed: 8 }

/** Every text message by the name the document gives it. */
export const socketMessages = {
  ping: row('Are you there?', Type.Object({ type: Type.Literal('ping') }), { type: 'ping' }),
  respond: row("A pharmacy's answer to a request; answered by `response_result`.", Respond, {
    type: 'respond',
    request_id: ids.order,
    response_type: 'ACCEPTED',
    text_message: 'Available!',
    id: '7',
  }),
  offer_response: row("A driver's answer to an offer; answered by `offer_result`.", OfferResponse, {
    type: 'offer_response',
    offer_id: ids.offer,
    accept: true,
    id: '8',
  }),
  set_status: row('A driver goes on or off duty; answered by `status_result`.', SetStatus, {
    type: 'status',
    status: 'available',
    id: '9',
  }),
  location_text: row(
    'One location as text; an array of 1 to 64 of them is one message too.',
    LocationText,
    {
      type: 'location',
      latitude: 27.7145,
      longitude: 85.3271,
      heading: 180,
      speed: 8,
      accuracy: 5,
    },
  ),

  pong: row('Yes.', Type.Object({ type: Type.Literal('pong') }), { type: 'pong' }),
  error: row('Something of what was sent could not be used.', ErrorMessage, {
    type: 'error',
    code: 'message_malformed',
    message: 'response_type is missing',
    id: '7',
  }),
  terminal_greeting: row('First message: connected and authenticated.', TerminalGreeting, {
    type: 'connection',
    message: 'Connected to pharmacy channel',
    pharmacy_id: ids.vendor,
    pharmacy_name: 'City Pharmacy',
    location: { lat: 27.71, lng: 85.33 },
  }),
  new_request: row('A request nearby that anybody may still take.', NewRequest, {
    type: 'new_request',
    request_id: ids.order,
    patient_name: 'J. D.',
    patient_phone: '',
    patient_location: { lat: 27.72, lng: 85.32 },
    radius_km: 5,
    quantity: 10,
    items: [],
    notes: null,
    image_url: null,
    prescription_url: null,
    timestamp: at,
    expires_at: at,
    distance_km: 1,
  }),
  request_ended: row('A request that was shown can no longer be taken.', RequestEnded, {
    type: 'request_taken',
    request_id: ids.order,
    message: 'This request has been accepted by another pharmacy',
  }),
  new_order: row('An order to this pharmacy alone.', NewOrder, {
    type: 'new_order',
    order_id: ids.order,
    status: 'pending',
    customer_name: 'John Doe',
    items: [{ name: 'Aspirin', quantity: 2 }],
    notes: null,
    distance_km: 1.3,
    timestamp: at,
  }),
  response_result: row(
    'What became of an answer to a request; `won` comes with the whole order.',
    ResponseResult,
    { type: 'response_result', request_id: ids.order, outcome: 'won', id: '7' },
  ),
  driver_search_ended: row('No driver took the order.', DriverSearchEnded, {
    type: 'driver_search_ended',
    order_id: ids.order,
    outcome: 'exhausted',
    message: 'No driver took this order; assign one or search again',
  }),
  customer_greeting: row('First message: connected and authenticated.', CustomerGreeting, {
    type: 'connection',
    message: 'Connected to customer channel',
    user_id: ids.customer,
    user_name: 'John Doe',
  }),
  pharmacy_response: row("A pharmacy's answer to the customer's request.", PharmacyResponse, {
    type: 'pharmacy_response',
    request_id: ids.order,
    order_id: ids.order,
    pharmacy_id: ids.vendor,
    pharmacy_name: 'City Pharmacy',
    pharmacy_location: { lat: 27.71, lng: 85.33 },
    response_type: 'ACCEPTED',
    text_message: 'Available!',
    audio_url: null,
    distance_km: 0.98,
    responded_at: at,
  }),
  request_over: row("Nobody took the customer's request.", RequestOver, {
    type: 'request_expired',
    request_id: ids.order,
    reason: 'deadline',
    message: 'No pharmacy accepted in time',
  }),
  status: row(
    'A new status of an order, to everybody who follows it; the people in it only to its customer and its pharmacy.',
    StatusMessage,
    { type: 'status', order_id: ids.order, status: 'picked_up', at },
  ),
  location: row("Where an order's driver is, at most a few times a second.", LocationMessage, {
    type: 'location',
    order_id: ids.order,
    ...pin,
    eta_minutes: 3,
    distance_km: 0.9,
    at,
  }),
  tracking_state: row(
    'First message of a tracking link: the whole state, as `GET /api/tracking/{token}` answers it.',
    TrackingState,
    {
      type: 'state',
      order: {
        id: ids.order,
        order_number: 'ORD-7K3M9Q2X',
        status: 'out_for_delivery',
        customer_name: 'John',
        delivery_latitude: 27.7172,
        delivery_longitude: 85.324,
      },
      driver_location: { ...pin, last_update: at },
      eta_minutes: 3,
      distance_km: 0.9,
    },
  ),
  tracking_reissued: row(
    'To edges: the link was replaced; whoever came by the old one is sent away. Never reaches a client.',
    TrackingReissued,
    { type: 'tracking_reissued', order_id: ids.order },
  ),
  driver_greeting: row('First message: connected and authenticated.', DriverGreeting, {
    type: 'connection',
    message: 'Connected to driver channel',
    driver_id: ids.driver,
    driver_name: 'Dora',
    vendor_id: ids.vendor,
    status: 'available',
    server_time_ms: 1_790_000_000_000,
  }),
  offer: row(
    'Take this delivery, before `expires_at`? The places are told to 0.01 degrees.',
    OfferMessage,
    {
      type: 'offer',
      offer_id: ids.offer,
      order_id: ids.order,
      pickup: { latitude: 27.71, longitude: 85.33, address: null },
      dropoff: { latitude: 27.72, longitude: 85.32, address: null },
      distance_km: 1.3,
      fee: 3,
      currency: 'USD',
      expires_at: at,
    },
  ),
  offer_withdrawn: row('The offer is over.', OfferWithdrawn, {
    type: 'offer_withdrawn',
    offer_id: ids.offer,
    order_id: ids.order,
    reason: 'expired',
  }),
  assigned: row("The delivery is this driver's.", AssignedMessage, {
    type: 'assigned',
    order_id: ids.order,
    offer_id: ids.offer,
    assigned_at: at,
    pickup: { ...where, name: 'City Pharmacy', phone: '+9779800000000' },
    dropoff: { ...door, name: 'John Doe', phone: '9841234567' },
    items: [{ name: 'Aspirin', quantity: 2 }],
    notes: null,
    fee: 3,
    currency: 'USD',
  }),
  offer_result: row('What became of an answer to an offer.', OfferResult, {
    type: 'offer_result',
    offer_id: ids.offer,
    order_id: ids.order,
    outcome: 'accepted',
    id: '8',
  }),
  status_result: row('What became of a change of duty.', StatusResult, {
    type: 'status_result',
    outcome: 'changed',
    status: 'available',
    id: '9',
  }),
  driver_status: row(
    "The driver's duty changed, here or elsewhere; a fleet view hears it of each of its drivers, `busy` too.",
    DriverStatusChanged,
    { type: 'driver_status', driver_id: ids.driver, status: 'available' },
  ),
  membership: row(
    'The pharmacy took the driver, or parted with them; after the end nothing else comes but what is still carried.',
    MembershipMessage,
    {
      type: 'membership',
      driver_id: ids.driver,
      vendor_id: ids.vendor,
      membership: 'ended',
      active_order_ids: [],
    },
  ),
  assignment_ended: row("The delivery is this driver's no more.", AssignmentEnded, {
    type: 'assignment_ended',
    order_id: ids.order,
    offer_id: ids.offer,
    reason: 'the driver does not belong to the pharmacy any more',
  }),
  driver_membership: row(
    'A driver asks to join the pharmacy, belongs to it, or does no more.',
    DriverMembership,
    {
      type: 'driver_membership',
      driver_id: ids.driver,
      driver_name: 'Dora',
      membership: 'pending',
    },
  ),
  approval: row(
    'An administrator decided upon the pharmacy or its move; of one that is suspended it is the last message.',
    ApprovalMessage,
    {
      type: 'approval',
      vendor_id: ids.vendor,
      status: 'suspended',
      reason: 'the licence has expired',
      latitude: 27.71,
      longitude: 85.33,
      moving_to: null,
    },
  ),
  ack: row('Every frame up to `seq` has been handed to the bus: the app may drop it.', Ack, {
    type: 'ack',
    seq: 118,
  }),
  fleet: row('First message of a fleet view: every driver with the last position.', FleetMessage, {
    type: 'fleet',
    vendor_id: ids.vendor,
    vendor_name: 'City Pharmacy',
    drivers: [
      {
        driver_id: ids.driver,
        status: 'busy',
        ...pin,
        at,
        full_name: 'Dora',
        vehicle_type: 'bike',
      },
    ],
  }),
  fleet_locations: row('Drivers of the fleet that moved, once a tick.', FleetLocations, {
    type: 'locations',
    vendor_id: ids.vendor,
    drivers: [{ driver_id: ids.driver, status: 'busy', ...pin, at }],
  }),
} as const
export type SocketMessageName = keyof typeof socketMessages

/** The five channels: where, who may, what goes in and out. */
export const socketChannels = {
  terminal: {
    path: '/ws/pharmacy/',
    title: "A pharmacy's terminal",
    parameters: {},
    sends: ['respond', 'ping'],
    receives: [
      'terminal_greeting',
      'new_request',
      'request_ended',
      'new_order',
      'status',
      'response_result',
      'driver_search_ended',
      'driver_membership',
      'approval',
      'error',
      'pong',
    ],
  },
  customer: {
    path: '/ws/customer/',
    title: "A customer's app",
    parameters: {},
    sends: ['ping'],
    receives: [
      'customer_greeting',
      'pharmacy_response',
      'request_over',
      'status',
      'location',
      'error',
      'pong',
    ],
  },
  driver: {
    path: '/ws/driver',
    title: "A driver's app",
    parameters: {},
    sends: ['location_text', 'offer_response', 'set_status', 'ping'],
    receives: [
      'driver_greeting',
      'offer',
      'offer_withdrawn',
      'assigned',
      'assignment_ended',
      'driver_status',
      'membership',
      'offer_result',
      'status_result',
      'ack',
      'error',
      'pong',
    ],
  },
  fleet: {
    path: '/ws/vendor/{vendor_id}',
    title: "A pharmacy's fleet on a map, and its orders",
    parameters: { vendor_id: 'The pharmacy' },
    sends: ['ping'],
    receives: [
      'fleet',
      'fleet_locations',
      'driver_status',
      'driver_membership',
      'new_order',
      'status',
      'driver_search_ended',
      'approval',
      'error',
      'pong',
    ],
  },
  tracking: {
    path: '/ws/tracking/{tracking_token}',
    title: 'The public tracking link',
    parameters: { tracking_token: 'From the order; no other authentication' },
    sends: ['ping'],
    receives: ['tracking_state', 'status', 'location', 'error', 'pong'],
  },
} as const satisfies Record<
  string,
  {
    path: string
    title: string
    parameters: Record<string, string>
    sends: readonly SocketMessageName[]
    receives: readonly SocketMessageName[]
  }
>
