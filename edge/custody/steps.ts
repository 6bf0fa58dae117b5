/**
 * The steps of custody that the events of an order make: which of them changes or proves custody,
 * and who has the parcel afterwards. Every type of event has its row, so a new type does not compile
 * before somebody has decided. Pure.
 *
 * An entry is bound as a whole, so no field of it can be left out for one reader. It has only what
 * the customer and the pharmacy of the order may both see; they get it as a file.
 */
import type { Json } from '../../protocol/custody-log/canonical.ts'
import type { CustodyEntry } from '../../protocol/custody-log/entries.ts'
import type { EvidenceFact } from '../../protocol/custody/evidence.ts'
import type { OrderEvent } from '../../protocol/dispatch/events.ts'
import { limits } from '../../protocol/kernel/limits.ts'
import type { Principal } from '../../protocol/kernel/principal.ts'

/** Who can have the parcel. The names are those of the API: `vendor` is a pharmacy. */
export type CustodianRole = 'vendor' | 'driver' | 'customer'
export type Custodian = { role: CustodianRole; id: string }

/** The names of the steps, in the order in which a delivery makes them. */
export const custodyKinds = [
  'accepted',
  'driver_assigned',
  'driver_unassigned',
  'arrived_at_pickup',
  'picked_up',
  'out_for_delivery',
  'arrived_at_dropoff',
  'delivered',
  'delivery_failed',
  'return_started',
  'returned',
  'cancelled',
  'packed',
  'scanned',
  'agent_named',
  'code_refused',
  'chain_broken',
  'chain_mended',
] as const
export type CustodyKind = (typeof custodyKinds)[number]

export const proofKinds = ['photo', 'signature'] as const
type ProofKind = (typeof proofKinds)[number]

interface Step<Event extends OrderEvent> {
  kind: CustodyKind
  /** Who has the parcel afterwards; absent: who had it before. */
  to?: CustodianRole
  /** Whose place is that of the step; absent: no place is known. */
  at?: 'vendor' | 'driver'
  /** What the event says besides. */
  facts?(data: Event['data']): { [name: string]: Json }
  /** The files that prove it, by their URLs. */
  proofs?(data: Event['data']): Readonly<Record<ProofKind, string | null>>
}
type Of<Type extends OrderEvent['type']> = Extract<OrderEvent, { type: Type }>

/** A text as an entry can hold it: half of a character has no UTF-8. */
const wellFormed = (text: string): string => text.replaceAll(/\p{Surrogate}/gu, '\u{fffd}')
const textOf = (text: string | null): string | null =>
  text === null ? null : wellFormed(text.slice(0, limits.textCharactersMax))
const reasonOf = ({ reason }: { reason: string | null }): { [name: string]: Json } => ({
  reason: textOf(reason),
})

/** The evidence of a stage. */
function evidenceOf({ custody }: { custody?: EvidenceFact }): { [name: string]: Json } {
  const { photo_url: _, happened_at_ms, ...rest } = custody ?? {}
  const facts: { [name: string]: Json } = {
    ...(happened_at_ms !== undefined && { happened_at: new Date(happened_at_ms).toISOString() }),
  }
  for (const [name, value] of Object.entries(rest))
    facts[name] = JSON.parse(JSON.stringify(value), (_key, one: unknown) =>
      typeof one === 'string' ? textOf(one) : one,
    ) as Json
  return facts
}
const parcelPhoto = ({ custody }: { custody?: EvidenceFact }) => ({
  photo: custody?.photo_url ?? null,
  signature: null,
})

const steps: { readonly [Type in OrderEvent['type']]: Step<Of<Type>> | null } = {
  broadcast_opened: null,
  order_placed: null,
  response_recorded: null,
  order_accepted: { kind: 'accepted', to: 'vendor', at: 'vendor' },
  order_rejected: null,
  request_expired: null,
  order_cancelled: { kind: 'cancelled', facts: reasonOf },
  tracking_reissued: null,
  driver_search_started: null,
  offer_made: null,
  offer_closed: null,
  driver_search_ended: null,
  driver_assigned: {
    kind: 'driver_assigned',
    facts: ({ driver }) => ({ driver_id: driver.driver_id }),
  },
  driver_unassigned: {
    kind: 'driver_unassigned',
    facts: ({ driver_id }) => ({ driver_id }),
  },
  assigned_driver_updated: null,
  arrived_at_pickup: { kind: 'arrived_at_pickup', at: 'driver' },
  picked_up: {
    kind: 'picked_up',
    to: 'driver',
    at: 'driver',
    facts: evidenceOf,
    proofs: parcelPhoto,
  },
  out_for_delivery: { kind: 'out_for_delivery', at: 'driver' },
  arrived_at_dropoff: { kind: 'arrived_at_dropoff', at: 'driver' },
  delivered: {
    kind: 'delivered',
    to: 'customer',
    at: 'driver',
    facts: data => ({ ...reasonOf(data), ...evidenceOf(data) }),
    proofs: ({ proof_photo_url, signature_url }) => ({
      photo: proof_photo_url,
      signature: signature_url,
    }),
  },
  delivery_failed: {
    kind: 'delivery_failed',
    at: 'driver',
    facts: data => ({ ...reasonOf(data), ...evidenceOf(data) }),
  },
  return_started: { kind: 'return_started', at: 'driver' },
  returned: {
    kind: 'returned',
    to: 'vendor',
    at: 'driver',
    facts: evidenceOf,
    proofs: parcelPhoto,
  },
  parcel_packed: {
    kind: 'packed',
    at: 'vendor',
    facts: ({ classes, seal_number, packages }) => ({
      classes,
      seal_number: textOf(seal_number),
      packages: packages.map(one => ({ ...one, label: textOf(one.label) })),
    }),
  },
  package_scanned: {
    kind: 'scanned',
    at: 'driver',
    facts: ({ stage, place }) => ({ stage, package: place + 1 }),
  },
  agent_named: {
    kind: 'agent_named',
    facts: ({ name, relationship }) => ({ name: textOf(name), relationship }),
  },
  code_refused: { kind: 'code_refused', at: 'driver', facts: ({ method }) => ({ method }) },
  code_renewed: null,
  chain_broken: {
    kind: 'chain_broken',
    at: 'driver',
    facts: ({ number, kind, stage, note, found_seal, celsius, temperature }) => ({
      number,
      kind,
      stage,
      note: textOf(note),
      found_seal: textOf(found_seal),
      celsius,
      ...(temperature !== undefined && { temperature }),
    }),
  },
  chain_mended: {
    kind: 'chain_mended',
    facts: ({ number, outcome, reason }) => ({ number, outcome, reason: textOf(reason) }),
  },
}

