/** The effects of a driver's event. */
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

/** `source`: the place of the event in its slot. */
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
      // The order of a hold may have this driver already, and its message may be on the way.
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
        // After a crash the state may be later than the event. If the driver is on duty again, the
        // hold is a newer one.
        ...(event.data.availability !== 'available' &&
        driver.availability !== 'available' &&
        hold !== null
          ? [refuse(hold, 'off_duty', 'driver_unavailable', 'the driver went off duty')]
          : []),
      ]
    }
    case 'membership_changed': {
      // After a crash the state may be later than the event. Tell only what is still true.
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
    // The last parcel is handed over, so the membership is over for the driver's app too.
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

/**
 * Tells the order that its driver cannot take the offer any more; the order then closes the offer.
 */
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

/**
 * Tells the order that its driver left. Before the pick-up the order searches for another driver;
 * after it this driver completes the delivery.
 */
const leave = (driver: RegisteredDriver, orderId: string, { slot, seq }: SourceFact): Effect => ({
  do: 'command',
  // The id is made from the event, not only from the driver: a driver who comes back may leave the
  // same order a second time.
  to: toOrder(orderId, `${driver.driverId}:left:${slot}.${seq}`, {
    verb: 'driver_left',
    by: system,
    driverId: driver.driverId,
    reason: 'the driver does not belong to the pharmacy any more',
  }),
})

/**
 * Tells the driver's own app. `active_order_ids` are the orders that the driver still has to
 * deliver.
 */
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

/** Tells the pharmacy that a driver asks for membership, has it, or has lost it. */
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

/**
 * Tells the watchers of the fleet. Positions have the status too, but a driver who has sent none
 * has no position.
 */
const toFleet = (driver: RegisteredDriver): Effect => ({
  do: 'push',
  push: {
    kind: 'topic',
    topic: topics.fleet(driver.vendorId),
    message: { type: 'driver_status', driver_id: driver.driverId, status: statusOf(driver) },
  },
})
