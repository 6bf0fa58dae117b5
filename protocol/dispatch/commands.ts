/**
 * Commands as they cross the bus: one envelope, one schema per verb. Other services send them as
 * requests on `caduceus.v1.command.<actor>.<verb>` (msgpack or JSON); edges send them to the owner
 * of the slot. The engine validates with these schemas whoever sent them.
 */
import { availabilities } from '../drivers/statuses.ts'
import Type from 'typebox'
import { searchPolicies } from '../drivers/policies.ts'
import { VehicleType } from '../drivers/vehicles.ts'
import { Item, Latitude, Longitude, oneOf } from '../kernel/schema.ts'
import { limits } from '../kernel/limits.ts'
import { Principal, Uuid } from '../kernel/principal.ts'
import type { Problem } from '../kernel/errors.ts'
import type { OrderView } from '../orders/view.ts'
import type { DriverView } from '../drivers/view.ts'

/**
 * A command that is planned already, beside envelopes on a slot's subject: what actors tell each other, and what
 * was parked of that. Only engines know what is planned; an edge passes on what they have stored.
 */
export interface PlannedBody<Planned> {
  planned: Planned
  /** The answer has the actor's state, which is more to carry. */
  withState: boolean
}

const text = (max: number = limits.textCharactersMax) => Type.String({ maxLength: max })

