/**
 * The events of a driver that are also published under an older name, with their older fields.
 * Pure.
 */
import type { DriverEvent } from '../../protocol/dispatch/events.ts'
import type { OlderFactOf } from '../actors/effects.ts'
import type { Driver } from './state.ts'

/** Null for an event that has no older name. */
export function olderFact(event: DriverEvent, driver: Driver): OlderFactOf | null {
  if (
    event.type !== 'order_completed' ||
    event.data.outcome !== 'delivered' ||
    driver.kind === 'absent'
  )
    return null
  const { order_id, earnings_minor, currency } = event.data
  return {
    orderId: order_id,
    fact: {
      type: 'payment.processed',
      data: {
        trip_id: order_id,
        driver_id: driver.driverId,
        amount_minor: earnings_minor,
        currency,
      },
    },
  }
}
