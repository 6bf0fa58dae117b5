/**
 * Pushes: what engines ask edges to put on sockets, and what edges and engines tell each other about
 * them. Soft by design: a push may be lost or repeated; terminals resynchronise, trackers begin with
 * the full state, and edges drop what a socket knows.
 */
import { pharmacyStatuses } from '../pharmacies/statuses.ts'
import Type from 'typebox'
import { at, ids } from '../kernel/examples.ts'
import { AtMs, Latitude, Longitude, nullable, oneOf, Point, Text } from '../kernel/schema.ts'
import { OpeningHours } from '../pharmacies/opening-hours.ts'
import { NewRequestBody, type RequestEnded } from '../orders/messages.ts'
import { Uuid } from '../kernel/principal.ts'
import { dispatchPolicies } from '../drivers/policies.ts'
import { driverStatuses } from '../drivers/statuses.ts'
import type { SocketMessage } from './messages.ts'
import type { Tariff } from '../pricing/tariff.ts'

/** Who should hear it: every socket subscribed to the topic, on whichever edge. */
export const topics = {
  vendor: (vendorId: string) => `vendor:${vendorId}`,
  customer: (customerId: string) => `customer:${customerId}`,
  driver: (driverId: string) => `driver:${driverId}`,
  /** Whoever watches the drivers of a pharmacy. */
  fleet: (vendorId: string) => `fleet:${vendorId}`,
  /** Trackers of one order. */
  order: (orderId: string) => `order:${orderId}`,
} as const

/** The schema says less than the type: a push is checked whole by the edge's tests, not at every hop. */
const Message = Type.Unsafe<SocketMessage>(
  Type.Object(
    { type: Type.String({ description: 'One of the messages of the WebSocket channels' }) },
    { additionalProperties: true },
  ),
)
const End = Type.Unsafe<RequestEnded>(Message)

/** One message on `push.all`, body of a list. */
export const Push = Type.Union([
  Type.Object(
    {
      kind: Type.Literal('topic'),
      topic: Type.String({
        description: '`vendor:`, `customer:`, `driver:`, `fleet:` or `order:` and an id',
      }),
      message: Message,
    },
    { description: 'A message to all sockets of a topic' },
  ),
  Type.Object(
    {
      kind: Type.Literal('new_request'),
      body: NewRequestBody,
      vendor_ids: Type.Array(Uuid),
      distances_km: Type.Array(Type.Number()),
    },
    {
      description:
        'A broadcast request to the terminals of many pharmacies: one message, distances beside it',
    },
  ),
  Type.Object(
    {
      kind: Type.Literal('request_closed'),
      request_id: Uuid,
      vendor_ids: Type.Array(Uuid),
      message: End,
    },
    {
      description:
        'The end of a request, to all who were asked but one: `request_taken`, `request_expired` or `request_cancelled`',
    },
  ),
])
export type Push = Type.Static<typeof Push>
export const PushList = Type.Array(Push)
export type PushList = Push[]

/** From an edge on `interest`: everything its sockets watch. Renewed as a whole, so loss heals itself. */
export const InterestMessage = Type.Object({
  edge_id: Text,
  full: Type.Boolean({
    description: 'True when the lists are all there is; false when they add to it',
  }),
  order_ids: Type.Array(Uuid, {
    description: "Orders with a tracker or the order's customer connected",
  }),
  vendor_ids: Type.Array(Uuid, { description: 'Vendors with a fleet view open' }),
  gone: Type.Optional(
    Type.Literal(true, { description: 'Everything ended: the edge is going away' }),
  ),
})
export type InterestMessage = Type.Static<typeof InterestMessage>

/** From an edge on `terminals`: these pharmacies' terminals want every open request they are eligible for. */
export const TerminalsMessage = Type.Object({ vendor_ids: Type.Array(Uuid) })
export type TerminalsMessage = Type.Static<typeof TerminalsMessage>

const pin = {
  latitude: Latitude,
  longitude: Longitude,
  heading: nullable(Type.Number()),
  speed: nullable(Type.Number()),
  at_ms: AtMs,
}
export const OrderLocation = Type.Object({
  order_id: Uuid,
  ...pin,
  eta_minutes: Type.Union([Type.Number(), Type.Null()], {
    description: 'To the drop-off; before the pick-up by way of the pharmacy',
  }),
  distance_km: Type.Number(),
})
export type OrderLocation = Type.Static<typeof OrderLocation>
export const FleetLocation = Type.Object({ vendor_id: Uuid, driver_id: Uuid, status: Text, ...pin })
export type FleetLocation = Type.Static<typeof FleetLocation>
/** From an engine to one edge, once a tick: positions of what that edge watches. */
export const LocationPush = Type.Object({
  orders: Type.Array(OrderLocation),
  fleet: Type.Array(FleetLocation),
})
export type LocationPush = Type.Static<typeof LocationPush>

/** `query.position`: asked by edges, answered by any engine. */
export const PositionQuery = Type.Object({
  driver_id: Uuid,
  target: Type.Optional(Point),
  /** On the way to the target, for an order not yet picked up. */
  via: Type.Optional(Point),
})
export type PositionQuery = Type.Static<typeof PositionQuery>
export const PositionAnswer = Type.Object({
  position: nullable(Type.Object(pin)),
  distance_km: nullable(Type.Number()),
  eta_minutes: nullable(Type.Number()),
})
export type PositionAnswer = Type.Static<typeof PositionAnswer>

