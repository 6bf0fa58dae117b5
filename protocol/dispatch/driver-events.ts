/**
 * Events of a driver: one row a type. A change of a shape is a new version with an upcaster
 * (`upcast.ts`).
 */
import Type from 'typebox'
import { availabilities, memberships } from '../drivers/statuses.ts'
import { ids } from '../kernel/examples.ts'
import { Uuid } from '../kernel/principal.ts'
import { Currency, Minor, oneOf, Text } from '../kernel/schema.ts'
import { driverOutcomes } from '../orders/statuses.ts'
import { fact, home } from './event-row.ts'
import { HeldOfferFact, SourceFact } from './facts.ts'

/** The events of a driver, one row each. */
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
