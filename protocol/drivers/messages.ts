/**
 * The WebSocket messages between a driver's app and the edge, and those that tell a pharmacy about
 * its drivers. One function here makes each message, both for the engine that pushes it and for the
 * edge that sends it to a driver who connects later.
 */
import Type from 'typebox'
import { at, door, ids, pharmacyPlace } from '../kernel/examples.ts'
import type { GeoPoint } from '../river/geo.ts'
import { Code, Echo, heard, MessageId, said, Words } from '../kernel/messages.ts'
import { Item, Latitude, Longitude, nullable, oneOf, Text, Timestamp } from '../kernel/schema.ts'
import { kmToHundredMetres } from '../kernel/kilometres.ts'
import { areaOf } from '../orders/area.ts'
import { Uuid } from '../kernel/principal.ts'
import { DriverStatusShown, MembershipShown } from './view.ts'
import { availabilities, type Membership } from './statuses.ts'
import { StatusShown, type OrderView } from '../orders/view.ts'

const Stop = Type.Object({
  latitude: Latitude,
  longitude: Longitude,
  address: nullable(Text),
  name: Type.Optional(Text),
  phone: Type.Optional(Text),
})

export const driverMessages = {
  offer_response: said(
    ['driver'],
    "A driver's answer to an offer; answered by `offer_result`.",
    Type.Object(
      {
        type: Type.Literal('offer_response'),
        offer_id: Uuid,
        accept: Type.Boolean(),
        /** Only needed when the offer did not arrive on this connection. */
        order_id: Type.Optional(Uuid),
        reason: Words,
        id: MessageId,
      },
      { additionalProperties: false },
    ),
    { type: 'offer_response', offer_id: ids.offer, accept: true, id: '8' },
  ),

  set_status: said(
    ['driver'],
    'A driver goes on or off duty; answered by `status_result`.',
    Type.Object(
      { type: Type.Literal('status'), status: oneOf(availabilities), id: MessageId },
      { additionalProperties: false },
    ),
    { type: 'status', status: 'available', id: '9' },
  ),

  driver_greeting: heard(
    ['driver'],
    'First message: connected and authenticated.',
    Type.Object({
      type: Type.Literal('connection'),
      message: Text,
      driver_id: Uuid,
      driver_name: Text,
      vendor_id: Uuid,
      status: DriverStatusShown,
      server_time_ms: Type.Integer(),
    }),
    {
      type: 'connection',
      message: 'Connected to driver channel',
      driver_id: ids.driver,
      driver_name: 'Dora',
      vendor_id: ids.pharmacy,
      status: 'available',
      server_time_ms: 1_790_000_000_000,
    },
  ),

  offer: heard(
    ['driver'],
    'Take this delivery, before `expires_at`? The places are told to 0.01 degrees.',
    Type.Object({
      type: Type.Literal('offer'),
      offer_id: Uuid,
      order_id: Uuid,
      pickup: Stop,
      dropoff: Stop,
      distance_km: nullable(Type.Number()),
      fee: nullable(Type.Number()),
      currency: Text,
      expires_at: Timestamp,
    }),
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

  offer_withdrawn: heard(
    ['driver'],
    'The offer is over.',
    Type.Object({
      type: Type.Literal('offer_withdrawn'),
      offer_id: Uuid,
      order_id: Uuid,
      reason: Text,
    }),
    {
      type: 'offer_withdrawn',
      offer_id: ids.offer,
      order_id: ids.order,
      reason: 'expired',
    },
  ),

  assigned: heard(
    ['driver'],
    "The delivery is this driver's.",
    Type.Object({
      type: Type.Literal('assigned'),
      order_id: Uuid,
      offer_id: Uuid,
      assigned_at: Timestamp,
      status: Type.Optional(StatusShown),
      pickup: Stop,
      dropoff: Stop,
      items: Type.Array(Item),
      notes: nullable(Text),
      fee: nullable(Type.Number()),
      currency: Text,
    }),
    {
      type: 'assigned',
      order_id: ids.order,
      offer_id: ids.offer,
      assigned_at: at,
      pickup: { ...pharmacyPlace, name: 'City Pharmacy', phone: '+9779800000000' },
      dropoff: { ...door, name: 'John Doe', phone: '9841234567' },
      items: [{ name: 'Aspirin', quantity: 2 }],
      notes: null,
      fee: 3,
      currency: 'USD',
    },
  ),

  assignment_ended: heard(
    ['driver'],
    "The delivery is this driver's no more.",
    Type.Object({
      type: Type.Literal('assignment_ended'),
      order_id: Uuid,
      offer_id: Uuid,
      reason: Text,
    }),
    {
      type: 'assignment_ended',
      order_id: ids.order,
      offer_id: ids.offer,
      reason: 'the driver does not belong to the pharmacy any more',
    },
  ),

  offer_result: heard(
    ['driver'],
    'What became of an answer to an offer.',
    Type.Object({
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
    }),
    {
      type: 'offer_result',
      offer_id: ids.offer,
      order_id: ids.order,
      outcome: 'accepted',
      id: '8',
    },
  ),

  status_result: heard(
    ['driver'],
    'What became of a change of duty.',
    Type.Object({
      type: Type.Literal('status_result'),
      outcome: Type.Union([Type.Literal('changed'), Type.Literal('error')]),
      status: Type.Optional(Text),
      id: Echo,
      code: Type.Optional(Code),
      message: Type.Optional(Text),
    }),
    { type: 'status_result', outcome: 'changed', status: 'available', id: '9' },
  ),

  driver_status: heard(
    ['driver', 'fleet', 'live'],
    "The driver's duty changed, here or elsewhere; a fleet view hears it of each of its drivers, `busy` too.",
    Type.Object({ type: Type.Literal('driver_status'), driver_id: Uuid, status: Text }),
    { type: 'driver_status', driver_id: ids.driver, status: 'available' },
  ),

  membership: heard(
    ['driver'],
    'The pharmacy took the driver, or parted with them; after the end nothing else comes but what is still carried.',
    Type.Object({
      type: Type.Literal('membership'),
      driver_id: Uuid,
      vendor_id: Uuid,
      membership: MembershipShown,
      active_order_ids: Type.Array(Uuid, {
        description: 'After the end: what this driver still carries to the door or back',
      }),
    }),
    {
      type: 'membership',
      driver_id: ids.driver,
      vendor_id: ids.pharmacy,
      membership: 'ended',
      active_order_ids: [],
    },
  ),

  driver_membership: heard(
    ['terminal', 'fleet'],
    'A driver asks to join the pharmacy, belongs to it, or does no more.',
    Type.Object({
      type: Type.Literal('driver_membership'),
      driver_id: Uuid,
      driver_name: Text,
      membership: MembershipShown,
    }),
    {
      type: 'driver_membership',
      driver_id: ids.driver,
      driver_name: 'Dora',
      membership: 'pending',
    },
  ),
}
type Messages = typeof driverMessages
export type OfferMessage = Type.Static<Messages['offer']['schema']>
export type AssignedMessage = Type.Static<Messages['assigned']['schema']>
export type MembershipMessage = Type.Static<Messages['membership']['schema']>

/**
 * An offer as the driver sees it: two areas and the fee. `fee` is in units of the currency; the
 * distance is by road.
 */
export interface OpenOffer {
  offer_id: string
  order_id: string
  pickup: GeoPoint
  dropoff: GeoPoint
  distance_km: number | null
  fee: number | null
  currency: string
  expires_at: string
}

/**
 * `address` is always null: the older app has the field, but an address would tell more than an
 * area. The distance is exact to 100 m, because the fee follows from it and reveals as much.
 */
export const offerMessage = ({
  offer_id,
  order_id,
  pickup,
  dropoff,
  distance_km,
  fee,
  currency,
  expires_at,
}: OpenOffer): OfferMessage => ({
  type: 'offer',
  offer_id,
  order_id,
  pickup: { ...areaOf(pickup), address: null },
  dropoff: { ...areaOf(dropoff), address: null },
  distance_km: distance_km === null ? null : kmToHundredMetres(distance_km),
  fee,
  currency,
  expires_at,
})

/**
 * The facts that a delivery needs, for its driver alone. The order must have a driver, and so an
 * assignment and a pharmacy. `pickupPhone` is the pharmacy's; null when the pharmacy is gone.
 */
export function assignedMessage(order: OrderView, pickupPhone: string | null): AssignedMessage {
  return {
    type: 'assigned',
    order_id: order.id,
    offer_id: order.assignment_id!,
    assigned_at: order.driver_assigned_at!,
    status: order.status,
    pickup: {
      latitude: order.pickup_latitude!,
      longitude: order.pickup_longitude!,
      address: order.pickup_address,
      name: order.vendor_name!,
      ...(pickupPhone !== null && { phone: pickupPhone }),
    },
    dropoff: {
      latitude: order.delivery_latitude,
      longitude: order.delivery_longitude,
      address: order.delivery_address,
      name: order.customer_name,
      phone: order.customer_phone,
    },
    items: order.items,
    notes: order.notes,
    fee: order.delivery_fee,
    currency: order.currency,
  }
}

/**
 * A driver's membership in a pharmacy, for the driver's own app. `active_order_ids`: orders that
 * the driver still has to deliver.
 */
export const membershipMessage = (
  driver_id: string,
  vendor_id: string,
  membership: Membership,
  active_order_ids: string[],
): MembershipMessage => ({
  type: 'membership',
  driver_id,
  vendor_id,
  membership,
  active_order_ids,
})