const TariffTerms: Type.TUnsafe<Tariff> = Type.Unsafe<Tariff>(
  Type.Object({
    currency: Type.Optional(Type.String()),
    base_minor: Type.Integer(),
    minimum_minor: Type.Integer(),
    bands: Type.Array(
      Type.Object({ up_to_km: nullable(Type.Number()), per_km_minor: Type.Integer() }),
    ),
  }),
)
/** From the edge on `directory.vendor` after it wrote the row. */
export const DirectoryVendor = Type.Object({
  vendor_id: Uuid,
  name: Text,
  phone: Text,
  address: nullable(Text),
  latitude: Latitude,
  longitude: Longitude,
  status: oneOf(pharmacyStatuses, { description: 'What an administrator decided' }),
  is_active: Type.Boolean({
    description:
      'Decided to be active, and not closed by the pharmacy itself: only then is it asked',
  }),
  revision: Type.Integer({
    description: 'Edits of the row so far: an older message does not undo a newer one',
  }),
  proof_required: Type.Boolean(),
  dispatch_policy: oneOf(dispatchPolicies),
  time_zone: Text,
  opening_hours: Type.Union([OpeningHours, Type.Null()], { description: 'Null: never closed' }),
  tariff: Type.Union([TariffTerms, Type.Null()], { description: 'Null: the default tariff' }),
})
export type DirectoryVendor = Type.Static<typeof DirectoryVendor>

/** From an engine on `roster.rows`: which of its drivers may be asked. Soft: the driver's actor decides. */
export const RosterRow = Type.Object({
  driverId: Uuid,
  vendorId: Uuid,
  vehicleType: Text,
  status: oneOf(driverStatuses),
  canTakeMore: Type.Boolean({ description: 'Available, no offer outstanding, capacity left' }),
})
export type RosterRow = Type.Static<typeof RosterRow>
export const RosterMessage = Type.Object({ engine_id: Text, rows: Type.Array(RosterRow) })
export interface RosterMessage {
  engine_id: string
  rows: RosterRow[]
}

/** `query.health`: what an engine says of itself. Numbers may be added. */
export const HealthAnswer = Type.Object(
  { engine_id: Text, slots: Type.Integer(), actors: Type.Integer() },
  { additionalProperties: true },
)

const here = {
  latitude: 27.7145,
  longitude: 85.3271,
  heading: 180,
  speed: 8,
  at_ms: 1_790_000_000_000,
}
/** What crosses the bus beside commands, events and locations: what each says, its shape, an example. */
export const pushMessages = {
  push_list: {
    description:
      'What sockets must hear, addressed by topic: to every edge, since any of them may have the socket.',
    schema: PushList,
    example: [
      {
        kind: 'topic',
        topic: topics.order(ids.order),
        message: { type: 'status', order_id: ids.order, status: 'picked_up', at },
      },
    ],
  },
  location_push: {
    description:
      'Where the drivers are whom the sockets of one edge watch: once a tick, only what moved.',
    schema: LocationPush,
    example: {
      orders: [{ order_id: ids.order, ...here, eta_minutes: 3, distance_km: 0.9 }],
      fleet: [{ vendor_id: ids.vendor, driver_id: ids.driver, status: 'busy', ...here }],
    },
  },
  interest: {
    description: 'What the sockets of an edge watch; to be renewed, or it lapses.',
    schema: InterestMessage,
    example: { edge_id: 'edge-1', full: true, order_ids: [ids.order], vendor_ids: [ids.vendor] },
  },
  terminals: {
    description: 'Terminals that (re)connected and want every open request they are eligible for.',
    schema: TerminalsMessage,
    example: { vendor_ids: [ids.vendor] },
  },
  directory_vendor: {
    description: 'A pharmacy was registered or changed.',
    schema: DirectoryVendor,
    example: {
      vendor_id: ids.vendor,
      name: 'City Pharmacy',
      phone: '+9779800000000',
      address: '1 Main St',
      latitude: 27.71,
      longitude: 85.33,
      status: 'active',
      is_active: true,
      revision: 3,
      proof_required: true,
      dispatch_policy: 'manual',
      time_zone: 'Asia/Kathmandu',
      opening_hours: null,
      tariff: null,
    },
  },
  roster_rows: {
    description: 'Drivers of one engine whose availability changed, or all of them when asked.',
    schema: RosterMessage,
    example: {
      engine_id: 'engine-1',
      rows: [
        {
          driverId: ids.driver,
          vendorId: ids.vendor,
          vehicleType: 'bike',
          status: 'available',
          canTakeMore: true,
        },
      ],
    },
  },
  roster_wanted: {
    description: 'An engine that starts asks the others for their rosters.',
    schema: Type.Object({}),
    example: {},
  },
  slots_changed: {
    description:
      'An engine joined, let go of slots or left: to every engine, look now. A hint without a body; it may be lost.',
    schema: Type.Unknown({ description: 'Empty' }),
    example: {},
  },
  webhook_nudge: {
    description:
      'Look now, something changed: to the edge that delivers webhooks. A hint without a body; it may be lost.',
    schema: Type.Unknown({ description: 'Empty' }),
    example: {},
  },
  access_ended: {
    description:
      "Somebody's access has ended: to every edge, look now. A hint without a body; it may be lost.",
    schema: Type.Unknown({ description: 'Empty' }),
    example: {},
  },
  position_query: {
    description: 'Where is this driver, and how far from that point?',
    schema: PositionQuery,
    example: { driver_id: ids.driver, target: { latitude: 27.7172, longitude: 85.324 } },
  },
  position_answer: {
    description: 'The live position; nulls when nothing was heard of the driver.',
    schema: PositionAnswer,
    example: { position: here, distance_km: 0.9, eta_minutes: 3 },
  },
  health_query: { description: 'Who is there?', schema: Type.Object({}), example: {} },
  health_answer: {
    description: 'What an engine says of itself.',
    schema: HealthAnswer,
    example: { engine_id: 'engine-1', slots: 32, actors: 1_204 },
  },
} as const
