/**
 * Who is calling, as HTTP and the sockets know them after authentication. Roles are those of the
 * accounts table; commands carry the protocol's Principal, which names the acting record instead.
 */
import { CaduceusError } from '../../protocol/kernel/errors.ts'
import type { Principal } from '../../protocol/kernel/principal.ts'

export const roles = ['user', 'vendor', 'driver', 'admin'] as const
export type Role = (typeof roles)[number]
export const isRole = (value: unknown): value is Role => roles.includes(value as Role)

/** What an API key may be given. A row of the route table names the one that it asks for. */
export const scopes = [
  'orders:read',
  'orders:write',
  'drivers:read',
  'drivers:write',
  'vendors:read',
  'webhooks:read',
  'webhooks:write',
] as const
export type Scope = (typeof scopes)[number]
/** What a key begins with: it tells a key from a token, and lets secret scanners find one that leaked. */
export const apiKeyMark = 'cad_'

/**
 * `full`: may do what the role may. `carrying`: a driver who is to bring parcels to their end, and nothing else.
 * `none`: only one's own account and record.
 */
export interface Standing {
  access: 'full' | 'carrying' | 'none'
  /** To be shown to the person; empty with full access. */
  why: string
  /** Of a driver. */
  vendorId?: string
}

export interface Identity {
  /** Of the account; for a service the id of its key. */
  userId: string
  /** `service`: another program with an API key. It passes rows by scope and never by role. */
  role: Role | 'service'
  name: string
  /** Of an account with that role; null for others, and for one without its record yet. */
  vendorId: string | null
  driverId: string | null
  expiresAtMs: number
  /** Of an access token; unknown for a key. */
  issuedAtMs?: number
  /** The sign-in that the access token belongs to. Keys have none. */
  sessionId?: string
  /** What was decided of a pharmacy or a driver; without it nobody has looked, which is for those who are neither. */
  standing?: Standing
  /** Of an API key. */
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
      if (identity.vendorId === null)
        throw new CaduceusError(
          'vendor_not_found',
          'this account has no pharmacy record yet; POST /api/vendors/register makes it',
        )
      return { role: 'vendor', id: identity.vendorId }
    case 'driver':
      if (identity.driverId === null)
        throw new CaduceusError(
          'driver_not_found',
          'this account has no driver record yet; POST /api/drivers/register makes it',
        )
      return { role: 'driver', id: identity.driverId }
  }
}
