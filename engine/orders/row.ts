/** The order's part of the read model: the columns that queries use, and its view in two parts. */
import { kmToMetre } from '../../protocol/kernel/kilometres.ts'
import { currencyOf } from '../../protocol/pricing/money.ts'
import { orderNumber } from '../../protocol/kernel/ids.ts'
import type { OrderView } from '../../protocol/orders/view.ts'
import type { OrderStatus } from '../../protocol/orders/statuses.ts'
import type { OrderPlaced, OrderProgress } from '../../protocol/orders/view-parts.ts'
import { deliveryOf, isEnded, pharmacyOf } from './state.ts'
import { broadcastOf, feeMinorOf, placed, progress, statusOf, type Living } from './view.ts'

/** Times are in ms since the epoch. */
export interface OrderRow {
  id: string
  kind: OrderView['kind']
  orderNumber: string
  trackingToken: string
  customerId: string
  createdAtMs: number
  /** Set with the first event of an order and null afterwards, because it never changes. */
  placed: OrderPlaced | null
  status: OrderStatus
  /** The status is final. */
  ended: boolean
  pharmacyId: string | null
  driverId: string | null
  /** The driver whose answer the order waits for. The list of a driver's offers asks for it. */
  offeredDriverId: string | null
  expiresAtMs: number | null
  updatedAtMs: number
  acceptedAtMs: number | null
  deliveredAtMs: number | null
  feeMinor: number | null
  currency: string
  actualDistanceKm: number | null
  version: number
  progress: OrderProgress
}
/**
 * The row of an order after its `version`-th event. `born`: this write has the first event, so it
 * includes the part that never changes.
 */
export function row(order: Living, version: number, updatedAtMs: number, born: boolean): OrderRow {
  const { core } = order
  const deal = 'deal' in order ? order.deal : null
  const search = order.kind === 'accepted' ? order.search : null
  const feeMinor = feeMinorOf(order)
  const driven = order.kind === 'delivered' ? order.actualDistanceKm : null
  return {
    id: core.orderId,
    kind: core.origin,
    orderNumber: orderNumber(core.orderId),
    trackingToken: core.trackingToken,
    customerId: core.customerId,
    createdAtMs: core.createdAtMs,
    placed: born ? placed(order) : null,
    status: statusOf(order),
    ended: isEnded(order),
    pharmacyId: pharmacyOf(order)?.vendor_id ?? null,
    driverId: deliveryOf(order)?.driver.driver_id ?? null,
    offeredDriverId: search !== null && search.kind === 'offering' ? search.offer.driverId : null,
    expiresAtMs: broadcastOf(order)?.expiresAtMs ?? null,
    updatedAtMs,
    acceptedAtMs: deal?.acceptedAtMs ?? null,
    deliveredAtMs: order.kind === 'delivered' ? order.endedAtMs : null,
    feeMinor,
    currency: currencyOf(core),
    actualDistanceKm: driven === null ? null : kmToMetre(driven),
    version,
    progress: progress(order, version, updatedAtMs),
  }
}
