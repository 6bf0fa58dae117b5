/** What a pharmacy's open sockets are told of a decision, before those of one that may not go on are closed. */
import type { SocketMessage } from '../../protocol/pushes.ts'
import type { Identity } from '../accounts/identity.ts'
import type { StandingNews, VendorNews } from './standing.ts'

/** The decisions of a batch of news, by pharmacy. */
export const vendorNewsOf = (news: readonly StandingNews[]): ReadonlyMap<string, VendorNews> =>
  new Map(news.flatMap(one => (one.kind === 'vendor' ? [[one.id, one] as const] : [])))

/** Null for whoever it does not concern. Administrators who watch a fleet have their own lists. */
export function approvalMessage(news: ReadonlyMap<string, VendorNews>, who: Identity | null): SocketMessage | null {
  const one = who?.role === 'vendor' && who.vendorId !== null ? news.get(who.vendorId) : undefined
  return one === undefined ? null : {
    type: 'approval', vendor_id: one.id, status: one.status, reason: one.reason, latitude: one.latitude, longitude: one.longitude, moving_to: one.movingTo,
  }
}
