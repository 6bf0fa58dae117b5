/**
 * The parts that events are made of: a place, a pharmacy, a driver, a fee, an offer, as the journal
 * keeps them.
 */
import Type from 'typebox'
import { CustodyAdditions } from '../custody/policies.ts'
import { AtMs, Currency, Latitude, Longitude, Minor, nullable, Text } from '../kernel/schema.ts'
import { Uuid } from '../kernel/principal.ts'

export const Km = Type.Number({ minimum: 0, description: 'Kilometres' })

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
  custody: Type.Optional({
    ...CustodyAdditions,
    description: 'What this pharmacy adds to the policies of custody',
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

/**
 * The facts that a driver may know before taking an order: pick-up, drop-off and fee, but not the
 * customer.
 */
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

/** The event that caused a command between actors. */
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
