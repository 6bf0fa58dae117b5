/**
 * The commands that orders and drivers send each other, and that the engine sends them when a
 * deadline comes. This file imports neither kind: an order that imported the driver's commands, and
 * a driver that imported the order's, would be a circle.
 */
import type { ErrorCode } from '../../protocol/kernel/errors.ts'
import type { DriverFact, HeldOfferFact, SourceFact } from '../../protocol/dispatch/facts.ts'
import type { DriverOutcome } from '../../protocol/orders/statuses.ts'
import type { Principal } from '../../protocol/kernel/principal.ts'
import type { ActorCommand } from '../actors/effects.ts'

/** The names of the two kinds. They are stored and published. */
export const orderName = 'order'
export const driverName = 'driver'

/**
 * The next driver to ask, found by matching. The engine makes `offerId`, because `decide` has no
 * randomness.
 */
export interface DriverCandidate {
  offerId: string
  driverId: string
  etaMinutes: number
  distanceKm: number
}

/**
 * Sent by the engine itself: timers, geofences, and the driver's actor. Never taken from the public
 * subjects of the bus.
 */
export type InternalOrderCommand =
  | { verb: 'expire'; by: Principal }
  | { verb: 'propose_driver'; by: Principal; candidate: DriverCandidate }
  | { verb: 'end_search'; by: Principal }
  | { verb: 'offer_expired'; by: Principal; offerId: string }
  | { verb: 'driver_refused'; by: Principal; offerId: string; code: ErrorCode; reason: string }
  | { verb: 'driver_left'; by: Principal; driverId: string; reason: string }
  | { verb: 'driver_took'; by: Principal; offerId: string; driver: DriverFact }
  | { verb: 'record_arrival'; by: Principal; at: 'pickup' | 'dropoff' }
  | { verb: 'update_driver'; by: Principal; driver: DriverFact }
  | { verb: 'return_overdue'; by: Principal }

/**
 * The order decides, and the driver keeps its own state. `assign` and `complete` report facts and
 * are never refused. `source`: the event that asks; null from an engine of an older release, which
 * does not name it.
 */
export type InternalDriverCommand =
  | {
      verb: 'hold_offer'
      by: Principal
      vendorId: string
      offer: HeldOfferFact
      source: SourceFact | null
    }
  | { verb: 'release_hold'; by: Principal; offerId: string; outcome: string }
  | { verb: 'confirm_hold'; by: Principal; offerId: string }
  | { verb: 'assign'; by: Principal; offerId: string; orderId: string }
  | {
      verb: 'complete'
      by: Principal
      orderId: string
      outcome: DriverOutcome
      earningsMinor: number
      /** Absent from an engine of an older release. */
      currency?: string
    }

/** A command to an order. `id` is the command id: a repeat gets the same answer. */
export const toOrder = (
  orderId: string,
  id: string,
  command: InternalOrderCommand,
): ActorCommand & { command: InternalOrderCommand } => ({
  kind: orderName,
  actorId: orderId,
  id,
  command,
})

/** A command to a driver. `id` is the command id: a repeat gets the same answer. */
export const toDriver = (
  driverId: string,
  id: string,
  command: InternalDriverCommand,
): ActorCommand & { command: InternalDriverCommand } => ({
  kind: driverName,
  actorId: driverId,
  id,
  command,
})
