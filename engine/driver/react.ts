/** What must follow an event of a driver. */
import { isoTime } from '../../protocol/iso-time.ts'
import { topics } from '../../protocol/pushes.ts'
import type { DriverEvent } from '../../protocol/events.ts'
import { currency } from '../../protocol/money.ts'
import type { Effect } from '../effects.ts'
import type { RegisteredDriver } from './state.ts'

const system = { role: 'system', id: 'driver' } as const

export function react(event: DriverEvent, driver: RegisteredDriver): Effect[] {
  switch (event.type) {
    case 'offer_held': {
      const offer = event.data
      if (offer.mode === 'assign')
        return [{
          do: 'command',
          to: {
            kind: 'order', actorId: offer.order_id, id: `${offer.offer_id}:took`,
            command: {
              verb: 'driver_took', by: { role: 'driver', id: driver.driverId }, offerId: offer.offer_id,
              driver: { driver_id: driver.driverId, name: driver.fullName, phone: driver.phone, vehicle_type: driver.vehicleType },
            },
          },
        }]
      return [{
        do: 'push',
        push: {
          kind: 'topic', topic: topics.driver(driver.driverId),
          message: {
            type: 'offer', offer_id: offer.offer_id, order_id: offer.order_id, pickup: offer.pickup, dropoff: offer.dropoff,
            distance_km: Math.round(offer.distance_km * 100) / 100, fee: offer.fee_minor / 100, currency,
            expires_at: isoTime(offer.expires_at_ms),
          },
        },
      }]
    }
    case 'offer_released':
      return event.data.outcome === 'declined' ? [] : [{
        do: 'push',
        push: {
          kind: 'topic', topic: topics.driver(driver.driverId),
          message: { type: 'offer_withdrawn', offer_id: event.data.offer_id, order_id: event.data.order_id, reason: event.data.outcome },
        },
      }]
    case 'status_changed': {
      const { hold } = driver
      return [
        {
          do: 'push',
          push: {
            kind: 'topic', topic: topics.driver(driver.driverId),
            message: { type: 'driver_status', driver_id: driver.driverId, status: event.data.availability },
          },
        },
        // The state may be later than the event, after a crash: back on duty, the hold is another story.
        ...(event.data.availability !== 'available' && driver.availability !== 'available' && hold !== null ? [{
          do: 'command' as const,
          to: {
            kind: 'order' as const, actorId: hold.order_id, id: `${hold.offer_id}:off_duty`,
            command: { verb: 'driver_refused' as const, by: system, offerId: hold.offer_id, code: 'driver_unavailable' as const, reason: 'the driver went off duty' },
          },
        }] : []),
      ]
    }
    default: return []
  }
}
