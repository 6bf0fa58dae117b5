/**
 * Events: facts, as the journal stores them and the bus publishes them after commit. The journal
 * keeps `data` as written here, so a change of shape is a new `v` with an upcaster, never an edit.
 * Times inside data are ms since the epoch, `_ms` in the name.
 *
 * Schemas and not interfaces: the AsyncAPI document shows these very objects, and a test holds every
 * event of a run against them. They are open (a consumer must bear new fields); the test is not.
 */
import { driverOutcomes } from '../orders/statuses.ts'
import { availabilities, memberships } from '../drivers/statuses.ts'
import Type from 'typebox'
import { searchPolicies } from '../drivers/policies.ts'
import {
  AtMs,
  Currency,
  Item,
  Latitude,
  Longitude,
  Minor,
  nullable,
  Text,
  oneOf,
} from '../kernel/schema.ts'
import { DeliveryFlag } from '../orders/delivery-flag.ts'
import { Principal, Uuid } from '../kernel/principal.ts'
import { ids } from '../kernel/examples.ts'
import { uploadUrl } from '../uploads/url.ts'

const Km = Type.Number({ minimum: 0, description: 'Kilometres' })
const Nothing = Type.Object({}, { description: 'Nothing to add: the name says it' })

export const Place = Type.Object({
  latitude: Latitude,
  longitude: Longitude,
  address: nullable(Text),
})
export type Place = Type.Static<typeof Place>

export const PharmacyFact = Type.Object({
  vendor_id: Uuid,
  name: Text,
  phone: Text,
  latitude: Latitude,
  longitude: Longitude,
  address: nullable(Text),
  proof_required: Type.Boolean({
    description: 'Does this pharmacy want a photo or a signature at the door?',
  }),
})
export type PharmacyFact = Type.Static<typeof PharmacyFact>

export const CandidateFact = Type.Object({
  vendor_id: Uuid,
  distance_km: Km,
  area_km: Type.Optional(
    Type.Number({
      minimum: 0,
      description:
        'Kilometres from the area of the door (0.01 degrees), to 100 m: what the pharmacy is told before it accepts',
    }),
  ),
})
export type CandidateFact = Type.Static<typeof CandidateFact>

export const FeeFact = Type.Object({
  quote_id: Type.Union([Uuid, Type.Null()], {
    description: "Null: by the pharmacy's tariff at that moment",
  }),
  vendor_id: Type.Union([Uuid, Type.Null()], {
    description: 'Whose fee it is; null: that of whoever accepts',
  }),
  fee_minor: Minor,
  distance_km: Type.Number({ minimum: 0, description: 'By road' }),
})
export type FeeFact = Type.Static<typeof FeeFact>

const newOrder = {
  order_id: Uuid,
  tracking_token: Type.String({
    description: 'Opens the public tracking page: treat it as a secret',
  }),
  customer_id: Uuid,
  customer_name: Text,
  customer_phone: Text,
  dropoff: Place,
  items: Type.Array(Item),
  quantity: nullable(Type.Integer({ minimum: 1 })),
  notes: nullable(Text),
  prescription_url: nullable(Text),
  currency: Currency,
  fee: Type.Union([FeeFact, Type.Null()], {
    description: 'As the customer was told it; null in a request without a quote',
  }),
}

export const OfferFact = Type.Object({
  offer_id: Uuid,
  driver_id: Uuid,
  mode: Type.Union([Type.Literal('offer'), Type.Literal('assign')], {
    description: "`assign`: the pharmacy picked; the driver's actor accepts by itself if it can",
  }),
  expires_at_ms: AtMs,
  eta_minutes: nullable(Type.Number()),
  distance_km: nullable(Km),
})
export type OfferFact = Type.Static<typeof OfferFact>

/** What a driver may know of an order before taking it: where from, where to, what it pays; not who. */
export const HeldOfferFact = Type.Object({
  offer_id: Uuid,
  order_id: Uuid,
  mode: OfferFact.properties.mode,
  expires_at_ms: AtMs,
  pickup: Place,
  dropoff: Place,
  distance_km: Km,
  fee_minor: Minor,
  currency: Currency,
})
export type HeldOfferFact = Type.Static<typeof HeldOfferFact>

/** Which event a command between actors follows from. */
export const SourceFact = Type.Object({
  slot: Type.Integer({ minimum: 0 }),
  seq: Type.Integer({ minimum: 1 }),
})
export type SourceFact = Type.Static<typeof SourceFact>

