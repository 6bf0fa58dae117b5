/**
 * The caller, as HTTP and the sockets know it after authentication. Roles are those of the accounts
 * table; commands carry the protocol's Principal instead, which names the acting record.
 */
import type { Scope } from '../../protocol/accounts/scopes.ts'
import { CaduceusError } from '../../protocol/kernel/errors.ts'
import type { Principal } from '../../protocol/kernel/principal.ts'
import type { MemberRole } from '../../protocol/pharmacies/members.ts'

export const roles = ['user', 'vendor', 'driver', 'admin'] as const
export type Role = (typeof roles)[number]
/** True when the value is one of the roles of the accounts table. */
export const isRole = (value: unknown): value is Role => roles.includes(value as Role)

/**
 * The prefix of an API key. It tells a key from a token and lets secret scanners find a leaked key.
 */
export const apiKeyMark = 'cad_'

/**
 * `full`: may do everything that the role may do. `carrying`: a driver who may only finish the
 * deliveries under way. `none`: may only see the own account and record.
 */
export interface Standing {
  access: 'full' | 'carrying' | 'none'
  /** A text for the person; empty with full access. */
  why: string
  /** Pharmacy of a driver. */
  pharmacyId?: string
}

export interface Identity {
  /** Id of the account, or of the key of a service. */
  userId: string
  /** `service`: a program with an API key. It passes a row by scope, never by role. */
  role: Role | 'service'
  name: string
  /** Pharmacy of a member; null for other roles, and for an account that belongs to no pharmacy. */
  pharmacyId: string | null
  /** Role at the pharmacy. Absent in tokens of earlier releases, which are of owners. */
  memberRole?: MemberRole
  driverId: string | null
  expiresAtMs: number
  /** Time of issue of an access token; absent for a key. */
  issuedAtMs?: number
  /** The sign-in that the access token belongs to; absent for a key. */
  sessionId?: string
  /** The decision upon a pharmacy or a driver; absent for other callers. */
  standing?: Standing
  /** Scopes of an API key. */
  scopes?: readonly Scope[]
}

/** The identity as commands carry it. A pharmacy or driver without its record cannot act. */
export function principalOf(identity: Identity): Principal {
  switch (identity.role) {
    case 'user':
      return { role: 'customer', id: identity.userId }
    case 'admin':
      return { role: 'admin', id: identity.userId }
    case 'service':
      return { role: 'service', id: identity.userId }
    case 'vendor':
      if (identity.pharmacyId === null)
        throw new CaduceusError(
          'vendor_not_found',
          'this account has no pharmacy record yet; POST /api/vendors/register makes it',
        )
      return { role: 'vendor', id: identity.pharmacyId, person: identity.userId }
    case 'driver':
      if (identity.driverId === null)
        throw new CaduceusError(
          'driver_not_found',
          'this account has no driver record yet; POST /api/drivers/register makes it',
        )
      return { role: 'driver', id: identity.driverId }
  }
}
