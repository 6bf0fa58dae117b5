/**
 * Acts when the deadline of an order has come: a request ends, an offer expires, a search asks the
 * next driver.
 */
import { uuidV7 } from '../../protocol/kernel/ids.ts'
import type { Env } from '../../protocol/kernel/env.ts'
import { searchPolicyDefault } from '../../protocol/drivers/policies.ts'
import { limits } from '../../protocol/kernel/limits.ts'
import { choices } from './policies.ts'
import type { Roster } from '../fleet/roster.ts'
import type { AutoSearch, Order } from '../orders/state.ts'
import type { AttendedActor, EngineParts } from '../actors/kind.ts'
import { toOrder, type InternalOrderCommand } from '../saga/commands.ts'
import type { Tracking } from '../tracking/tracking.ts'

export interface SearchDeps {
  env: Env
  actors: EngineParts['actors']
  roster: Roster
  tracking: Pick<Tracking, 'table'>
}

const system = { role: 'system', id: 'engine' } as const
/** Age of the last position beyond which a driver is not proposed, ms. */
const positionStaleMs = 10 * 60_000

/**
 * Sends the order the command of its deadline, or puts the next look off when no driver is near.
 */
export function dueOrder(
  { env, actors, roster, tracking }: SearchDeps,
  cell: AttendedActor<Order>,
): void {
  const order = cell.state
  const internal = (id: string, command: InternalOrderCommand): void => {
    void actors.tell(toOrder(cell.actorId, id, command))
  }
  if (order.kind === 'broadcast')
    return internal(`expire:${cell.version}`, { verb: 'expire', by: system })
  if ('failedAtMs' in order)
    return internal(`return_overdue:${cell.version}`, { verb: 'return_overdue', by: system })
  if (order.kind !== 'accepted') return
  const { search, deal } = order
  if (search.kind === 'offering')
    return internal(`offer_expired:${search.offer.offerId}`, {
      verb: 'offer_expired',
      by: system,
      offerId: search.offer.offerId,
    })
  if (search.kind !== 'searching') return
  const nowMs = env.nowMs()
  if (nowMs >= search.auto.deadlineMs || search.auto.offersMade >= limits.offersPerSearchMax)
    return internal(`end_search:${cell.version}`, { verb: 'end_search', by: system })
  const driver = choices[search.auto.policy ?? searchPolicyDefault](roster, tracking.table, {
    pharmacyId: deal.vendor.vendor_id,
    latitude: deal.vendor.latitude,
    longitude: deal.vendor.longitude,
    triedDriverIds: notNow(search.auto, nowMs),
    staleBeforeMs: nowMs - positionStaleMs,
  })
  // No driver is near. There is no event for that, only another look later.
  if (driver === null)
    return actors.wakeAt(
      cell.actorId,
      Math.min(nowMs + limits.driverSearchRetryMs, search.auto.deadlineMs),
    )
  internal(`propose:${cell.version}`, {
    verb: 'propose_driver',
    by: system,
    candidate: { offerId: uuidV7(nowMs, env.random), ...driver },
  })
}

/**
 * The drivers that a search does not ask: those who were asked, and for a while those who could not
 * take the order.
 */
const notNow = ({ triedDriverIds, unavailable }: AutoSearch, nowMs: number): string[] => [
  ...triedDriverIds,
  ...unavailable
    .filter(one => nowMs - one.atMs < limits.driverSearchRetryMs)
    .map(one => one.driverId),
]
