/**
 * The parts that all people of a simulation share: their place, their commands and their quotes.
 */
import { uuidV7 } from '../../protocol/kernel/ids.ts'
import type { OrderVerb } from '../../protocol/dispatch/commands.ts'
import type { Principal } from '../../protocol/kernel/principal.ts'
import type { OrderView } from '../../protocol/orders/view.ts'
import { hasEnded } from '../../protocol/orders/statuses.ts'
import type { Tariff } from '../../protocol/pricing/tariff.ts'
import type { Chance } from '../../protocol/kernel/chance.ts'
import type { Answer, Caller } from './clients.ts'

/** All people of a simulation are near this place. */
export const cityCentre = { latitude: 37.77, longitude: -122.42 }
/** Is the order over? */
export const isEnded = ({ status }: Pick<OrderView, 'status'>): boolean => hasEnded(status)

/** A random tariff: a base fee, and rates per kilometre in up to three bands. */
export const tariffOf = (chance: Chance): Tariff => ({
  base_minor: chance.whole(0, 500),
  minimum_minor: chance.whole(0, 400),
  bands: [
    ...[1.5, 4]
      .slice(0, chance.whole(0, 2))
      .map(up_to_km => ({ up_to_km, per_km_minor: chance.whole(0, 250) })),
    { up_to_km: null, per_km_minor: chance.whole(0, 250) },
  ],
})

/** Sends one person's command to an order, until it is answered. */
export function tell(
  who: Caller,
  by: Principal,
  orderId: string,
  verb: OrderVerb,
  data: object,
): Promise<Answer<OrderView>> {
  who.world.checker.witness.commanded(orderId, {
    verb,
    role: by.role,
    id: by.id,
    data: data as Record<string, unknown>,
  })
  return who.post(
    verb,
    { orderId, ...data },
    async (edge, { commandId }) =>
      (await edge.commands.order({ id: commandId, actor_id: orderId, verb, by, data })).order,
    order => `${verb} ${order.id}`,
    orderId,
  )
}

/** Reads one order, as a page does after a message; null when it cannot be read. */
export async function look(who: Caller, orderId: string): Promise<OrderView | null> {
  for (let tries = 0; tries < looksMax; tries++) {
    const answer = await who.call(edge => edge.order(orderId))
    if (answer.ok) return answer.value
    await who.sleep(who.chance.around(2_000))
  }
  return null
}
const looksMax = 20

/** A quote: a fee and its kilometres. */
export const quote = ({ world, chance }: Caller, vendor_id: string | null) => ({
  quote_id: uuidV7(Math.floor(world.schedule.nowMs), chance.random),
  vendor_id,
  fee_minor: 5 * chance.whole(60, 200),
  distance_km: chance.whole(100, 900) / 100,
})
