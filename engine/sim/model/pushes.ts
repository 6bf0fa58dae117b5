/**
 * A second implementation of the pushes of each event, from the description of the sockets: the
 * topic and the whole message, word for word. The simulator compares every push on the bus with
 * this one, and so finds a push that goes to the wrong recipient, reveals too much, or is missing.
 */
import { requestExpired } from '../../../protocol/orders/texts.ts'
import type { DriverEvent, OrderEvent } from '../../../protocol/dispatch/events.ts'
import type { CandidateFact } from '../../../protocol/dispatch/facts.ts'
import { firstCurrency } from '../../../protocol/pricing/money.ts'
import type {
  CustodyMessage,
  NewRequestBody,
  RequestEnded,
  StatusMessage,
} from '../../../protocol/orders/messages.ts'
import type { Push } from '../../../protocol/dispatch/pushes.ts'
import type { SocketMessage } from '../../../protocol/dispatch/messages.ts'
import type { DriverModel } from './driver.ts'
import { candidatesOf, publicStatus, wasRequest, type OrderModel } from './order.ts'
import { timeText } from './order-row.ts'

const hundredths = (km: number): number => Math.round(km * 100) / 100
const tenths = (km: number): number => Math.round(km * 10) / 10
/** A latitude or longitude to a hundredth of a degree. */
const cell = (degrees: number): number => Number(degrees.toFixed(2))
const near = (one: { latitude: number; longitude: number }) => ({
  latitude: cell(one.latitude),
  longitude: cell(one.longitude),
})
/** Initials of a simulated name, whose words begin with letters of the English alphabet. */
const initials = (name: string): string =>
  name
    .split(' ')
    .filter(word => word !== '')
    .map(word => `${word[0]!.toUpperCase()}.`)
    .join(' ')
const to = (
  kind: 'vendor' | 'customer' | 'driver' | 'order' | 'fleet',
  id: string,
  message: SocketMessage,
): Push => ({ kind: 'topic', topic: `${kind}:${id}`, message })

/** JSON with the keys of objects in order, so that equal values give equal texts. */
export function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, one: unknown) =>
    typeof one === 'object' && one !== null && !Array.isArray(one)
      ? Object.fromEntries(Object.entries(one).sort(([a], [b]) => (a < b ? -1 : 1)))
      : one,
  )
}

/** The message about an open request to the terminals of its candidates. */
export function requestBody({ id, wish, at }: OrderModel): NewRequestBody {
  return {
    request_id: id,
    patient_name: initials(wish.customer_name),
    patient_phone: '',
    patient_location: { lat: cell(wish.dropoff.latitude), lng: cell(wish.dropoff.longitude) },
    radius_km: wish.radius_km!,
    quantity: wish.quantity,
    items: wish.items,
    notes: null,
    image_url: wish.prescription_url,
    prescription_url: wish.prescription_url,
    timestamp: timeText(at.created)!,
    expires_at: timeText(wish.expires_at_ms)!,
  }
}

/** The distance that a candidate is told, km. */
export const toldKm = (one: CandidateFact): number => one.area_km ?? tenths(one.distance_km)

/**
 * The status of an order to holders of its link, and with the fields of `parties` to its customer
 * and its pharmacy.
 */
function status(
  order: OrderModel,
  at: string,
  extra: Partial<StatusMessage> = {},
  parties: Partial<StatusMessage> = {},
): Push[] {
  const open: StatusMessage = {
    type: 'status',
    order_id: order.id,
    status: publicStatus(order),
    at,
    ...extra,
  }
  const full = { ...open, ...parties }
  return [
    to('order', order.id, open),
    to('customer', order.wish.customer_id, full),
    ...toPharmacy(order, full),
  ]
}

/** A break of the chain, or the decision upon it, to everybody who has the order. */
function custodyTold(
  order: OrderModel,
  at: string,
  number: number,
  kind: CustodyMessage['kind'],
  outcome: CustodyMessage['outcome'],
): Push[] {
  const message = { type: 'custody' as const, order_id: order.id, number, kind, outcome, at }
  return [
    to('customer', order.wish.customer_id, message),
    ...toPharmacy(order, message),
    ...(order.driver === null ? [] : [to('driver', order.driver.driver_id, message)]),
  ]
}

/** A message to the pharmacy of an order; none while it has no pharmacy. */
const toPharmacy = ({ vendor }: OrderModel, message: SocketMessage): Push[] =>
  vendor === null ? [] : [to('vendor', vendor.vendor_id, message)]

