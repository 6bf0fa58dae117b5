/**
 * The port by which an edge asks what was decided of a pharmacy or driver, and hears of decisions. The
 * approval brings it.
 */
import { CaduceusError } from '../../protocol/kernel/errors.ts'
import type { Membership } from '../../protocol/drivers/statuses.ts'
import type { PharmacyStatus } from '../../protocol/pharmacies/statuses.ts'
import type { Identity, Standing } from './identity.ts'

/** A decision upon a pharmacy, as its sockets are told of it. */
export interface VendorNews {
  kind: 'vendor'
  id: string
  status: PharmacyStatus
  reason: string | null
  latitude: number
  longitude: number
  movingTo: { latitude: number; longitude: number } | null
  /** Its drivers who have an order under way. */
  carrying: ReadonlySet<string>
}
interface DriverNews {
  kind: 'driver'
  id: string
  membership: Membership
  carries: boolean
}
export type StandingNews = VendorNews | DriverNews

export interface Standings {
  /** Of who is neither a pharmacy nor a driver, or has no record yet: full, for others to judge. Rejects while the database is away. */
  of(who: Pick<Identity, 'role' | 'vendorId' | 'driverId'>): Promise<Standing>
  /** By the news alone: what has become of somebody who was let in before. Null when nothing was heard that takes anything from them. */
  taken(who: Identity): Standing | null
  /** After a change was committed: this edge knows it when the promise resolves, the others a moment later. Never rejects. */
  announce(): Promise<void>
  onNews(listener: (news: readonly StandingNews[]) => void): void
  close(): void
}

/** Parts with the standings. */
export interface WithStandings {
  readonly standings: Standings
}

/** The refusal of what needs more than the standing gives. */
export const refusedFor = (role: Identity['role'], why: string): CaduceusError =>
  new CaduceusError(role === 'vendor' ? 'vendor_not_active' : 'driver_not_member', why)
