/**
 * Decides which fields of an order each reader may see. A view contains only the fields that its
 * reader may see, so a new field is visible to administrators alone until it is named here. REST,
 * lists, search, sockets, the timeline and files all use this file, so that none reveals more than
 * another.
 *
 * Rejected: a list of fields to hide. Each new field was public until somebody remembered the list.
 */
import { kmToHundredMetres } from '../kernel/kilometres.ts'
import type { Principal } from '../kernel/principal.ts'
import type { OrderView } from './view.ts'
import { statusTable } from './statuses.ts'
import { emptyView } from './view-parts.ts'
import { givenSeenBy } from './fields.ts'
import type { Standing } from './standings.ts'
import { searchWords } from '../kernel/search-words.ts'
import { areaOf, initialsOf } from './area.ts'
import { orderLimits } from './limits.ts'

type Stands = Pick<
  OrderView,
  'kind' | 'status' | 'user_id' | 'vendor_id' | 'driver_id' | 'accepted_at' | 'ended_at'
> & { driver_search: Pick<OrderView['driver_search'], 'offer'> }

/**
 * The reader's standing. For an open request every pharmacy counts as `asked` here: only the caller
 * that found the order knows whether this pharmacy was asked.
 */
export function standingOf(reader: Principal, order: Stands, nowMs: number): Standing {
  switch (reader.role) {
    case 'admin':
    case 'service':
    case 'system':
      return 'overseer'
    case 'customer':
      return order.user_id === reader.id ? 'customer' : 'outsider'
    case 'vendor':
      if (order.vendor_id === reader.id)
        return order.accepted_at === null && statusTable[order.status].beforeAcceptance
          ? 'chosen'
          : 'winner'
      return order.kind === 'broadcast' && order.vendor_id === null && order.ended_at === null
        ? 'asked'
        : 'outsider'
    case 'driver':
      if (order.driver_id === reader.id)
        return order.ended_at === null ||
          nowMs < Date.parse(order.ended_at) + orderLimits.driverSightMs
          ? 'carrier'
          : 'past'
      return order.driver_search.offer?.driver_id === reader.id ? 'offered' : 'outsider'
    default:
      return reader.role satisfies never
  }
}

type Field = keyof OrderView
/** The fields that say that the order exists and how it stands. */
const seenByAll = [
  'id',
  'kind',
  'order_number',
  'status',
  'currency',
  'created_at',
  'updated_at',
  'ended_at',
  'version',
] as const satisfies Field[]
/** The items that are wanted, without the customer. */
const wanted = ['items', 'quantity'] as const satisfies Field[]
const milestones = [
  'accepted_at',
  'driver_assigned_at',
  'arrived_at_pickup_at',
  'picked_up_at',
  'out_for_delivery_at',
  'arrived_at_dropoff_at',
  'delivered_at',
] as const satisfies Field[]
const delivery = [
  'vendor_id',
  'vendor_name',
  'driver_id',
  'driver_name',
  'driver_phone',
  'assignment_id',
  'pickup_address',
  'pickup_latitude',
  'pickup_longitude',
  'delivery_address',
  'delivery_latitude',
  'delivery_longitude',
  'customer_name',
  'customer_phone',
  'items',
  'quantity',
  'estimated_distance_km',
  'actual_distance_km',
  'delivery_fee',
  'proof_photo_url',
  'signature_url',
  'reason',
  'custody',
] as const satisfies Field[]
const pharmacy = [
  ...seenByAll,
  ...delivery,
  ...milestones,
  'user_id',
  'radius_km',
  'pharmacies_notified',
  'expires_at',
  'driver_search',
] as const satisfies Field[]
const customer = [...pharmacy, 'tracking_token', 'responses'] as const satisfies Field[]

/** The order as this reader may see it. `nowMs` decides what a driver may still see. */
export function viewFor(reader: Principal, order: OrderView, nowMs: number): OrderView {
  const standing = standingOf(reader, order, nowMs)
  switch (standing) {
    case 'overseer':
      return order
    case 'customer':
      return only(order, standing, customer)
    case 'winner':
      return {
        ...only(order, standing, [...pharmacy, 'delivery_flag']),
        tracking_token: order.tracking_token,
        responses: answersOf(order, reader.id),
      }
    case 'chosen':
      return only(order, standing, pharmacy)
    case 'asked':
      return {
        ...only(order, standing, [...seenByAll, ...wanted, 'radius_km', 'expires_at']),
        ...dropoffArea(order),
        customer_name: initialsOf(order.customer_name),
        responses: answersOf(order, reader.id),
      }
    case 'carrier':
      return only(order, standing, [...seenByAll, ...delivery, ...milestones])
    case 'offered':
      return {
        ...only(order, standing, [...seenByAll, 'delivery_fee']),
        ...dropoffArea(order),
        ...pickupArea(order),
        estimated_distance_km:
          order.estimated_distance_km === null
            ? null
            : kmToHundredMetres(order.estimated_distance_km),
        driver_search: { state: 'offering', offers_made: 1, offer: order.driver_search.offer },
      }
    case 'past':
      return {
        ...only(order, standing, [...seenByAll, 'driver_id', 'delivered_at', 'delivery_fee']),
        ...dropoffArea(order),
      }
    case 'outsider':
      return {
        ...only(order, standing, [
          'id',
          'kind',
          'order_number',
          'status',
          'currency',
          'created_at',
          'updated_at',
          'version',
        ]),
        ...dropoffArea(order),
      }
    default:
      return standing satisfies never
  }
}

/** These fields, and the fields of the customer that this standing sees. */
function only(order: OrderView, standing: Standing, fields: readonly Field[]): OrderView {
  const view: Record<string, unknown> = { ...emptyView }
  for (const field of fields) view[field] = order[field]
  for (const field of givenSeenBy(standing)) view[field] = order[field]
  return view as OrderView
}

const answersOf = (order: OrderView, pharmacyId: string): OrderView['responses'] =>
  order.responses.filter(answer => answer.vendor_id === pharmacyId)

function dropoffArea({ delivery_latitude: latitude, delivery_longitude: longitude }: OrderView) {
  const area = areaOf({ latitude, longitude })
  return { delivery_latitude: area.latitude, delivery_longitude: area.longitude }
}

function pickupArea({ pickup_latitude: latitude, pickup_longitude: longitude }: OrderView) {
  const area = latitude === null || longitude === null ? null : areaOf({ latitude, longitude })
  return { pickup_latitude: area?.latitude ?? null, pickup_longitude: area?.longitude ?? null }
}

/** The words by which a search finds this view, as the journal writes them for the whole order. */
export const wordsOfView = (
  view: Pick<OrderView, 'order_number' | 'customer_name' | 'items'>,
): string[] =>
  searchWords(
    [view.order_number, view.customer_name, ...view.items.map(item => item.name)].join(' '),
  )