/** The end of a request to its candidates, except one. */
function over(
  order: OrderModel,
  exceptPharmacyId: string | null,
  type: RequestEnded['type'],
  message: string,
): Push[] {
  const vendor_ids = candidatesOf(order)
    .map(one => one.vendor_id)
    .filter(id => id !== exceptPharmacyId)
  return vendor_ids.length === 0
    ? []
    : [
        {
          kind: 'request_closed',
          request_id: order.id,
          vendor_ids,
          message: { type, request_id: order.id, message },
        },
      ]
}

interface AnsweringPharmacy {
  vendor_id: string
  name: string
  latitude: number
  longitude: number
}
interface Answer {
  text_message: string | null
  audio_url: string | null
}
/** The answer of a pharmacy, to the customer. */
const answered = (
  order: OrderModel,
  response_type: 'ACCEPTED' | 'REJECTED',
  at: string,
  pharmacy: AnsweringPharmacy,
  { text_message, audio_url }: Answer,
  km: number,
): Push =>
  to('customer', order.wish.customer_id, {
    type: 'pharmacy_response',
    request_id: order.id,
    order_id: order.id,
    pharmacy_id: pharmacy.vendor_id,
    pharmacy_name: pharmacy.name,
    pharmacy_location: { lat: pharmacy.latitude, lng: pharmacy.longitude },
    response_type,
    text_message,
    audio_url,
    distance_km: hundredths(km),
    responded_at: at,
  })

/**
 * The pushes of an order's event. `order` is the state after the event, or a later state when the
 * pushes are repeated.
 */
export function pushesOfOrder(event: OrderEvent, order: OrderModel, atMs: number): Push[] {
  const at = timeText(atMs)!
  switch (event.type) {
    case 'broadcast_opened':
      return order.state !== 'broadcast' || candidatesOf(order).length === 0
        ? []
        : [
            {
              kind: 'new_request',
              body: requestBody(order),
              vendor_ids: candidatesOf(order).map(one => one.vendor_id),
              distances_km: candidatesOf(order).map(toldKm),
            },
          ]
    case 'order_placed':
      return [
        to('vendor', event.data.vendor.vendor_id, {
          type: 'new_order',
          order_id: order.id,
          status: 'pending',
          customer_name: order.wish.customer_name,
          items: order.wish.items,
          notes: order.wish.notes,
          distance_km: hundredths(event.data.distance_km),
          timestamp: at,
        }),
      ]
    case 'response_recorded':
      return [
        answered(
          order,
          'REJECTED',
          at,
          { ...event.data, name: event.data.vendor_name },
          event.data,
          event.data.distance_km,
        ),
      ]
    case 'order_accepted': {
      const { vendor } = event.data
      const asked = candidatesOf(order).find(one => one.vendor_id === vendor.vendor_id)
      return [
        answered(
          order,
          'ACCEPTED',
          at,
          vendor,
          event.data,
          asked?.distance_km ?? event.data.distance_km,
        ),
        ...over(
          order,
          vendor.vendor_id,
          'request_taken',
          'This request has been accepted by another pharmacy',
        ),
        ...status(order, at),
      ]
    }
    case 'request_expired': {
      const { reason } = event.data
      const message =
        reason === 'deadline'
          ? 'No pharmacy accepted in time'
          : 'There is no pharmacy within the radius'
      return [
        to('customer', order.wish.customer_id, {
          type: 'request_expired',
          request_id: order.id,
          reason,
          message,
        }),
        ...over(order, null, 'request_expired', requestExpired),
        ...status(order, at),
      ]
    }
    case 'order_cancelled':
      return [
        ...(order.yes === null && wasRequest(order)
          ? over(order, null, 'request_cancelled', 'This request was cancelled')
          : []),
        ...(order.driver === null
          ? []
          : [
              to('driver', order.driver.driver_id, {
                type: 'assignment_ended',
                order_id: order.id,
                offer_id: order.assignmentId!,
                reason: event.data.reason ?? 'the order was cancelled',
              }),
            ]),
        ...status(order, at, {}, { reason: event.data.reason }),
      ]
    case 'parcel_packed':
    case 'package_scanned':
    case 'agent_named':
    case 'code_refused':
    case 'code_renewed':
      return []
    case 'chain_broken':
      return custodyTold(order, at, event.data.number, event.data.kind, null)
    case 'chain_mended':
      return custodyTold(order, at, event.data.number, null, event.data.outcome)
    case 'tracking_reissued':
      return [to('order', order.id, { type: 'tracking_reissued', order_id: order.id })]
    case 'driver_search_started':
    case 'offer_made':
    case 'offer_closed':
      return []
    case 'driver_search_ended':
      return toPharmacy(order, {
        type: 'driver_search_ended',
        order_id: order.id,
        outcome: 'exhausted',
        message: 'No driver took this order; assign one or search again',
      })
    case 'driver_assigned': {
      const { driver } = event.data
      const { vendor, wish } = order
      return [
        // When another driver has the order by now, this driver is not told.
        ...(order.driver?.driver_id !== driver.driver_id || vendor === null
          ? []
          : [
              to('driver', driver.driver_id, {
                type: 'assigned',
                order_id: order.id,
                offer_id: order.assignmentId!,
                assigned_at: timeText(order.at.assigned)!,
                status: publicStatus(order),
                pickup: {
                  latitude: vendor.latitude,
                  longitude: vendor.longitude,
                  address: vendor.address,
                  name: vendor.name,
                  phone: vendor.phone,
                },
                dropoff: { ...wish.dropoff, name: wish.customer_name, phone: wish.customer_phone },
                items: wish.items,
                notes: wish.notes,
                fee: order.yes === null ? null : order.yes.fee_minor / 100,
                currency: firstCurrency,
              }),
            ]),
        ...status(
          order,
          at,
          { vehicle_type: driver.vehicle_type },
          { driver_id: driver.driver_id, driver_name: driver.name, driver_phone: driver.phone },
        ),
      ]
    }
    case 'driver_unassigned': {
      const { driver_id, offer_id, reason } = event.data
      return [
        to('driver', driver_id, { type: 'assignment_ended', order_id: order.id, offer_id, reason }),
        ...(publicStatus(order) === 'accepted' ? status(order, at) : []),
      ]
    }
    case 'assigned_driver_updated': {
      const { driver_id, name, phone, vehicle_type } = event.data.driver
      return status(
        order,
        at,
        { vehicle_type },
        { driver_id, driver_name: name, driver_phone: phone },
      )
    }
    case 'arrived_at_pickup':
      return status(order, at, { arrived_at: 'pickup' })
    case 'arrived_at_dropoff':
      return status(order, at, { arrived_at: 'dropoff' })
    case 'order_rejected':
    case 'delivery_failed':
      return status(order, at, {}, { reason: event.data.reason })
    case 'picked_up':
    case 'out_for_delivery':
    case 'delivered':
    case 'return_started':
    case 'returned':
      return status(order, at)
  }
}