/** A fee that was quoted to the one who orders or accepts: honoured whatever the tariff says by then. */
export const FeeTerms = Type.Object(
  {
    quote_id: Uuid,
    /** Of whom it was asked; null: good for any pharmacy. */
    vendor_id: Type.Union([Uuid, Type.Null()]),
    fee_minor: Type.Integer({ minimum: 0, maximum: limits.feeMinorMax }),
    /** By road. */
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

const orderSchemas = {
  /** A request to the pharmacies nearby. The engine adds who they are. */
  broadcast: Type.Object(
    {
      ...customer,
      latitude: Latitude,
      longitude: Longitude,
      delivery_address: Type.Optional(text()),
      radius_km: Type.Number({ minimum: limits.radiusKmMin, maximum: limits.radiusKmMax }),
      quantity: Type.Optional(Type.Integer({ minimum: 1, maximum: limits.quantityMax })),
      items: Type.Array(Item, { maxItems: limits.itemsMax }),
      notes: Type.Optional(text()),
      prescription_url: Type.Optional(text(limits.urlCharactersMax)),
      expires_in_seconds: Type.Integer({
        minimum: limits.requestTtlSecondsMin,
        maximum: limits.requestTtlSecondsMax,
      }),
      fee: Type.Optional(FeeTerms),
    },
    { additionalProperties: false },
  ),
  /** An order to a known pharmacy. */
  create: Type.Object(
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
      notes: Type.Optional(text()),
      prescription_url: Type.Optional(text(limits.urlCharactersMax)),
      /** By road, from a router; without it the engine estimates. */
      distance_km: Type.Optional(Type.Number({ minimum: 0, maximum: limits.routeKmMax })),
      fee: Type.Optional(FeeTerms),
    },
    { additionalProperties: false },
  ),
  /** A pharmacy's answer to a broadcast. */
  respond: Type.Object(
    {
      response_type: Type.Union([Type.Literal('ACCEPTED'), Type.Literal('REJECTED')]),
      text_message: Type.Optional(text()),
      audio_url: Type.Optional(text(limits.urlCharactersMax)),
      fee: Type.Optional(FeeTerms),
    },
    { additionalProperties: false },
  ),
  /** A pharmacy takes or refuses an order that was sent to it alone. */
  accept: Type.Object(
    { text_message: Type.Optional(text()), fee: Type.Optional(FeeTerms) },
    { additionalProperties: false },
  ),
  reject: Type.Object({ reason: Type.Optional(text()) }, { additionalProperties: false }),
  cancel: Type.Object({ reason: Type.Optional(text()) }, { additionalProperties: false }),
  /** A new public link; the old one opens nothing any more. */
  reissue_tracking: Type.Object({}, { additionalProperties: false }),
  assign_driver: Type.Object({ driver_id: Uuid }, { additionalProperties: false }),
  find_driver: Type.Object(
    {
      policy: Type.Optional(
        oneOf(searchPolicies, {
          description: "Without it the pharmacy's own, or `offer` where that one does not search",
        }),
      ),
      offer_seconds: Type.Optional(Type.Integer({ minimum: 1, maximum: limits.offerTtlMs / 1000 })),
      search_seconds: Type.Optional(
        Type.Integer({ minimum: 1, maximum: limits.driverSearchTtlMs / 1000 }),
      ),
    },
    { additionalProperties: false },
  ),
  accept_offer: Type.Object({ offer_id: Uuid }, { additionalProperties: false }),
  decline_offer: Type.Object(
    { offer_id: Uuid, reason: Type.Optional(text()) },
    { additionalProperties: false },
  ),
  pick_up: Type.Object({}, { additionalProperties: false }),
  out_for_delivery: Type.Object({}, { additionalProperties: false }),
  deliver: Type.Object(
    {
      proof_photo_url: Type.Optional(text(limits.urlCharactersMax)),
      signature_url: Type.Optional(text(limits.urlCharactersMax)),
      /** Wanted where the driver is far from the door, or nobody knows where. */
      reason: Type.Optional(text()),
    },
    { additionalProperties: false },
  ),
  fail: Type.Object(
    { reason: Type.String({ minLength: 1, maxLength: limits.textCharactersMax }) },
    { additionalProperties: false },
  ),
  return: Type.Object({}, { additionalProperties: false }),
  complete_return: Type.Object({}, { additionalProperties: false }),
} as const

const driverSchemas = {
  register: Type.Object(
    {
      vendor_id: Uuid,
      full_name: text(limits.nameCharactersMax),
      phone: text(40),
      vehicle_type: VehicleType,
      capacity: Type.Integer({ minimum: 1, maximum: limits.driverCapacityMax }),
      /** Without it the driver belongs to the pharmacy at once. */
      membership: Type.Optional(Type.Union([Type.Literal('pending'), Type.Literal('active')])),
    },
    { additionalProperties: false },
  ),
  /** The pharmacy takes the driver, who asked or who belonged to it before. */
  approve_membership: Type.Object({}, { additionalProperties: false }),
  /** The pharmacy refuses the driver or parts with them. Parcels that are on their way stay with the driver. */
  end_membership: Type.Object({}, { additionalProperties: false }),
  /** A driver whose membership ended asks again. */
  ask_membership: Type.Object({}, { additionalProperties: false }),
  /** Of the profile, which the edge keeps: orders under way show it. */
  update: Type.Object(
    {
      full_name: Type.Optional(text(limits.nameCharactersMax)),
      phone: Type.Optional(text(40)),
      vehicle_type: Type.Optional(VehicleType),
    },
    { additionalProperties: false },
  ),
  set_status: Type.Object(
    {
      status: oneOf(availabilities),
    },
    { additionalProperties: false },
  ),
} as const

export const commandSchemas = { order: orderSchemas, driver: driverSchemas } as const
export type OrderVerb = keyof typeof orderSchemas
export type DriverVerb = keyof typeof driverSchemas
/** The edge keeps the profile of a driver, so a change of it that did not come from an edge would not last. */
export const edgeVerbs: ReadonlySet<string> = new Set<DriverVerb>(['update'])
export type OrderCommandData = { [V in OrderVerb]: Type.Static<(typeof orderSchemas)[V]> }
export type DriverCommandData = { [V in DriverVerb]: Type.Static<(typeof driverSchemas)[V]> }

/** What the bus carries. `id` is the command id: a repeat gets the same answer (invariant 3). */
export const CommandEnvelope = Type.Object(
  {
    id: Type.String({ minLength: 1, maxLength: limits.idempotencyKeyCharactersMax }),
    // The name of a kind of actor. An engine refuses the names that it does not know.
    actor: Type.String({ minLength: 1, maxLength: 40 }),
    actor_id: Uuid,
    verb: Type.String({ minLength: 1, maxLength: 40 }),
    by: Principal,
    service: Type.Optional(
      Type.String({
        description:
          'The service that sent it, by its account on the bus: it acts for its own pharmacies alone',
      }),
    ),
    data: Type.Unknown(),
  },
  { additionalProperties: false },
)
export type CommandEnvelope = Type.Static<typeof CommandEnvelope>

/**
 * What another service sends on `command.<actor>.<verb>`: the subject names actor and verb. Without `by`
 * the service acts in its own name; with it, for a customer, pharmacy or driver whom it vouches for.
 */
export const ServiceCommand = Type.Object(
  {
    id: Type.String({
      minLength: 1,
      maxLength: limits.serviceCommandIdCharactersMax,
      description: 'The command id: a repeat under the same id gets the same answer',
    }),
    actor_id: Uuid,
    by: Type.Optional(Principal),
    data: Type.Unknown(),
  },
  { additionalProperties: false },
)
export type ServiceCommand = Type.Static<typeof ServiceCommand>

/** Extra facts of an answer, by verb: what the view alone does not say. */
export interface CommandOutcome {
  /** `respond`: what became of the answer. */
  response?: 'won' | 'recorded'
  /** `assign_driver`, `find_driver`: how it stands. */
  offer_id?: string
}
export type OrderReply =
  | { ok: true; order: OrderView; outcome: CommandOutcome }
  | { ok: false; problem: Problem }
export type DriverReply = { ok: true; driver: DriverView } | { ok: false; problem: Problem }