export const DriverFact = Type.Object({
  driver_id: Uuid,
  name: Text,
  phone: Text,
  vehicle_type: Text,
})
export type DriverFact = Type.Static<typeof DriverFact>

const vendor = {
  vendor_id: ids.pharmacy,
  name: 'City Pharmacy',
  phone: '+9779800000000',
  latitude: 27.71,
  longitude: 85.33,
  address: '1 Main St',
  proof_required: true,
}
const dora = {
  driver_id: ids.driver,
  name: 'Dora',
  phone: '+9779800000001',
  vehicle_type: 'bike',
}
const home = { latitude: 27.7172, longitude: 85.324, address: '456 Home Ave' }
const asked = {
  order_id: ids.order,
  tracking_token: '9f8b6a54c3d2e1f09f8b6a54c3d2e1f0',
  customer_id: ids.customer,
  customer_name: 'John Doe',
  customer_phone: '9841234567',
  dropoff: home,
  items: [{ name: 'Aspirin', quantity: 2 }],
  quantity: null,
  notes: 'Call before delivery',
  prescription_url: null,
  currency: 'USD',
  fee: null,
}
const fact = <T extends Type.TSchema>(description: string, data: T, example: Type.Static<T>) => ({
  description,
  data,
  example,
})

/** One row per event of an order: what it says, the shape of `data`, an example. */
export const orderEvents = {
  broadcast_opened: fact(
    'A customer asks the pharmacies nearby; `candidates` are those asked, nearest first.',
    Type.Object({
      ...newOrder,
      radius_km: Km,
      expires_at_ms: AtMs,
      candidates: Type.Array(CandidateFact),
    }),
    {
      ...asked,
      quantity: 10,
      radius_km: 5,
      expires_at_ms: 1_790_000_300_000,
      candidates: [{ vendor_id: ids.pharmacy, distance_km: 0.98 }],
    },
  ),
  order_placed: fact(
    'A customer orders from a known pharmacy.',
    Type.Object({
      ...newOrder,
      vendor: PharmacyFact,
      distance_km: Type.Number({ minimum: 0, description: 'By road' }),
    }),
    {
      ...asked,
      vendor,
      distance_km: 1.3,
      fee: { quote_id: null, vendor_id: ids.pharmacy, fee_minor: 300, distance_km: 1.3 },
    },
  ),
  response_recorded: fact(
    'A pharmacy declined an open request.',
    Type.Object({
      vendor_id: Uuid,
      vendor_name: Text,
      latitude: Latitude,
      longitude: Longitude,
      distance_km: Km,
      text_message: nullable(Text),
      audio_url: nullable(Text),
    }),
    {
      vendor_id: ids.pharmacy,
      vendor_name: 'City Pharmacy',
      latitude: 27.71,
      longitude: 85.33,
      distance_km: 0.98,
      text_message: 'out of stock',
      audio_url: null,
    },
  ),
  order_accepted: fact(
    'A pharmacy takes the order: the only winner of a request, or the one that was asked.',
    Type.Object({
      vendor: PharmacyFact,
      distance_km: Km,
      fee_minor: Minor,
      text_message: nullable(Text),
      audio_url: nullable(Text),
    }),
    { vendor, distance_km: 1.3, fee_minor: 300, text_message: 'Available!', audio_url: null },
  ),
  order_rejected: fact(
    'The pharmacy that was asked refuses. An end.',
    Type.Object({ vendor_id: Uuid, reason: nullable(Text) }),
    { vendor_id: ids.pharmacy, reason: 'closed today' },
  ),
  request_expired: fact(
    'Nobody took the request in time, or nobody was near. An end.',
    Type.Object({
      reason: Type.Union([Type.Literal('deadline'), Type.Literal('no_pharmacy_in_radius')]),
    }),
    { reason: 'deadline' },
  ),
  order_cancelled: fact(
    'Called off before the pick-up. An end.',
    Type.Object({
      by: Type.String({
        description: 'The role of who did it; a service with its name, `service:dispatch`',
      }),
      reason: nullable(Text),
    }),
    { by: 'customer', reason: null },
  ),
  tracking_reissued: fact(
    'A new public link; the old one opens nothing any more.',
    Type.Object({ tracking_token: newOrder.tracking_token }),
    { tracking_token: '0f1e2d3c4b5a69780f1e2d3c4b5a6978' },
  ),
  driver_search_started: fact(
    'Drivers are asked one after the other, the nearest first.',
    Type.Object({
      policy: oneOf(searchPolicies),
      offer_ttl_ms: Type.Integer(),
      deadline_ms: AtMs,
    }),
    { policy: 'offer', offer_ttl_ms: 30_000, deadline_ms: 1_790_000_600_000 },
  ),
  offer_made: fact('A driver is asked, or picked by the pharmacy.', OfferFact, {
    offer_id: ids.offer,
    driver_id: ids.driver,
    mode: 'offer',
    expires_at_ms: 1_790_000_030_000,
    eta_minutes: 4,
    distance_km: 1.1,
  }),
  offer_closed: fact(
    'The driver who was asked does not take it.',
    Type.Object({
      offer_id: Uuid,
      driver_id: Uuid,
      outcome: Type.Union([
        Type.Literal('declined'),
        Type.Literal('expired'),
        Type.Literal('unavailable'),
        Type.Literal('withdrawn'),
      ]),
      reason: nullable(Text),
      code: Type.Union([Text, Type.Null()], {
        description: "The refusal's code in the error catalogue, when the driver's actor refused",
      }),
    }),
    { offer_id: ids.offer, driver_id: ids.driver, outcome: 'declined', reason: null, code: null },
  ),
  driver_search_ended: fact(
    'No driver took it; the pharmacy may assign one or search again.',
    Type.Object({ outcome: Type.Literal('exhausted') }),
    { outcome: 'exhausted' },
  ),
  driver_assigned: fact(
    'The order has its driver.',
    Type.Object({ offer_id: Uuid, driver: DriverFact }),
    {
      offer_id: ids.offer,
      driver: dora,
    },
  ),
  driver_unassigned: fact(
    'The driver left the pharmacy before the pick-up; the order looks for another one.',
    Type.Object({
      driver_id: Uuid,
      offer_id: Type.String({ description: 'Of the assignment that is over' }),
      reason: Text,
    }),
    { driver_id: ids.driver, offer_id: ids.offer, reason: 'the pharmacy ended the membership' },
  ),
  arrived_at_pickup: fact('The driver is at the pharmacy, by geofence.', Nothing, {}),
  picked_up: fact('The driver has the parcel.', Nothing, {}),
  out_for_delivery: fact('The driver is on the way to the customer.', Nothing, {}),
  arrived_at_dropoff: fact('The driver is at the door, by geofence.', Nothing, {}),
  assigned_driver_updated: fact(
    'The driver of the order has another name, phone or vehicle now.',
    Type.Object({ driver: DriverFact }),
    { driver: { ...dora, phone: '+9779800000002', vehicle_type: 'scooter' } },
  ),
  delivered: fact(
    'Handed over. An end.',
    Type.Object({
      driver_id: Uuid,
      proof_photo_url: nullable(Text),
      signature_url: nullable(Text),
      actual_distance_km: Type.Union([Km, Type.Null()], {
        description: 'As driven; null when too little was heard of the driver',
      }),
      earnings_minor: Minor,
      door_distance_m: Type.Union([Type.Integer({ minimum: 0 }), Type.Null()], {
        description:
          'From the driver to the door; null when there was no fresh position, and before version 5',
      }),
      reason: Type.Union([Text, Type.Null()], {
        description: 'Why it was delivered far from the door, or without a fresh position',
      }),
      flag: Type.Union([DeliveryFlag, Type.Null()], {
        description:
          'The delivery was far from the door, or nobody knows how far, and no reason was given',
      }),
    }),
    {
      driver_id: ids.driver,
      proof_photo_url: uploadUrl(ids.offer),
      signature_url: null,
      actual_distance_km: 1.42,
      earnings_minor: 300,
      door_distance_m: 12,
      reason: null,
      flag: null,
    },
  ),
  delivery_failed: fact('It could not be handed over.', Type.Object({ reason: Text }), {
    reason: 'nobody at home',
  }),
  return_started: fact('It goes back to the pharmacy.', Nothing, {}),
  returned: fact('The pharmacy has it again. An end.', Type.Object({ driver_id: Uuid }), {
    driver_id: ids.driver,
  }),
} as const

