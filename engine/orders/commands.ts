/**
 * Commands as the order's `decide` takes them: the wire's data, plus what the engine looked up
 * beforehand (who is near, who the pharmacy is, which driver comes next), because `decide` is pure.
 */
import type { SearchPolicy } from '../../protocol/drivers/policies.ts'
import type { OrderCommandData, OrderVerb } from '../../protocol/dispatch/commands.ts'
import type { CandidateFact, DriverFact, PharmacyFact } from '../../protocol/dispatch/facts.ts'
import type { Principal } from '../../protocol/kernel/principal.ts'
import type { Tariff } from '../../protocol/pricing/tariff.ts'
import type { Scoped } from '../actors/decision-scope.ts'
import type { InternalOrderCommand } from '../saga/commands.ts'
import type { UploadFact } from '../../protocol/uploads/fact.ts'

/** What the engine looks up for a command, by verb. A verb without a row needs nothing but the wire's data. */
interface LookedUp {
  broadcast: { candidates: CandidateFact[]; currency: string; trackingToken: string }
  create: { vendor: PharmacyFact | null; tariff: Tariff; trackingToken: string }
  respond: { vendor: PharmacyFact | null; tariff: Tariff; search: SearchPolicy | null }
  accept: { search: SearchPolicy | null }
  reissue_tracking: { trackingToken: string }
  assign_driver: { offerId: string }
  find_driver: { policy: SearchPolicy }
  accept_offer: { driver: DriverFact | null }
  /** `doorDistanceM`: from the driver to the door; null without a fresh position. */
  deliver: {
    actualDistanceKm: number | null
    doorDistanceM: number | null
    uploads: readonly UploadFact[]
  }
}
/** The verbs that need no row of `LookedUp`. */
export type PlainOrderVerb = Exclude<OrderVerb, keyof LookedUp>

type Wire<V extends OrderVerb> = { verb: V; by: Principal; data: OrderCommandData[V] }

export type OrderCommand = Scoped &
  (
    | { [V in keyof LookedUp]: Wire<V> & LookedUp[V] }[keyof LookedUp]
    | { [V in PlainOrderVerb]: Wire<V> }[PlainOrderVerb]
    | InternalOrderCommand
  )
