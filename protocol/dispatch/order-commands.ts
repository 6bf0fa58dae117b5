/**
 * Commands of an order: one row a verb, with its purpose, the schema of its data and an example.
 */
import Type from 'typebox'
import { Evidence } from '../custody/evidence.ts'
import { searchPolicies } from '../drivers/policies.ts'
import { ids } from '../kernel/examples.ts'
import { limits } from '../kernel/limits.ts'
import { Uuid } from '../kernel/principal.ts'
import { Item, Latitude, Longitude, oneOf } from '../kernel/schema.ts'
import { givenSchemas } from '../orders/fields.ts'
import { uploadUrl } from '../uploads/url.ts'
import { command, text } from './command.ts'
import { custodyCommands } from './custody-commands.ts'

/**
 * A fee that was quoted to the customer or to the accepting pharmacy. It is honoured even if the
 * tariff has changed.
 */
export const FeeTerms = Type.Object(
  {
    quote_id: Uuid,
    /** The pharmacy that was quoted; null: valid for any pharmacy. */
    vendor_id: Type.Union([Uuid, Type.Null()]),
    fee_minor: Type.Integer({ minimum: 0, maximum: limits.feeMinorMax }),
    /** Distance by road, km. */
    distance_km: Type.Number({ minimum: 0, maximum: limits.routeKmMax }),
  },
  { additionalProperties: false },
)
export type FeeTerms = Type.Static<typeof FeeTerms>

const customer = {
  order_id: Uuid,
  customer_id: Uuid,
  customer_name: text(limits.nameCharactersMax),
  customer_phone: text(40),
}
const john = {
  order_id: ids.order,
  customer_id: ids.customer,
  customer_name: 'John Doe',
  customer_phone: '9841234567',
}

const evidence = { custody: Type.Optional(Evidence) }

