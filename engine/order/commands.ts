/**
 * Commands as the order's `decide` takes them: the wire's data, plus what the engine looked up
 * beforehand (who is near, who the pharmacy is, which driver comes next), because `decide` is pure.
 */
import type { OrderCommandData } from '../../protocol/commands.ts'
import type { CandidateFact, DriverFact, VendorFact } from '../../protocol/events.ts'
import type { ErrorCode } from '../../protocol/errors.ts'
import type { Principal } from '../../protocol/principal.ts'
import type { Tariff } from '../../protocol/tariff.ts'
import type { Scoped } from '../decision-scope.ts'
import type { UploadFact } from './proof.ts'

type Wire<V extends keyof OrderCommandData, Extra = unknown> = {
  verb: V
  by: Principal
  data: OrderCommandData[V]
} & Extra

/** The next driver to ask, found by matching. `offerId` is minted by the engine, since `decide` has no chance of its own. */
export interface DriverCandidate {
  offerId: string
  driverId: string
  etaMinutes: number
  distanceKm: number
}

export type OrderCommand = Scoped &
  (
    | Wire<'broadcast', { candidates: CandidateFact[]; trackingToken: string }>
    | Wire<'create', { vendor: VendorFact | null; tariff: Tariff; trackingToken: string }>
    | Wire<'respond', { vendor: VendorFact | null; tariff: Tariff; autoOffer: boolean }>
    | Wire<'accept', { autoOffer: boolean }>
    | Wire<'reject'>
    | Wire<'cancel'>
    | Wire<'reissue_tracking', { trackingToken: string }>
    | Wire<'assign_driver', { offerId: string }>
    | Wire<'find_driver'>
    | Wire<'accept_offer', { driver: DriverFact | null }>
    | Wire<'decline_offer'>
    | Wire<'pick_up'>
    | Wire<'out_for_delivery'>
    /** `doorDistanceM`: from the driver to the door; null without a fresh position. */
    | Wire<
        'deliver',
        {
          actualDistanceKm: number | null
          doorDistanceM: number | null
          uploads: readonly UploadFact[]
        }
      >
    | Wire<'fail'>
    | Wire<'return'>
    | Wire<'complete_return'>
    | InternalOrderCommand
  )

/** Sent by the engine itself: timers, geofences, and the driver's actor. Never taken from the bus' public subjects. */
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
