/** What the open sockets of the person concerned are told of a decision, before those of one that may not go on are closed. */
import { membershipMessage } from '../../protocol/drivers/messages.ts'
import type { SocketMessage } from '../../protocol/dispatch/messages.ts'
import type { Identity } from '../kernel/identity.ts'
import type { StandingNews } from '../kernel/standing.ts'

/** The decisions of a batch of news, by pharmacy and driver. */
export const newsById = (news: readonly StandingNews[]): ReadonlyMap<string, StandingNews> =>
  new Map(news.map(one => [one.id, one]))

/**
 * Null for whoever it does not concern. Administrators who watch a fleet have their own lists. Drivers hear of their
 * membership from the engine; only of the end they hear here too, because this news may be faster and closes the socket.
 */
export function approvalMessage(
  news: ReadonlyMap<string, StandingNews>,
  who: Identity | null,
): SocketMessage | null {
  const one =
    who === null
      ? undefined
      : news.get(
          (who.role === 'vendor' ? who.vendorId : who.role === 'driver' ? who.driverId : null) ??
            '',
        )
  if (one === undefined) return null
  if (one.kind === 'vendor')
    return {
      type: 'approval',
      vendor_id: one.id,
      status: one.status,
      reason: one.reason,
      latitude: one.latitude,
      longitude: one.longitude,
      moving_to: one.movingTo,
    }
  const vendorId = who!.standing?.vendorId
  return one.membership !== 'ended' || one.carries || vendorId === undefined
    ? null
    : membershipMessage(one.id, vendorId, 'ended', [])
}
