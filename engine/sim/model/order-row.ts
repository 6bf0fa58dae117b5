/**
 * The content that the read model must have for an order: each field of the view and each column
 * for queries, made from the simulator's own fold. It was written from the description of the API
 * and not from the product's code.
 */
import { firstCurrency } from '../../../protocol/pricing/money.ts'
import type { OrderView } from '../../../protocol/orders/view.ts'
import { endedStatuses } from '../../../protocol/orders/statuses.ts'
import {
  candidatesOf,
  isOver,
  lookingForDriver,
  publicStatus,
  toldFee,
  wasRequest,
  type OrderModel,
} from './order.ts'

/** A time as the API writes it; null for an event that has not happened. */
export const timeText = (ms: number | undefined | null): string | null =>
  ms === undefined || ms === null ? null : new Date(ms).toISOString()
const toTheMetre = (km: number): number => Number(km.toFixed(3))

/** 'ORD-' and the id's last 40 bits in Crockford's base 32. */
function numberOfOrder(id: string): string {
  const digits = BigInt(`0x${id.replaceAll('-', '').slice(-10)}`)
  let text = ''
  for (let shift = 35n; shift >= 0n; shift -= 5n)
    text += '0123456789ABCDEFGHJKMNPQRSTVWXYZ'[Number((digits >> shift) & 31n)]
  return `ORD-${text}`
}

/**
 * The visible fee in minor units: the agreed fee, or else the fee that the customer was told while
 * the order is not over, or else null.
 */
function feeShown(order: OrderModel): number | null {
  if (order.yes !== null) return order.yes.fee_minor
  return isOver(order) ? null : (toldFee(order)?.fee_minor ?? null)
}

/** The visible kilometres by road; null before there is a distance to drive. */
function kmShown(order: OrderModel): number | null {
  const km =
    order.yes?.distance_km ?? (order.state === 'pending' ? order.wish.distance_km : undefined)
  return km === undefined ? null : toTheMetre(km)
}

const ended: ReadonlySet<string> = new Set(endedStatuses)
const hasDriver = (order: OrderModel): boolean => order.driver !== null

function answers(order: OrderModel): OrderView['responses'] {
  if (!wasRequest(order)) return []
  const noes = order.noes.map(no => ({
    vendor_id: no.vendor_id,
    response_type: 'REJECTED' as const,
    text_message: no.text_message,
    audio_url: no.audio_url,
    responded_at: timeText(no.atMs)!,
  }))
  const { yes } = order
  return yes === null
    ? noes
    : [
        ...noes,
        {
          vendor_id: yes.vendor.vendor_id,
          response_type: 'ACCEPTED' as const,
          text_message: yes.text_message,
          audio_url: yes.audio_url,
          responded_at: timeText(order.at.accepted)!,
        },
      ]
}

function search(order: OrderModel): OrderView['driver_search'] {
  const { offer, state, offersMade } = order
  if (state === 'searching' || state === 'exhausted')
    return { state, offers_made: offersMade, offer: null }
  if (offer === null) return { state: 'idle', offers_made: 0, offer: null }
  return {
    state: 'offering',
    offers_made: offersMade,
    offer: {
      offer_id: offer.offer_id,
      driver_id: offer.driver_id,
      expires_at: timeText(offer.expires_at_ms)!,
    },
  }
}

/** The view of an order, field by field. */
export function viewOf(order: OrderModel): OrderView {
  const { wish, vendor, driver, at, delivered } = order
  const status = publicStatus(order) as OrderView['status']
  const fee = feeShown(order)
  return {
    id: order.id,
    kind: wasRequest(order) ? 'broadcast' : 'direct',
    order_number: numberOfOrder(order.id),
    tracking_token: order.token,
    status,
    user_id: wish.customer_id,
    customer_name: wish.customer_name,
    customer_phone: wish.customer_phone,
    vendor_id: vendor?.vendor_id ?? null,
    vendor_name: vendor?.name ?? null,
    driver_id: driver?.driver_id ?? null,
    driver_name: driver?.name ?? null,
    driver_phone: driver?.phone ?? null,
    assignment_id: order.assignmentId,
    pickup_address: vendor?.address ?? null,
    pickup_latitude: vendor?.latitude ?? null,
    pickup_longitude: vendor?.longitude ?? null,
    delivery_address: wish.dropoff.address,
    delivery_latitude: wish.dropoff.latitude,
    delivery_longitude: wish.dropoff.longitude,
    items: wish.items,
    quantity: wish.quantity,
    notes: wish.notes,
    prescription_url: wish.prescription_url,
    goods_classes: wish.goods_classes,
    custody: null,
    radius_km: wish.radius_km ?? null,
    pharmacies_notified: wasRequest(order) ? candidatesOf(order).length : null,
    expires_at: timeText(wish.expires_at_ms),
    responses: answers(order),
    driver_search: lookingForDriver.has(order.state)
      ? search(order)
      : { state: 'idle', offers_made: 0, offer: null },
    estimated_distance_km: kmShown(order),
    actual_distance_km:
      delivered === null || delivered.actual_distance_km === null
        ? null
        : toTheMetre(delivered.actual_distance_km),
    delivery_fee: fee === null ? null : fee / 100,
    currency: firstCurrency,
    proof_photo_url: delivered?.proof_photo_url ?? null,
    signature_url: delivered?.signature_url ?? null,
    delivery_flag: delivered?.flag ?? null,
    reason: order.reason,
    created_at: timeText(at.created)!,
    updated_at: timeText(order.updatedAtMs)!,
    accepted_at: timeText(at.accepted),
    driver_assigned_at: timeText(at.assigned),
    arrived_at_pickup_at: timeText(at.arrived_at_pickup),
    picked_up_at: timeText(at.picked_up),
    out_for_delivery_at: timeText(at.out_for_delivery),
    arrived_at_dropoff_at: timeText(at.arrived_at_dropoff),
    delivered_at: delivered === null ? null : timeText(at.ended),
    ended_at: ended.has(status) ? timeText(at.ended) : null,
    version: order.version,
  }
}

/** The columns of an order's row beside the two documents, as text. */
export function columnsOf(order: OrderModel): Record<string, string | null> {
  const view = viewOf(order)
  const text = (value: number | string | null | undefined): string | null =>
    value === null || value === undefined ? null : String(value)
  return {
    id: order.id,
    kind: view.kind,
    order_number: view.order_number,
    user_id: view.user_id,
    created_at: text(order.at.created),
    tracking_token: order.token,
    status: view.status,
    ended_as: isOver(order) ? view.status : null,
    vendor_id: view.vendor_id,
    driver_id: hasDriver(order) ? view.driver_id : null,
    offered_driver_id: order.offer?.driver_id ?? null,
    expires_at: text(order.wish.expires_at_ms),
    updated_at: text(order.updatedAtMs),
    accepted_at: text(order.at.accepted),
    delivered_at: order.delivered === null ? null : text(order.at.ended),
    delivery_fee_minor: text(feeShown(order)),
    currency: firstCurrency,
    actual_distance_km: text(view.actual_distance_km),
    version: text(order.version),
  }
}
