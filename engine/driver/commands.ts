/** Commands as the driver's `decide` takes them: six from outside, the rest from orders. */
import type { DriverOutcome } from '../../protocol/orders/statuses.ts'
import type { DriverCommandData } from '../../protocol/commands.ts'
import type { HeldOfferFact, SourceFact } from '../../protocol/events.ts'
import type { Principal } from '../../protocol/principal.ts'
import type { Scoped } from '../decision-scope.ts'

export type DriverCommand = Scoped &
  (
    | { verb: 'register'; by: Principal; driverId: string; data: DriverCommandData['register'] }
    | { verb: 'set_status'; by: Principal; data: DriverCommandData['set_status'] }
    | { verb: 'approve_membership'; by: Principal }
    | { verb: 'end_membership'; by: Principal }
    | { verb: 'ask_membership'; by: Principal }
    | { verb: 'update'; by: Principal; data: DriverCommandData['update'] }
    | InternalDriverCommand
  )

/**
 * The order leads; the driver keeps its own books. `assign` and `complete` report facts and are never refused.
 * `source`: the event that asks; null when it is not known, from an engine of an older release.
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
    }
