/**
 * The effects of an order's event: who is told, which claim changes, which driver gets a command.
 * `order` is the state after the event, or a later one when effects are repeated after a crash.
 * `source` is the place of the event in its slot.
 */
import { kmToHundredMetres, kmToTenMetres } from '../../protocol/kernel/kilometres.ts'
import { currencyOf } from '../../protocol/pricing/money.ts'
import type { DriverOutcome } from '../../protocol/orders/statuses.ts'
import { isoTime } from '../../protocol/kernel/iso-time.ts'
import type { OrderEvent } from '../../protocol/dispatch/events.ts'
import type { CandidateFact, SourceFact } from '../../protocol/dispatch/facts.ts'
import { assignedMessage } from '../../protocol/drivers/messages.ts'
import {
  newRequestBody,
  requestEnded,
  type CustodyMessage,
  type RequestEnd,
  type StatusMessage,
} from '../../protocol/orders/messages.ts'
import { topics, type Push } from '../../protocol/dispatch/pushes.ts'
import type { SocketMessage } from '../../protocol/dispatch/messages.ts'
import type { Effect } from '../actors/effects.ts'
import { toDriver, toOrder } from '../saga/commands.ts'
import { statusOf, view } from './view.ts'
import { deliveryOf, pharmacyOf, type Broadcast, type Order, type OrderCore } from './state.ts'

type Living = Exclude<Order, { kind: 'absent' }>
const system = { role: 'system', id: 'order' } as const