/** One row per event of a driver. */
export const driverEvents = {
  driver_registered: fact(
    "A driver joins a pharmacy's fleet.",
    Type.Object({
      driver_id: Uuid,
      vendor_id: Uuid,
      full_name: Text,
      phone: Text,
      vehicle_type: Text,
      capacity: Type.Integer({ minimum: 1, description: 'Orders at a time' }),
      currency: Currency,
    }),
    {
      driver_id: ids.driver,
      vendor_id: ids.pharmacy,
      full_name: 'Dora',
      phone: '+9779800000001',
      vehicle_type: 'bike',
      capacity: 1,
      currency: 'USD',
    },
  ),
  driver_updated: fact(
    'The driver has another name, phone or vehicle now.',
    Type.Object({ full_name: Text, phone: Text, vehicle_type: Text }),
    { full_name: 'Dora', phone: '+9779800000002', vehicle_type: 'scooter' },
  ),
  status_changed: fact(
    'On duty, on a break, or off.',
    Type.Object({ availability: oneOf(availabilities) }),
    { availability: 'available' },
  ),
  membership_changed: fact(
    'The driver asks to join a pharmacy, belongs to it, or belongs to it no more. Who is registered belongs to it until this says otherwise.',
    Type.Object({
      membership: oneOf(memberships),
    }),
    { membership: 'ended' },
  ),
  duty_barred: fact(
    'The pharmacy took the driver off duty, and only the pharmacy ends that; or it ended that.',
    Type.Object({ barred: Type.Boolean() }),
    { barred: true },
  ),
  offer_held: fact(
    "An offer takes one place of the driver's capacity until the order lets go of it.",
    Type.Object({
      ...HeldOfferFact.properties,
      source: Type.Union([SourceFact, Type.Null()], {
        description:
          'The `offer_made` that asked, by slot and number: no offer is held twice. Null before version 3',
      }),
    }),
    {
      offer_id: ids.offer,
      order_id: ids.order,
      mode: 'offer',
      expires_at_ms: 1_790_000_030_000,
      pickup: { latitude: 27.71, longitude: 85.33, address: '1 Main St' },
      dropoff: home,
      distance_km: 1.3,
      fee_minor: 300,
      currency: 'USD',
      source: { slot: 7, seq: 42 },
    },
  ),
  offer_released: fact(
    'The place is free again.',
    Type.Object({ offer_id: Uuid, order_id: Uuid, outcome: Text }),
    { offer_id: ids.offer, order_id: ids.order, outcome: 'declined' },
  ),
  order_assigned: fact(
    "An order is this driver's.",
    Type.Object({ offer_id: Uuid, order_id: Uuid }),
    { offer_id: ids.offer, order_id: ids.order },
  ),
  order_completed: fact(
    "An order is this driver's no more; what it earned is booked, once.",
    Type.Object({
      order_id: Uuid,
      outcome: oneOf(driverOutcomes),
      earnings_minor: Minor,
      currency: Currency,
    }),
    { order_id: ids.order, outcome: 'delivered', earnings_minor: 300, currency: 'USD' },
  ),
} as const

