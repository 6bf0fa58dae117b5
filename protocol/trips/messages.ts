/**
 * The messages of `/ws/{user_id}`, in the words of the rides backend. A person hears of the own
 * trips without asking; `subscribe_trip` adds the present state and the driver's positions.
 */
import Type from 'typebox'
import { at, door, ids, pharmacyPlace } from '../kernel/examples.ts'
import { Echo, heard, MessageId, said } from '../kernel/messages.ts'
import { Uuid } from '../kernel/principal.ts'
import { nullable, Text, Timestamp } from '../kernel/schema.ts'
import { TripView, type TripStatus } from './view.ts'

const driver = {
  driver_id: nullable(Uuid),
  driver_name: nullable(Text),
  driver_phone: nullable(Text),
}
const someDriver = {
  driver_id: ids.driver,
  driver_name: 'Dora',
  driver_phone: '+9779841000003',
}
/** A message about a trip that has its driver. */
const told = <Status extends TripStatus>(status: Status, description: string) =>
  heard(
    ['trips'],
    description,
    Type.Object({
      type: Type.Literal(`trip_${status}` as const),
      trip_id: Uuid,
      at: Timestamp,
      ...driver,
    }),
    { type: `trip_${status}` as const, trip_id: ids.order, at, ...someDriver } as never,
  )

export const tripMessages = {
  subscribe_trip: said(
    ['trips'],
    "Follow one trip: its present state, then its driver's positions. Answered by `trip_subscribed`.",
    Type.Object({ type: Type.Literal('subscribe_trip'), trip_id: Uuid, id: MessageId }),
    { type: 'subscribe_trip', trip_id: ids.order },
  ),
  trip_subscribed: heard(
    ['trips'],
    'The trip as it is now; its changes follow.',
    Type.Object({
      type: Type.Literal('trip_subscribed'),
      trip_id: Uuid,
      trip: TripView,
      id: Echo,
    }),
    {
      type: 'trip_subscribed',
      trip_id: ids.order,
      trip: {
        id: ids.order,
        trip_id: ids.order,
        status: 'assigned',
        order_status: 'driver_assigned',
        order_number: 'ORD-7K3M9Q2X',
        user_id: ids.customer,
        ...someDriver,
        vendor_id: ids.pharmacy,
        vendor_name: 'City Pharmacy',
        pickup_address: pharmacyPlace.address,
        pickup_latitude: pharmacyPlace.latitude,
        pickup_longitude: pharmacyPlace.longitude,
        dropoff_address: door.address,
        dropoff_latitude: door.latitude,
        dropoff_longitude: door.longitude,
        distance_km: 1.3,
        fare: 3,
        currency: 'USD',
        tracking_token: '4f1c9a52e7d04b6f8a3d5c0e9b7f2a61',
        pharmacies_notified: 1,
        requested_at: at,
        assigned_at: at,
        started_at: null,
        completed_at: null,
        ended_at: null,
      },
    },
  ),
  trip_requested: heard(
    ['trips'],
    'A new trip, or one that lost its driver.',
    Type.Object({ type: Type.Literal('trip_requested'), trip_id: Uuid, at: Timestamp }),
    { type: 'trip_requested', trip_id: ids.order, at },
  ),
  trip_assigned: told('assigned', 'The trip has its driver.'),
  trip_started: told('started', 'The driver has the parcel.'),
  trip_completed: told('completed', 'The parcel was handed over.'),
  trip_cancelled: heard(
    ['trips'],
    'The trip ended without a delivery: it was cancelled, refused or brought back, or nobody took it.',
    Type.Object({
      type: Type.Literal('trip_cancelled'),
      trip_id: Uuid,
      at: Timestamp,
      reason: nullable(Text),
    }),
    { type: 'trip_cancelled', trip_id: ids.order, at, reason: 'ordered by mistake' },
  ),
}
