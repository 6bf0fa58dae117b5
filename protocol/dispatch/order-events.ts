/**
 * Events of an order: one row a type. A change of a shape is a new version with an upcaster
 * (`upcast.ts`).
 */
import Type from 'typebox'
import { searchPolicies } from '../drivers/policies.ts'
import { ids } from '../kernel/examples.ts'
import { Uuid } from '../kernel/principal.ts'
import {
  AtMs,
  Currency,
  Item,
  Latitude,
  Longitude,
  Minor,
  nullable,
  oneOf,
  Text,
} from '../kernel/schema.ts'
import { EvidenceFact } from '../custody/evidence.ts'
import { DeliveryFlag } from '../orders/delivery-flag.ts'
import { noneGiven, toldSchemas } from '../orders/fields.ts'
import { uploadUrl } from '../uploads/url.ts'
import { custodyEvents } from './custody-events.ts'
import { dora, home, orderFact, pharmacy } from './event-row.ts'
import { CandidateFact, DriverFact, FeeFact, Km, OfferFact, Place, PharmacyFact } from './facts.ts'

const evidenced = { custody: Type.Optional(EvidenceFact) }
const Evidenced = Type.Object(evidenced, { description: 'The evidence, where some was given' })
const Nothing = Type.Object({}, { description: 'Nothing to add: the name says it' })

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
  ...toldSchemas,
  currency: Currency,
  fee: Type.Union([FeeFact, Type.Null()], {
    description: 'As the customer was told it; null in a request without a quote',
  }),
}

const asked = {
  order_id: ids.order,
  tracking_token: '9f8b6a54c3d2e1f09f8b6a54c3d2e1f0',
  customer_id: ids.customer,
  customer_name: 'John Doe',
  customer_phone: '9841234567',
  dropoff: home,
  items: [{ name: 'Aspirin', quantity: 2 }],
  quantity: null,
  ...noneGiven,
  notes: 'Call before delivery',
  currency: 'USD',
  fee: null,
}

/**
 * One row per event of an order: its public name, what it says, the shape of `data`, an example.
 */
export const orderEvents = {
  broadcast_opened: orderFact(
    'order.requested',
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
  order_placed: orderFact(
    'order.placed',
    'A customer orders from a known pharmacy.',
    Type.Object({
      ...newOrder,
      vendor: PharmacyFact,
      distance_km: Type.Number({ minimum: 0, description: 'By road' }),
    }),
    {
      ...asked,
      vendor: pharmacy,
      distance_km: 1.3,
      fee: { quote_id: null, vendor_id: ids.pharmacy, fee_minor: 300, distance_km: 1.3 },
    },
  ),
  response_recorded: orderFact(
    'order.response_recorded',
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
  order_accepted: orderFact(
    'order.accepted',
    'A pharmacy takes the order: the only winner of a request, or the one that was asked.',
    Type.Object({
      vendor: PharmacyFact,
      distance_km: Km,
      fee_minor: Minor,
      text_message: nullable(Text),
      audio_url: nullable(Text),
    }),
    {
      vendor: pharmacy,
      distance_km: 1.3,
      fee_minor: 300,
      text_message: 'Available!',
      audio_url: null,
    },
  ),
  order_rejected: orderFact(
    'order.rejected',
    'The pharmacy that was asked refuses. An end.',
    Type.Object({ vendor_id: Uuid, reason: nullable(Text) }),
    { vendor_id: ids.pharmacy, reason: 'closed today' },
  ),
  request_expired: orderFact(
    'order.expired',
    'Nobody took the request in time, or nobody was near. An end.',
    Type.Object({
      reason: Type.Union([Type.Literal('deadline'), Type.Literal('no_pharmacy_in_radius')]),
    }),
    { reason: 'deadline' },
  ),
  order_cancelled: orderFact(
    'order.cancelled',
    'Called off before the pick-up. An end.',
    Type.Object({
      by: Type.String({
        description: 'The role of who did it; a service with its name, `service:dispatch`',
      }),
      reason: nullable(Text),
    }),
    { by: 'customer', reason: null },
  ),
  tracking_reissued: orderFact(
    'order.tracking_reissued',
    'A new public link; the old one opens nothing any more.',
    Type.Object({ tracking_token: newOrder.tracking_token }),
    { tracking_token: '0f1e2d3c4b5a69780f1e2d3c4b5a6978' },
  ),
  driver_search_started: orderFact(
    'order.driver_search_started',
    'Drivers are asked one after the other, the nearest first.',
    Type.Object({
      policy: oneOf(searchPolicies),
      offer_ttl_ms: Type.Integer(),
      deadline_ms: AtMs,
    }),
    { policy: 'offer', offer_ttl_ms: 30_000, deadline_ms: 1_790_000_600_000 },
  ),
  offer_made: orderFact(
    'order.offer_made',
    'A driver is asked, or picked by the pharmacy.',
    OfferFact,
    {
      offer_id: ids.offer,
      driver_id: ids.driver,
      mode: 'offer',
      expires_at_ms: 1_790_000_030_000,
      eta_minutes: 4,
      distance_km: 1.1,
    },
  ),
  offer_closed: orderFact(
    'order.offer_closed',
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
  driver_search_ended: orderFact(
    'order.driver_search_ended',
    'No driver took it; the pharmacy may assign one or search again.',
    Type.Object({ outcome: Type.Literal('exhausted') }),
    { outcome: 'exhausted' },
  ),
  driver_assigned: orderFact(
    'order.driver_assigned',
    'The order has its driver.',
    Type.Object({ offer_id: Uuid, driver: DriverFact }),
    {
      offer_id: ids.offer,
      driver: dora,
    },
  ),
  driver_unassigned: orderFact(
    'order.driver_unassigned',
    'The driver left the pharmacy before the pick-up; the order looks for another one.',
    Type.Object({
      driver_id: Uuid,
      offer_id: Type.String({ description: 'Of the assignment that is over' }),
      reason: Text,
    }),
    { driver_id: ids.driver, offer_id: ids.offer, reason: 'the pharmacy ended the membership' },
  ),
  assigned_driver_updated: orderFact(
    'order.driver_updated',
    'The driver of the order has another name, phone or vehicle now.',
    Type.Object({ driver: DriverFact }),
    { driver: { ...dora, phone: '+9779800000002', vehicle_type: 'scooter' } },
  ),
  arrived_at_pickup: orderFact(
    'order.arrived_at_pickup',
    'The driver is at the pharmacy, by geofence.',
    Nothing,
    {},
  ),
  picked_up: orderFact('order.picked_up', 'The driver has the parcel.', Evidenced, {}),
  out_for_delivery: orderFact(
    'order.out_for_delivery',
    'The driver is on the way to the customer.',
    Nothing,
    {},
  ),
  arrived_at_dropoff: orderFact(
    'order.arrived_at_dropoff',
    'The driver is at the door, by geofence.',
    Nothing,
    {},
  ),
  delivered: orderFact(
    'order.delivered',
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
      ...evidenced,
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
  delivery_failed: orderFact(
    'order.failed',
    'It could not be handed over.',
    Type.Object({ reason: Text, ...evidenced }),
    {
      reason: 'nobody at home',
    },
  ),
  return_started: orderFact('order.returning', 'It goes back to the pharmacy.', Nothing, {}),
  returned: orderFact(
    'order.returned',
    'The pharmacy has it again. An end.',
    Type.Object({ driver_id: Uuid, ...evidenced }),
    {
      driver_id: ids.driver,
    },
  ),
  ...custodyEvents,
} as const