/** The pushes of a driver's event. `driver` is the state after the event, or a later state. */
export function pushesOfDriver(event: DriverEvent, driver: DriverModel): Push[] {
  const { id, profile, membership } = driver
  const fleet = to('fleet', profile.vendor_id, {
    type: 'driver_status',
    driver_id: id,
    status: driver.orderIds.length > 0 ? 'busy' : driver.duty,
  })
  const belongs = to('driver', id, {
    type: 'membership',
    driver_id: id,
    vendor_id: profile.vendor_id,
    membership,
    active_order_ids: driver.orderIds,
  })
  switch (event.type) {
    case 'offer_held': {
      const { offer_id, order_id, mode, pickup, dropoff, distance_km, fee_minor, expires_at_ms } =
        event.data
      return mode === 'assign'
        ? []
        : [
            to('driver', id, {
              type: 'offer',
              offer_id,
              order_id,
              pickup: { ...near(pickup), address: null },
              dropoff: { ...near(dropoff), address: null },
              distance_km: tenths(distance_km),
              fee: fee_minor / 100,
              currency: firstCurrency,
              expires_at: timeText(expires_at_ms)!,
            }),
          ]
    }
    case 'offer_released': {
      const { offer_id, order_id, outcome } = event.data
      return outcome === 'declined'
        ? []
        : [to('driver', id, { type: 'offer_withdrawn', offer_id, order_id, reason: outcome })]
    }
    case 'status_changed':
      return [
        to('driver', id, { type: 'driver_status', driver_id: id, status: event.data.availability }),
        fleet,
      ]
    case 'membership_changed':
      return event.data.membership === membership
        ? [
            belongs,
            fleet,
            to('vendor', profile.vendor_id, {
              type: 'driver_membership',
              driver_id: id,
              driver_name: profile.full_name,
              membership,
            }),
          ]
        : []
    case 'order_completed':
      return [fleet, ...(membership === 'ended' && driver.orderIds.length === 0 ? [belongs] : [])]
    case 'driver_registered':
    case 'order_assigned':
      return [fleet]
    default:
      return []
  }
}
