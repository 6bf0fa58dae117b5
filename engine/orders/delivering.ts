/**
 * Decides upon the steps of a delivery: arrivals, pick-up, hand-over, failure and return. What the
 * goods need at each of them is judged in `custody.ts`. Pure.
 */
import { factOf, type EvidenceFact } from '../../protocol/custody/evidence.ts'
import type { OrderEvent } from '../../protocol/dispatch/events.ts'
import type { Principal } from '../../protocol/kernel/principal.ts'
import { emit } from '../actors/decision.ts'
import { judgeStage, lateFault, refuseFields } from './custody.ts'
import { conflict, isDriver, isPharmacy, notFound, type Of, type OrderDecision } from './parties.ts'
import { flagOf } from './proof.ts'
import { deliveryOf, isBeingBrought, isBeingFetched, isEnded, type Order } from './state.ts'

const evidenceOf = (custody: EvidenceFact | null) => (custody === null ? {} : { custody })

export function recordArrival(order: Order, command: Of<'record_arrival'>): OrderDecision {
  if (command.at === 'pickup')
    return isBeingFetched(order) && order.delivery.arrivedAtPickupMs === null
      ? emit({ type: 'arrived_at_pickup', data: {} })
      : emit()
  return order.kind === 'out_for_delivery' && order.delivery.arrivedAtDropoffMs === null
    ? emit({ type: 'arrived_at_dropoff', data: {} })
    : emit()
}

/**
 * The driver's actor tells this to its orders, also to an order that has another driver by now or
 * is over.
 */
export function updateDriver(order: Order, { driver }: Of<'update_driver'>): OrderDecision {
  const delivery = isEnded(order) ? null : deliveryOf(order)
  if (delivery === null || delivery.driver.driver_id !== driver.driver_id) return emit()
  const { name, phone, vehicle_type } = delivery.driver
  if (name === driver.name && phone === driver.phone && vehicle_type === driver.vehicle_type)
    return emit()
  return emit({ type: 'assigned_driver_updated', data: { driver } })
}

/** Drivers report on their own deliveries. A pharmacy may report for its own fleet. */
const mayReport = (order: Order, by: Principal): boolean =>
  isDriver(order, by) || isPharmacy(order, by)

export function pickUp(order: Order, command: Of<'pick_up'>, nowMs: number): OrderDecision {
  if (!mayReport(order, command.by)) return notFound()
  if (order.kind === 'picked_up') return emit()
  if (order.kind !== 'driver_assigned') return conflict(order, 'picked up')
  const judged = judgeStage(order, 'pickup', command, nowMs)
  return judged.passed
    ? emit<OrderEvent>({ type: 'picked_up', data: evidenceOf(judged.fact) })
    : judged.decision
}

export function outForDelivery(order: Order, command: Of<'out_for_delivery'>): OrderDecision {
  if (!mayReport(order, command.by)) return notFound()
  if (order.kind === 'out_for_delivery') return emit()
  return order.kind === 'picked_up'
    ? emit({ type: 'out_for_delivery', data: {} })
    : conflict(order, 'out for delivery')
}

export function deliver(order: Order, command: Of<'deliver'>, nowMs: number): OrderDecision {
  if (!mayReport(order, command.by)) return notFound()
  if (order.kind === 'delivered') return emit()
  if (order.kind !== 'out_for_delivery') return conflict(order, 'delivered')
  const judged = judgeStage(order, 'handover', command, nowMs)
  if (!judged.passed) return judged.decision
  const { proof } = judged
  const reason = command.data.reason?.trim() || null
  return emit({
    type: 'delivered',
    data: {
      driver_id: order.delivery.driver.driver_id,
      proof_photo_url: proof.proof_photo_url,
      signature_url: proof.signature_url,
      actual_distance_km: command.actualDistanceKm,
      earnings_minor: order.deal.feeMinor,
      door_distance_m: command.doorDistanceM,
      reason,
      flag: flagOf(command.doorDistanceM, reason),
      ...evidenceOf(judged.fact),
    },
  })
}

export function fail(order: Order, command: Of<'fail'>, nowMs: number): OrderDecision {
  if (!mayReport(order, command.by)) return notFound()
  if (order.kind === 'failed') return emit()
  if (!isBeingBrought(order)) return conflict(order, 'failed')
  const { reason, custody } = command.data
  const wrongTime = lateFault(custody?.happened_at_ms, order.delivery.pickedUpAtMs, nowMs)
  return wrongTime === null
    ? emit<OrderEvent>({
        type: 'delivery_failed',
        data: { reason, ...evidenceOf(factOf(custody, null)) },
      })
    : refuseFields('custody_evidence_refused', [['custody.happened_at_ms', wrongTime]])
}

export function startReturn(order: Order, command: Of<'return'>): OrderDecision {
  if (!mayReport(order, command.by)) return notFound()
  if (order.kind === 'returning') return emit()
  return order.kind === 'failed'
    ? emit({ type: 'return_started', data: {} })
    : conflict(order, 'returned')
}

export function completeReturn(
  order: Order,
  command: Of<'complete_return'>,
  nowMs: number,
): OrderDecision {
  if (!mayReport(order, command.by)) return notFound()
  if (order.kind === 'returned') return emit()
  if (order.kind !== 'returning') return conflict(order, 'returned')
  const judged = judgeStage(order, 'return', command, nowMs)
  if (!judged.passed) return judged.decision
  const { driver_id } = order.delivery.driver
  return emit<OrderEvent>(...judged.before, {
    type: 'returned',
    data: { driver_id, ...evidenceOf(judged.fact) },
  })
}
