/**
 * Turns the wire's data into a command of an order. It looks up the facts that `decide` needs but
 * may not ask for: the pharmacies nearby, the pharmacy of the order, fresh ids.
 */
import type { OrderCommandData, OrderVerb } from '../../protocol/dispatch/commands.ts'
import { searchPolicyDefault, type SearchPolicy } from '../../protocol/drivers/policies.ts'
import {
  radiusProblem,
  type KnownConfiguration,
} from '../../protocol/configuration/configuration.ts'
import type { Env } from '../../protocol/kernel/env.ts'
import { CaduceusError } from '../../protocol/kernel/errors.ts'
import type { CandidateFact, PharmacyFact } from '../../protocol/dispatch/facts.ts'
import { uuidV7 } from '../../protocol/kernel/ids.ts'
import { checkOrderSize } from '../../protocol/dispatch/order-size.ts'
import type { Tariff } from '../../protocol/pricing/tariff.ts'
import type { Envelope } from '../actors/kind.ts'
import type { OrderCommand, PlainOrderVerb } from './commands.ts'

/** The engine's knowledge of pharmacies and of deliveries under way. */
export interface OrderFacts {
  env: Pick<Env, 'nowMs' | 'random'>
  directory: {
    readonly currency: string
    readonly configuration: Pick<KnownConfiguration, 'values'>
    near(latitude: number, longitude: number, radiusKm: number, nowMs: number): CandidateFact[]
    fact(pharmacyId: string): PharmacyFact | null
    tariff(pharmacyId: string): Tariff
    searchPolicy(pharmacyId: string): SearchPolicy | null
  }
  following: {
    drivenKm(orderId: string): number | null
    doorDistanceM(orderId: string, nowMs: number): number | null
  }
}

/** The data fits the schema of its verb. Throws `invalid_request` and `orders_paused`. */
export function planOrder(envelope: Envelope, deps: OrderFacts): OrderCommand {
  const verb = envelope.verb as OrderVerb
  const { by } = envelope
  const data = <V extends OrderVerb>(_verb: V) => envelope.data as OrderCommandData[V]
  const sameOrder = (orderId: string): void => {
    if (orderId !== envelope.actor_id)
      throw new CaduceusError('invalid_request', 'order_id differs from actor_id', [
        { field: 'data.order_id', rule: 'must equal actor_id' },
      ])
  }
  const secret = (): string => randomHex(deps.env, 32)
  const configured = deps.directory.configuration.values
  const offerTtlMs = configured.offer_seconds * 1000
  const requireOpen = (): void => {
    if (!configured.takes_orders)
      throw new CaduceusError('orders_paused', 'no new orders are taken at the moment')
  }
  switch (verb) {
    case 'broadcast': {
      const d = data(verb)
      sameOrder(d.order_id)
      requireOpen()
      const rule = radiusProblem(configured, d.radius_km)
      if (rule !== null)
        throw new CaduceusError('invalid_request', `radius_km ${rule}`, [
          { field: 'data.radius_km', rule },
        ])
      checkOrderSize(d, 'data.')
      return {
        verb,
        by,
        data: d,
        candidates: deps.directory.near(d.latitude, d.longitude, d.radius_km, deps.env.nowMs()),
        currency: deps.directory.currency,
        trackingToken: secret(),
      }
    }
    case 'create': {
      const d = data(verb)
      sameOrder(d.order_id)
      requireOpen()
      checkOrderSize(d, 'data.')
      return {
        verb,
        by,
        data: d,
        vendor: deps.directory.fact(d.vendor_id),
        tariff: deps.directory.tariff(d.vendor_id),
        trackingToken: secret(),
      }
    }
    case 'respond':
      return {
        verb,
        by,
        data: data(verb),
        vendor: deps.directory.fact(by.id),
        tariff: deps.directory.tariff(by.id),
        search: deps.directory.searchPolicy(by.id),
        offerTtlMs,
      }
    case 'accept': {
      const search = deps.directory.searchPolicy(by.id)
      return { verb, by, data: data(verb), search, offerTtlMs }
    }
    case 'assign_driver': {
      const offerId = uuidV7(deps.env.nowMs(), deps.env.random)
      return { verb, by, data: data(verb), offerId, offerTtlMs }
    }
    // The driver's actor fills this in when it is asked (engine/dispatch/holds.ts).
    case 'accept_offer':
      return { verb, by, data: data(verb), driver: null }
    case 'pick_up':
      return { verb, by, data: data(verb), uploads: [] }
    case 'complete_return':
      return { verb, by, data: data(verb), uploads: [] }
    // The database is asked for the owners of the uploads (engine/dispatch/proofs.ts).
    case 'deliver':
      return {
        verb,
        by,
        data: data(verb),
        uploads: [],
        actualDistanceKm: deps.following.drivenKm(envelope.actor_id),
        doorDistanceM: deps.following.doorDistanceM(envelope.actor_id, deps.env.nowMs()),
      }
    case 'reissue_tracking':
      return { verb, by, data: data(verb), trackingToken: secret() }
    // The policy of the command, or the pharmacy's own. A pharmacy that picks by hand, and an
    // administrator, get the default.
    case 'find_driver': {
      const d = data(verb)
      const policy = d.policy ?? deps.directory.searchPolicy(by.id) ?? searchPolicyDefault
      return { verb, by, data: d, policy, offerTtlMs }
    }
    default: {
      // A verb for which something is looked up does not compile here.
      const plain: PlainOrderVerb = verb
      return { verb: plain, by, data: envelope.data } as OrderCommand
    }
  }
}

/**
 * Random hexadecimal digits, 4 bits each. Outside the simulator the operating system is the source.
 */
function randomHex(env: Pick<Env, 'random'>, digits: number): string {
  let out = ''
  while (out.length < digits)
    out += Math.floor(env.random() * 16 ** 5)
      .toString(16)
      .padStart(5, '0')
  return out.slice(0, digits)
}