/** `atMs`: time of the event, ms since the epoch. */
export function react(
  event: OrderEvent,
  order: Living,
  atMs: number,
  source: SourceFact,
): Effect[] {
  const { core } = order
  const at = isoTime(atMs)
  switch (event.type) {
    case 'broadcast_opened': {
      if (order.kind !== 'broadcast') return []
      return openRequest(order.core, order.broadcast)
    }
    case 'order_placed':
      return [
        push(topics.pharmacy(event.data.vendor.vendor_id), {
          type: 'new_order',
          order_id: core.orderId,
          status: 'pending',
          customer_name: core.customerName,
          items: core.items,
          notes: core.notes ?? null,
          distance_km: kmToTenMetres(event.data.distance_km),
          timestamp: at,
        }),
      ]
    case 'response_recorded':
      return [
        pharmacyResponse(
          core,
          'REJECTED',
          at,
          {
            vendor_id: event.data.vendor_id,
            name: event.data.vendor_name,
            latitude: event.data.latitude,
            longitude: event.data.longitude,
          },
          event.data,
        ),
      ]
    case 'order_accepted': {
      const { vendor } = event.data
      return [
        ...(core.origin === 'broadcast'
          ? [{ do: 'confirmClaim' as const, orderId: core.orderId, pharmacyId: vendor.vendor_id }]
          : []),
        pharmacyResponse(core, 'ACCEPTED', at, vendor, {
          ...event.data,
          distance_km: kmOf(order, vendor.vendor_id) ?? event.data.distance_km,
        }),
        ...closeRequest(order, vendor.vendor_id, 'taken'),
        ...statusPushes(order, at),
      ]
    }
    case 'order_rejected':
      return statusPushes(order, at, {}, { reason: event.data.reason })
    case 'request_expired':
      return [
        { do: 'closeClaim', orderId: core.orderId, as: 'expired' },
        push(topics.customer(core.customerId), {
          type: 'request_expired',
          request_id: core.orderId,
          reason: event.data.reason,
          message:
            event.data.reason === 'deadline'
              ? 'No pharmacy accepted in time'
              : 'There is no pharmacy within the radius',
        }),
        ...closeRequest(order, null, 'expired'),
        ...statusPushes(order, at),
      ]
    case 'order_cancelled':
      return [
        ...(core.origin === 'broadcast'
          ? [{ do: 'closeClaim' as const, orderId: core.orderId, as: 'cancelled' as const }]
          : []),
        ...('deal' in order && order.deal !== null ? [] : closeRequest(order, null, 'cancelled')),
        ...(order.kind === 'cancelled' && order.delivery !== null
          ? [
              completeDriver(core, order.delivery.driver.driver_id, 'cancelled', 0),
              push(topics.driver(order.delivery.driver.driver_id), {
                type: 'assignment_ended',
                order_id: core.orderId,
                offer_id: order.delivery.assignmentId,
                reason: event.data.reason ?? 'the order was cancelled',
              }),
            ]
          : []),
        ...statusPushes(order, at, {}, { reason: event.data.reason }),
      ]
    case 'tracking_reissued':
      return [
        push(topics.order(core.orderId), { type: 'tracking_reissued', order_id: core.orderId }),
      ]
    case 'driver_search_started':
      return []
    case 'offer_made': {
      const offer = event.data
      // Effects may be repeated after a crash, when the offer is over. Then the driver must not
      // hold it again.
      if (
        order.kind !== 'accepted' ||
        order.search.kind !== 'offering' ||
        order.search.offer.offerId !== offer.offer_id
      )
        return []
      const { deal } = order
      return [
        {
          do: 'command',
          to: toDriver(offer.driver_id, `${offer.offer_id}:hold`, {
            verb: 'hold_offer',
            by: system,
            vendorId: deal.vendor.vendor_id,
            source,
            offer: {
              offer_id: offer.offer_id,
              order_id: core.orderId,
              mode: offer.mode,
              expires_at_ms: offer.expires_at_ms,
              pickup: {
                latitude: deal.vendor.latitude,
                longitude: deal.vendor.longitude,
                address: deal.vendor.address,
              },
              dropoff: core.dropoff,
              distance_km: deal.distanceKm,
              fee_minor: deal.feeMinor,
              currency: currencyOf(core),
            },
          }),
          onRefused: ({ code, detail }) =>
            toOrder(core.orderId, `${offer.offer_id}:refused`, {
              verb: 'driver_refused',
              by: system,
              offerId: offer.offer_id,
              code,
              reason: detail,
            }),
        },
      ]
    }
    case 'offer_closed':
      return [
        {
          do: 'command',
          to: toDriver(event.data.driver_id, `${event.data.offer_id}:release`, {
            verb: 'release_hold',
            by: system,
            offerId: event.data.offer_id,
            outcome: event.data.outcome,
          }),
        },
      ]
    case 'driver_search_ended':
      return pharmacyPush(order, {
        type: 'driver_search_ended',
        order_id: core.orderId,
        outcome: event.data.outcome,
        message: 'No driver took this order; assign one or search again',
      })
    case 'driver_assigned': {
      const { driver, offer_id } = event.data
      return [
        {
          do: 'command',
          to: toDriver(driver.driver_id, `${offer_id}:assign`, {
            verb: 'assign',
            by: system,
            offerId: offer_id,
            orderId: core.orderId,
          }),
        },
        // Effects may be repeated after a crash, when another driver has the order. Then this
        // driver is not told.
        ...(deliveryOf(order)?.driver.driver_id === driver.driver_id
          ? [
              push(
                topics.driver(driver.driver_id),
                assignedMessage(view(order, 0, atMs), pharmacyOf(order)?.phone ?? null),
              ),
            ]
          : []),
        ...statusPushes(
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
        // Effects may be repeated after a crash, when the same driver came back and has the order
        // again. Then it is not taken away.
        ...(deliveryOf(order)?.driver.driver_id === driver_id
          ? []
          : [
              {
                do: 'command' as const,
                to: toDriver(driver_id, `${offer_id}:unassigned`, {
                  verb: 'complete',
                  by: system,
                  orderId: core.orderId,
                  outcome: 'cancelled',
                  earningsMinor: 0,
                  currency: currencyOf(core),
                }),
              },
            ]),
        push(topics.driver(driver_id), {
          type: 'assignment_ended',
          order_id: core.orderId,
          offer_id,
          reason,
        }),
        ...(order.kind === 'accepted' ? statusPushes(order, at) : []),
      ]
    }
    case 'assigned_driver_updated': {
      const { driver_id, name, phone, vehicle_type } = event.data.driver
      return statusPushes(
        order,
        at,
        { vehicle_type },
        { driver_id, driver_name: name, driver_phone: phone },
      )
    }
    case 'arrived_at_pickup':
      return statusPushes(order, at, { arrived_at: 'pickup' })
    case 'arrived_at_dropoff':
      return statusPushes(order, at, { arrived_at: 'dropoff' })
    case 'delivery_failed':
      return statusPushes(order, at, {}, { reason: event.data.reason })
    case 'delivered':
      return [
        completeDriver(core, event.data.driver_id, 'delivered', event.data.earnings_minor),
        ...statusPushes(order, at),
      ]
    case 'returned':
      return [completeDriver(core, event.data.driver_id, 'returned', 0), ...statusPushes(order, at)]
    case 'parcel_packed':
    case 'package_scanned':
    case 'agent_named':
    case 'code_refused':
    case 'code_renewed':
      return []
    case 'chain_broken':
      return custodyPushes(order, at, event.data.number, event.data.kind, null)
    case 'chain_mended':
      return custodyPushes(order, at, event.data.number, null, event.data.outcome)
    // A step that changes only the status.
    default:
      return statusPushes(order, at)
  }
}

/** The effects of an open request. To repeat them is harmless, so recovery uses them too. */
export function openRequest(core: OrderCore, broadcast: Broadcast): Effect[] {
  if (broadcast.candidates.length === 0) return []
  const pharmacyIds = broadcast.candidates.map(c => c.vendor_id)
  return [
    { do: 'openClaim', orderId: core.orderId, pharmacyIds, deadlineMs: broadcast.expiresAtMs },
    {
      do: 'push',
      push: {
        kind: 'new_request',
        body: requestBody(core, broadcast),
        vendor_ids: pharmacyIds,
        distances_km: broadcast.candidates.map(toldKm),
      },
    },
  ]
}

/** The push of the open request to some of its pharmacies, for terminals that connected late. */
export function requestPushFor(
  core: OrderCore,
  broadcast: Broadcast,
  pharmacyIds: ReadonlySet<string>,
): Push {
  const candidates = broadcast.candidates.filter(c => pharmacyIds.has(c.vendor_id))
  return {
    kind: 'new_request',
    body: requestBody(core, broadcast),
    vendor_ids: candidates.map(c => c.vendor_id),
    distances_km: candidates.map(toldKm),
  }
}

const requestBody = (core: OrderCore, { radiusKm, expiresAtMs }: Broadcast) =>
  newRequestBody({
    ...core,
    prescriptionUrl: core.prescriptionUrl ?? null,
    radiusKm,
    expiresAtMs,
  })

/**
 * Requests of an earlier release were measured from the door alone. They are open for at most an
 * hour.
 */
const toldKm = ({ area_km, distance_km }: CandidateFact): number =>
  area_km ?? kmToHundredMetres(distance_km)

function closeRequest(order: Living, exceptPharmacyId: string | null, end: RequestEnd): Effect[] {
  const broadcast = 'broadcast' in order ? order.broadcast : null
  if (broadcast === null) return []
  const vendor_ids = broadcast.candidates
    .map(c => c.vendor_id)
    .filter(id => id !== exceptPharmacyId)
  if (vendor_ids.length === 0) return []
  const request_id = order.core.orderId
  return [
    {
      do: 'push',
      push: {
        kind: 'request_closed',
        request_id,
        vendor_ids,
        message: requestEnded(request_id, end),
      },
    },
  ]
}

/** Distance to the door as the crow flies, km. The fee uses the distance by road. */
const kmOf = (order: Living, pharmacyId: string): number | undefined =>
  ('broadcast' in order ? order.broadcast : null)?.candidates.find(
    candidate => candidate.vendor_id === pharmacyId,
  )?.distance_km

/**
 * Tells the customer of a pharmacy's answer. The door is the customer's own, so the distance is
 * exact.
 */
function pharmacyResponse(
  core: OrderCore,
  response_type: 'ACCEPTED' | 'REJECTED',
  responded_at: string,
  vendor: { vendor_id: string; name: string; latitude: number; longitude: number },
  answer: { text_message: string | null; audio_url: string | null; distance_km: number },
): Effect {
  return push(topics.customer(core.customerId), {
    type: 'pharmacy_response',
    request_id: core.orderId,
    order_id: core.orderId,
    pharmacy_id: vendor.vendor_id,
    pharmacy_name: vendor.name,
    pharmacy_location: { lat: vendor.latitude, lng: vendor.longitude },
    response_type,
    text_message: answer.text_message,
    audio_url: answer.audio_url,
    distance_km: kmToTenMetres(answer.distance_km),
    responded_at,
  })
}

/**
 * Pushes the status to all who follow the order: to holders of its link, and with more detail to
 * its customer and its pharmacy.
 */
function statusPushes(
  order: Living,
  at: string,
  extra: Pick<StatusMessage, 'arrived_at' | 'vehicle_type'> = {},
  parties: Pick<StatusMessage, 'driver_id' | 'driver_name' | 'driver_phone' | 'reason'> = {},
): Effect[] {
  const { core } = order
  const open: StatusMessage = {
    type: 'status',
    order_id: core.orderId,
    status: statusOf(order),
    at,
    ...extra,
  }
  const full: StatusMessage = { ...open, ...parties }
  return [
    push(topics.order(core.orderId), open),
    push(topics.customer(core.customerId), full),
    ...pharmacyPush(order, full),
  ]
}

/** Tells everybody who has the order of a break of its chain, or of the decision upon it. */
function custodyPushes(
  order: Living,
  at: string,
  number: number,
  kind: CustodyMessage['kind'],
  outcome: CustodyMessage['outcome'],
): Effect[] {
  const { core } = order
  const message: CustodyMessage = {
    type: 'custody',
    order_id: core.orderId,
    number,
    kind,
    outcome,
    at,
  }
  const driver = deliveryOf(order)?.driver
  return [
    push(topics.customer(core.customerId), message),
    ...pharmacyPush(order, message),
    ...(driver === undefined ? [] : [push(topics.driver(driver.driver_id), message)]),
  ]
}

function pharmacyPush(order: Living, message: SocketMessage): Effect[] {
  const vendor = pharmacyOf(order)
  return vendor === null ? [] : [push(topics.pharmacy(vendor.vendor_id), message)]
}

const push = (topic: string, message: SocketMessage): Effect => ({
  do: 'push',
  push: { kind: 'topic', topic, message },
})
const completeDriver = (
  core: OrderCore,
  driverId: string,
  outcome: DriverOutcome,
  earningsMinor: number,
): Effect => ({
  do: 'command',
  to: toDriver(driverId, `${core.orderId}:complete`, {
    verb: 'complete',
    by: system,
    orderId: core.orderId,
    outcome,
    earningsMinor,
    currency: currencyOf(core),
  }),
})