type Events<Rows extends Record<string, { data: Type.TSchema }>> = {
  [Name in keyof Rows]: { type: Name; data: Type.Static<Rows[Name]['data']> }
}[keyof Rows]
export type OrderEvent = Events<typeof orderEvents>
export type DriverEvent = Events<typeof driverEvents>

/** Version of the data shapes above; the journal stores it beside each event. */
export const eventVersion = 6

/** What is published on `caduceus.v1.event.<actor>.<type>.<id>`. */
export const PublishedEvent = Type.Object({
  id: Type.String({
    description:
      '`<slot>.<seq>`: the message id for deduplication; a republication carries the same',
  }),
  slot: Type.Integer({ minimum: 0 }),
  seq: Type.Integer({ minimum: 1, description: 'Contiguous per slot' }),
  order_seq: Type.Integer({
    minimum: 1,
    description: 'Version of the actor after this event: contiguous per order and per driver',
  }),
  at: Type.String({ format: 'date-time' }),
  actor: Type.String({ description: 'The kind of actor: order or driver' }),
  actor_id: Uuid,
  type: Text,
  v: Type.Integer({ minimum: 1, description: 'Version of the shape of the event' }),
  by: Type.Union([Principal, Type.Null()], {
    description:
      'Who acted: a person, a pharmacy, a service, or `system` for timers, geofences and what actors tell each other. Null when an older release wrote the event and did not say',
  }),
  data: Type.Unknown(),
})
export type PublishedEvent = Type.Static<typeof PublishedEvent>
