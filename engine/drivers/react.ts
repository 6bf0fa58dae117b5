/** What must follow an event of a driver. */
import { decimalOfMinor } from '../../protocol/pricing/money.ts'
import { isoTime } from '../../protocol/kernel/iso-time.ts'
import type { ErrorCode } from '../../protocol/kernel/errors.ts'
import { topics } from '../../protocol/dispatch/pushes.ts'
import type { DriverEvent } from '../../protocol/dispatch/events.ts'
import type { DriverFact, HeldOfferFact, SourceFact } from '../../protocol/dispatch/facts.ts'
import { membershipMessage, offerMessage } from '../../protocol/drivers/messages.ts'
import type { Effect } from '../actors/effects.ts'
import { toOrder } from '../saga/commands.ts'
import { membershipOf, statusOf, type RegisteredDriver } from './state.ts'

const system = { role: 'system', id: 'driver' } as const

const factOf = ({ driverId, fullName, phone, vehicleType }: RegisteredDriver): DriverFact => ({
  driver_id: driverId,
  name: fullName,
  phone,
  vehicle_type: vehicleType,
})

/** `source`: where the event is in its slot. */
export function react(event: DriverEvent, driver: RegisteredDriver, source: SourceFact): Effect[] {
  switch (event.type) {
    case 'offer_held': {
      const offer = event.data
      if (offer.mode === 'assign')
        return [
          {
            do: 'command',
            to: toOrder(offer.order_id, `${offer.offer_id}:took`, {
              verb: 'driver_took',
              by: system,
              offerId: offer.offer_id,
              driver: factOf(driver),
            }),
          },
        ]
      return [
        {
          do: 'push',
          push: {
            kind: 'topic',
            topic: topics.driver(driver.driverId),
            message: offerMessage({
              ...offer,
              fee: decimalOfMinor(offer.fee_minor, offer.currency),
              expires_at: isoTime(offer.expires_at_ms),
            }),
          },
        },
      ]
    }
    case 'offer_released':
      return event.data.outcome === 'declined'
        ? []
        : [
            {
              do: 'push',
              push: {
                kind: 'topic',
                topic: topics.driver(driver.driverId),
                message: {
                  type: 'offer_withdrawn',
                  offer_id: event.data.offer_id,
                  order_id: event.data.order_id,
                  reason: event.data.outcome,
                },
              },
            },
          ]
    case 'driver_updated': {
      // The order of a hold may have its driver already, and its word may be on the way.
      const orderIds =
        driver.hold === null
          ? driver.activeOrderIds
          : [...driver.activeOrderIds, driver.hold.order_id]
      return orderIds.map(orderId => ({
        do: 'command',
        to: toOrder(orderId, `${driver.driverId}:updated:${source.slot}.${source.seq}`, {
          verb: 'update_driver',
          by: system,
          driver: factOf(driver),
        }),
      }))
    }
    case 'status_changed': {
      const { hold } = driver
      return [
        {
          do: 'push',
          push: {
            kind: 'topic',
            topic: topics.driver(driver.driverId),
            message: {
              type: 'driver_status',
              driver_id: driver.driverId,
              status: event.data.availability,
            },
          },
        },
        toFleet(driver),
        // The state may be later than the event, after a crash: back on duty, the hold is another story.
        ...(event.data.availability !== 'available' &&
        driver.availability !== 'available' &&
        hold !== null
          ? [refuse(hold, 'off_duty', 'driver_unavailable', 'the driver went off duty')]
          : []),
      ]
    }
    case 'membership_changed': {
      // After a crash the state may be later than the event: only what still holds is told.
      if (membershipOf(driver) !== event.data.membership) return []
      const { hold, activeOrderIds } = driver
      const told = [membershipPush(driver), membershipNews(driver), toFleet(driver)]
      if (event.data.membership !== 'ended') return told
      return [
        ...told,
        ...(hold === null
          ? []
          : [
              refuse(
                hold,
                'left',
                'driver_not_member',
                'the driver does not belong to the pharmacy any more',
              ),
            ]),
        ...activeOrderIds.map(orderId => leave(driver, orderId, source)),
      ]
    }
    // The assignment was under way when the membership ended.
    case 'order_assigned':
      return [
        toFleet(driver),
        ...(membershipOf(driver) === 'ended' ? [leave(driver, event.data.order_id, source)] : []),
      ]
    // The last parcel is handed over: nothing keeps the driver here.
    case 'order_completed':
      return [
        toFleet(driver),
        ...(membershipOf(driver) === 'ended' && driver.activeOrderIds.length === 0
          ? [membershipPush(driver)]
          : []),
      ]
    case 'driver_registered':
      return [toFleet(driver)]
    default:
      return []
  }
}

/** The order lets go of the offer: who holds it cannot take it any more. */
const refuse = (hold: HeldOfferFact, why: string, code: ErrorCode, reason: string): Effect => ({
  do: 'command',
  to: toOrder(hold.order_id, `${hold.offer_id}:${why}`, {
    verb: 'driver_refused',
    by: system,
    offerId: hold.offer_id,
    code,
    reason,
  }),
})

/** The order decides by what it has become: before the pick-up it looks for another driver, after it this one carries it to the end. */
const leave = (driver: RegisteredDriver, orderId: string, { slot, seq }: SourceFact): Effect => ({
  do: 'command',
  // By the event and not by the driver: one who comes back may leave the same order a second time.
  to: toOrder(orderId, `${driver.driverId}:left:${slot}.${seq}`, {
    verb: 'driver_left',
    by: system,
    driverId: driver.driverId,
    reason: 'the driver does not belong to the pharmacy any more',
  }),
})

/** To the driver's own app. `active_order_ids` are what is still to be carried to the end. */
const membershipPush = (driver: RegisteredDriver): Effect => ({
  do: 'push',
  push: {
    kind: 'topic',
    topic: topics.driver(driver.driverId),
    message: membershipMessage(
      driver.driverId,
      driver.vendorId,
      membershipOf(driver),
      driver.activeOrderIds,
    ),
  },
})

/** To the pharmacy: who asks, who belongs to it, who does no more. */
const membershipNews = (driver: RegisteredDriver): Effect => ({
  do: 'push',
  push: {
    kind: 'topic',
    topic: topics.pharmacy(driver.vendorId),
    message: {
      type: 'driver_membership',
      driver_id: driver.driverId,
      driver_name: driver.fullName,
      membership: membershipOf(driver),
    },
  },
})

/** To whoever watches the fleet: positions say it too, but a driver who has not been seen yet has none. */
const toFleet = (driver: RegisteredDriver): Effect => ({
  do: 'push',
  push: {
    kind: 'topic',
    topic: topics.fleet(driver.vendorId),
    message: { type: 'driver_status', driver_id: driver.driverId, status: statusOf(driver) },
  },
})