export const orderCommands = {
  /** A request to the pharmacies nearby. The engine adds the pharmacies. */
  broadcast: command(
    'Ask the pharmacies nearby; the first to accept wins.',
    Type.Object(
      {
        ...customer,
        latitude: Latitude,
        longitude: Longitude,
        delivery_address: Type.Optional(text()),
        radius_km: Type.Number({ minimum: limits.radiusKmMin, maximum: limits.radiusKmMax }),
        quantity: Type.Optional(Type.Integer({ minimum: 1, maximum: limits.quantityMax })),
        items: Type.Array(Item, { maxItems: limits.itemsMax }),
        ...givenSchemas,
        expires_in_seconds: Type.Integer({
          minimum: limits.requestTtlSecondsMin,
          maximum: limits.requestTtlSecondsMax,
        }),
        fee: Type.Optional(FeeTerms),
      },
      { additionalProperties: false },
    ),
    {
      ...john,
      latitude: 27.7172,
      longitude: 85.324,
      radius_km: 5,
      quantity: 10,
      items: [],
      expires_in_seconds: 300,
    },
  ),
  /** An order to one known pharmacy. */
  create: command(
    'Order from a known pharmacy.',
    Type.Object(
      {
        ...customer,
        vendor_id: Uuid,
        pickup_address: Type.Optional(text()),
        pickup_latitude: Type.Optional(Latitude),
        pickup_longitude: Type.Optional(Longitude),
        delivery_address: text(),
        delivery_latitude: Latitude,
        delivery_longitude: Longitude,
        items: Type.Array(Item, { maxItems: limits.itemsMax }),
        ...givenSchemas,
        /** By road, from a router; without it the engine estimates. */
        distance_km: Type.Optional(Type.Number({ minimum: 0, maximum: limits.routeKmMax })),
        fee: Type.Optional(FeeTerms),
      },
      { additionalProperties: false },
    ),
    {
      ...john,
      vendor_id: ids.pharmacy,
      delivery_address: '456 Home Ave',
      delivery_latitude: 27.7172,
      delivery_longitude: 85.324,
      items: [{ name: 'Aspirin', quantity: 2 }],
      notes: 'Call before delivery',
    },
  ),
  /** A pharmacy's answer to an open request. */
  respond: command(
    'A pharmacy accepts or declines an open request.',
    Type.Object(
      {
        response_type: Type.Union([Type.Literal('ACCEPTED'), Type.Literal('REJECTED')]),
        text_message: Type.Optional(text()),
        audio_url: Type.Optional(text(limits.urlCharactersMax)),
        fee: Type.Optional(FeeTerms),
      },
      { additionalProperties: false },
    ),
    { response_type: 'ACCEPTED', text_message: 'Available!' },
  ),
  /** A pharmacy accepts or refuses an order that was sent to it alone. */
  accept: command(
    'The pharmacy that was asked takes the order.',
    Type.Object(
      { text_message: Type.Optional(text()), fee: Type.Optional(FeeTerms) },
      { additionalProperties: false },
    ),
    {},
  ),
  reject: command(
    'The pharmacy that was asked refuses.',
    Type.Object({ reason: Type.Optional(text()) }, { additionalProperties: false }),
    { reason: 'closed today' },
  ),
  cancel: command(
    'Call the order off, before the pick-up.',
    Type.Object({ reason: Type.Optional(text()) }, { additionalProperties: false }),
    { reason: 'ordered twice' },
  ),
  /** Makes a new public link. The old link stops working. */
  reissue_tracking: command(
    'A new public link; the old one opens nothing any more.',
    Type.Object({}, { additionalProperties: false }),
    {},
  ),
  assign_driver: command(
    'The pharmacy picks a driver of its own.',
    Type.Object({ driver_id: Uuid }, { additionalProperties: false }),
    { driver_id: ids.driver },
  ),
  find_driver: command(
    'Ask drivers, the nearest first.',
    Type.Object(
      {
        policy: Type.Optional(
          oneOf(searchPolicies, {
            description: "Without it the pharmacy's own, or `offer` where that one does not search",
          }),
        ),
        offer_seconds: Type.Optional(
          Type.Integer({ minimum: 1, maximum: limits.offerTtlMs / 1000 }),
        ),
        search_seconds: Type.Optional(
          Type.Integer({ minimum: 1, maximum: limits.driverSearchTtlMs / 1000 }),
        ),
      },
      { additionalProperties: false },
    ),
    { policy: 'offer', offer_seconds: 30 },
  ),
  accept_offer: command(
    'The driver who was asked takes the delivery.',
    Type.Object({ offer_id: Uuid }, { additionalProperties: false }),
    { offer_id: ids.offer },
  ),
  decline_offer: command(
    'The driver who was asked does not.',
    Type.Object({ offer_id: Uuid, reason: Type.Optional(text()) }, { additionalProperties: false }),
    { offer_id: ids.offer, reason: 'too far' },
  ),
  pick_up: command(
    'The driver has the parcel, with the evidence that its goods need.',
    Type.Object(
      { ...evidence, proof_photo_url: Type.Optional(text(limits.urlCharactersMax)) },
      { additionalProperties: false },
    ),
    {},
  ),
  out_for_delivery: command(
    'The driver is on the way to the customer.',
    Type.Object({}, { additionalProperties: false }),
    {},
  ),
  deliver: command(
    'Handed over, with an upload of the driver as proof unless the pharmacy waives it; far from the door or without a fresh position with a reason.',
    Type.Object(
      {
        proof_photo_url: Type.Optional(text(limits.urlCharactersMax)),
        signature_url: Type.Optional(text(limits.urlCharactersMax)),
        /** Wanted when the driver is far from the door, or when no fresh position is known. */
        reason: Type.Optional(text()),
        ...evidence,
      },
      { additionalProperties: false },
    ),
    { proof_photo_url: uploadUrl(ids.offer), reason: 'handed over at the gate' },
  ),
  fail: command(
    'It could not be handed over.',
    Type.Object(
      {
        reason: Type.String({ minLength: 1, maxLength: limits.textCharactersMax }),
        custody: Type.Optional(
          Type.Object(
            { happened_at_ms: Evidence.properties.happened_at_ms },
            { additionalProperties: false },
          ),
        ),
      },
      { additionalProperties: false },
    ),
    { reason: 'nobody at home' },
  ),
  return: command(
    'It goes back to the pharmacy.',
    Type.Object({}, { additionalProperties: false }),
    {},
  ),
  complete_return: command(
    'The pharmacy has it again, with the evidence that its goods need.',
    Type.Object(
      { ...evidence, proof_photo_url: Type.Optional(text(limits.urlCharactersMax)) },
      { additionalProperties: false },
    ),
    {},
  ),
  ...custodyCommands,
} as const
