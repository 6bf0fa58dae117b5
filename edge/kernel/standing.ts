/**
 * The port by which an edge asks for the decision upon a pharmacy or a driver, and hears of new
 * decisions. The feature `approval` brings it.
 */
import { CaduceusError } from '../../protocol/kernel/errors.ts'
import type { Membership } from '../../protocol/drivers/statuses.ts'
import type { PharmacyStatus } from '../../protocol/pharmacies/statuses.ts'
import type { Identity, Standing } from './identity.ts'

/** A decision upon a pharmacy, for its sockets. */
export interface PharmacyNews {
  kind: 'vendor'
  id: string
  status: PharmacyStatus
  reason: string | null
  latitude: number
  longitude: number
  /** It may not work, because papers are missing or over. */
  held: boolean
  movingTo: { latitude: number; longitude: number } | null
  /** Its drivers who have an order under way. */
  carrying: ReadonlySet<string>
}
interface DriverNews {
  kind: 'driver'
  id: string
  membership: Membership
  held: boolean
  carries: boolean
}
export type StandingNews = PharmacyNews | DriverNews

export interface Standings {
  /**
   * The standing of a caller. Callers who are neither a pharmacy nor a driver, or have no record
   * yet, get full access; other checks judge them. Rejects while the database is away.
   */
  of(who: Pick<Identity, 'role' | 'pharmacyId' | 'driverId'>): Promise<Standing>
  /**
   * The standing that the news gives a caller who was admitted before. Null when no news takes
   * anything from the caller.
   */
  taken(who: Identity): Standing | null
  /**
   * Call it after a change was committed. This edge knows the change when the promise resolves, the
   * other edges a moment later. Never rejects.
   */
  announce(): Promise<void>
  onNews(listener: (news: readonly StandingNews[]) => void): void
  close(): void
}

/** Parts with the standings. */
export interface WithStandings {
  readonly standings: Standings
}

/** The refusal of an operation that needs more than the standing gives. */
export const refusedFor = (role: Identity['role'], why: string): CaduceusError =>
  new CaduceusError(role === 'vendor' ? 'vendor_not_active' : 'driver_not_member', why)
