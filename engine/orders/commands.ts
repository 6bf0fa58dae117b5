/**
 * Commands as the order's `decide` takes them: the wire's data, plus what the engine looked up
 * beforehand (who is near, who the pharmacy is, which driver comes next), because `decide` is pure.
 */
import type { SearchPolicy } from '../../protocol/drivers/policies.ts'
import type { OrderCommandData } from '../../protocol/dispatch/commands.ts'
import type { CandidateFact, DriverFact, PharmacyFact } from '../../protocol/dispatch/events.ts'
import type { Principal } from '../../protocol/kernel/principal.ts'
import type { Tariff } from '../../protocol/pricing/tariff.ts'
import type { Scoped } from '../actors/decision-scope.ts'
import type { InternalOrderCommand } from '../saga/commands.ts'
import type { UploadFact } from '../../protocol/uploads/fact.ts'

type Wire<V extends keyof OrderCommandData, Extra = unknown> = {
  verb: V
  by: Principal
  data: OrderCommandData[V]
} & Extra

export type OrderCommand = Scoped &
  (
    | Wire<'broadcast', { candidates: CandidateFact[]; currency: string; trackingToken: string }>
    | Wire<'create', { vendor: PharmacyFact | null; tariff: Tariff; trackingToken: string }>
    | Wire<'respond', { vendor: PharmacyFact | null; tariff: Tariff; search: SearchPolicy | null }>
    | Wire<'accept', { search: SearchPolicy | null }>
    | Wire<'reject'>
    | Wire<'cancel'>
    | Wire<'reissue_tracking', { trackingToken: string }>
    | Wire<'assign_driver', { offerId: string }>
    | Wire<'find_driver', { policy: SearchPolicy }>
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
