/**
 * Messages about a decision to the open sockets of the pharmacy or driver. They are sent before
 * sockets that may not stay open are closed.
 */
import { membershipMessage } from '../../protocol/drivers/messages.ts'
import type { SocketMessage } from '../../protocol/dispatch/messages.ts'
import type { Identity } from '../kernel/identity.ts'
import type { StandingNews } from '../kernel/standing.ts'

/** The decisions in a batch of news, by pharmacy and driver. */
export const newsById = (news: readonly StandingNews[]): ReadonlyMap<string, StandingNews> =>
  new Map(news.map(one => [one.id, one]))

/**
 * The message for a session; null when the decision does not concern it. Administrators who watch a
 * fleet have their own lists. Drivers hear of their membership from the engine; only its end is
 * also told here, because this news may be faster and closes the socket.
 */
export function approvalMessage(
  news: ReadonlyMap<string, StandingNews>,
  who: Identity | null,
): SocketMessage | null {
  const one =
    who === null
      ? undefined
      : news.get(
          (who.role === 'vendor' ? who.pharmacyId : who.role === 'driver' ? who.driverId : null) ??
            '',
        )
  if (one === undefined) return null
  if (one.kind === 'vendor' && one.held) return null
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
  const pharmacyId = who!.standing?.pharmacyId
  return one.membership !== 'ended' || one.carries || pharmacyId === undefined
    ? null
    : membershipMessage(one.id, pharmacyId, 'ended', [])
}
