/**
 * The WebSocket messages to a pharmacy that are about the pharmacy itself and its fleet, not about
 * one order.
 */
import Type from 'typebox'
import { at, ids, pin } from '../kernel/examples.ts'
import { heard } from '../kernel/messages.ts'
import {
  LatLng,
  Latitude,
  Longitude,
  nullable,
  oneOf,
  Point,
  Text,
  Timestamp,
} from '../kernel/schema.ts'
import { pharmacyStatuses } from './statuses.ts'
import { Uuid } from '../kernel/principal.ts'

/** One driver of a fleet; coordinates are null before the first location. */
export const FleetMember = Type.Object({
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

export const pharmacyMessages = {
  terminal_greeting: heard(
    ['terminal'],
    'First message: connected and authenticated.',
    Type.Object({
      type: Type.Literal('connection'),
      message: Text,
      pharmacy_id: Uuid,
      pharmacy_name: Text,
      location: LatLng,
    }),
    {
      type: 'connection',
      message: 'Connected to pharmacy channel',
      pharmacy_id: ids.pharmacy,
      pharmacy_name: 'City Pharmacy',
      location: { lat: 27.71, lng: 85.33 },
    },
  ),

  approval: heard(
    ['terminal', 'fleet'],
    'An administrator decided upon the pharmacy or its move; of one that is suspended it is the last message.',
    Type.Object({
      type: Type.Literal('approval'),
      vendor_id: Uuid,
      status: oneOf(pharmacyStatuses),
      reason: nullable(Text),
      latitude: Latitude,
      longitude: Longitude,
      moving_to: nullable(Point),
    }),
    {
      type: 'approval',
      vendor_id: ids.pharmacy,
      status: 'suspended',
      reason: 'the licence has expired',
      latitude: 27.71,
      longitude: 85.33,
      moving_to: null,
    },
  ),

  fleet: heard(
    ['fleet'],
    'First message of a fleet view: every driver with the last position.',
    Type.Object({
      type: Type.Literal('fleet'),
      vendor_id: Uuid,
      vendor_name: Text,
      drivers: Type.Array(FleetMember),
    }),
    {
      type: 'fleet',
      vendor_id: ids.pharmacy,
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
    },
  ),

  fleet_locations: heard(
    ['fleet', 'live'],
    'Drivers of the fleet that moved, once a tick.',
    Type.Object({
      type: Type.Literal('locations'),
      vendor_id: Uuid,
      drivers: Type.Array(FleetMember),
    }),
    {
      type: 'locations',
      vendor_id: ids.pharmacy,
      drivers: [{ driver_id: ids.driver, status: 'busy', ...pin, at }],
    },
  ),
}