/** The step that an event makes; null for one that concerns no custody. */
export const stepOf = (event: OrderEvent): Step<OrderEvent> | null =>
  // A type of a newer release has no row.
  (Object.hasOwn(steps, event.type) ? steps[event.type] : null) as Step<OrderEvent> | null

/** The URLs of the files that prove the event. */
export const proofsOf = (event: OrderEvent): [ProofKind, string][] =>
  Object.entries(stepOf(event)?.proofs?.(event.data) ?? {}).flatMap(([kind, url]) =>
    url === null ? [] : [[kind as ProofKind, url]],
  )

/** A person as entries name one. The digest of an administrator's id can be checked, not read. */
export type Acting = { role: Principal['role']; id: string | null; id_sha256?: string }
export type EntryPlace = {
  latitude: number
  longitude: number
  /** `vendor`: the address of the pharmacy. `driver`: a position of the driver's phone. */
  source: 'vendor' | 'driver'
  /** Time of the position; that of the event for a pharmacy. */
  at: string
}
export type EntryProof = {
  kind: ProofKind
  upload_id: string
  /** Of the file as it is stored; null when it could not be read. */
  sha256: string | null
}

/** An entry of an order's custody, as the log has it. */
export type OrderEntry = CustodyEntry & {
  kind: CustodyKind
  /** Version of the order after the event. */
  order_version: number
  at: string
  by: Acting | null
  custodian_before: Custodian | null
  custodian_after: Custodian
  place: EntryPlace | null
  proofs: EntryProof[]
  facts: { [name: string]: Json }
}

/** How far the chain of an order is. */
export interface Chain {
  entries: number
  custodian: Custodian | null
  /** The driver of the order, from the assignment on. */
  driverId: string | null
  vendor: { id: string; latitude: number; longitude: number } | null
}
export const emptyChain: Chain = { entries: 0, custodian: null, driverId: null, vendor: null }

/** The chain after one more entry; null stands for an erased one. */
export function extended(chain: Chain, entry: OrderEntry | null): Chain {
  const entries = chain.entries + 1
  if (entry === null) return { ...chain, entries }
  const { kind, facts, place, custodian_after: custodian } = entry
  return {
    entries,
    custodian,
    driverId: kind === 'driver_assigned' ? (facts['driver_id'] as string) : chain.driverId,
    vendor:
      kind === 'accepted' && place !== null
        ? { id: custodian.id, latitude: place.latitude, longitude: place.longitude }
        : chain.vendor,
  }
}

/** What is known of an event beyond its chain. */
export interface Known {
  orderId: string
  customerId: string
  orderVersion: number
  at: Date
  by: Acting | null
  /** The newest position of the driver at that time. */
  position: EntryPlace | null
  proofs: EntryProof[]
}

/** The next entry of the chain; null when the event concerns no custody, or nobody has it yet. */
export function nextEntry(chain: Chain, event: OrderEvent, known: Known): OrderEntry | null {
  const step = stepOf(event)
  // Before the acceptance there is no parcel.
  if (step === null || (chain.custodian === null && step.kind !== 'accepted')) return null
  const { orderId, customerId, orderVersion, by, proofs } = known
  const at = known.at.toISOString()
  const pharmacy = event.type === 'order_accepted' ? event.data.vendor : null
  const vendor =
    pharmacy === null
      ? chain.vendor
      : { id: pharmacy.vendor_id, latitude: pharmacy.latitude, longitude: pharmacy.longitude }
  const ids: Readonly<Record<CustodianRole, string | null>> = {
    vendor: vendor?.id ?? null,
    driver: chain.driverId,
    customer: customerId,
  }
  const to = step.to ?? chain.custodian?.role
  const id = step.to === undefined ? chain.custodian?.id : ids[step.to]
  if (to === undefined || id === undefined || id === null) return null
  return {
    subject: `order/${orderId}`,
    number: chain.entries + 1,
    kind: step.kind,
    order_version: orderVersion,
    at,
    by,
    custodian_before: chain.custodian,
    custodian_after: { role: to, id },
    place:
      step.at === 'driver'
        ? known.position
        : step.at === 'vendor' && vendor !== null
          ? { latitude: vendor.latitude, longitude: vendor.longitude, source: 'vendor', at }
          : null,
    proofs,
    facts: step.facts?.(event.data) ?? {},
  }
}
