/**
 * The commands of an order, as `decide` takes them: the wire's data, and the facts that the engine
 * looked up before (the pharmacies nearby, the pharmacy of the order, the next driver), because
 * `decide` is pure.
 */
import type { SearchPolicy } from '../../protocol/drivers/policies.ts'
import type { OrderCommandData, OrderVerb } from '../../protocol/dispatch/commands.ts'
import type { CandidateFact, DriverFact, PharmacyFact } from '../../protocol/dispatch/facts.ts'
import type { Principal } from '../../protocol/kernel/principal.ts'
import type { Tariff } from '../../protocol/pricing/tariff.ts'
import type { Scoped } from '../actors/decision-scope.ts'
import type { InternalOrderCommand } from '../saga/commands.ts'
import type { UploadFact } from '../../protocol/uploads/fact.ts'

/**
 * The facts that the engine looks up for a command, by verb. A verb without a row needs only the
 * wire's data.
 */
interface LookedUp {
  broadcast: { candidates: CandidateFact[]; currency: string; trackingToken: string }
  create: { vendor: PharmacyFact | null; tariff: Tariff; trackingToken: string }
  respond: { vendor: PharmacyFact | null; tariff: Tariff; search: SearchPolicy | null } & OfferTime
  accept: { search: SearchPolicy | null } & OfferTime
  reissue_tracking: { trackingToken: string }
  assign_driver: { offerId: string } & OfferTime
  find_driver: { policy: SearchPolicy } & OfferTime
  accept_offer: { driver: DriverFact | null }
  pick_up: { uploads: readonly UploadFact[] }
  complete_return: { uploads: readonly UploadFact[] }
  /** `doorDistanceM`: distance from the driver to the door, m; null without a fresh position. */
  deliver: {
    actualDistanceKm: number | null
    doorDistanceM: number | null
    uploads: readonly UploadFact[]
  }
}
/** Time that a driver has to answer; absent: that of protocol/kernel/limits.ts. */
interface OfferTime {
  offerTtlMs?: number
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
