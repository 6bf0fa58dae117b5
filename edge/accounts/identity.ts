/**
 * Who is calling, as HTTP and the sockets know them after authentication. Roles are those of the
 * accounts table; commands carry the protocol's Principal, which names the acting record instead.
 */
import { CaduceusError } from '../../protocol/errors.ts'
import type { Principal } from '../../protocol/principal.ts'

export const roles = ['user', 'vendor', 'driver', 'admin'] as const
export type Role = typeof roles[number]
export const isRole = (value: unknown): value is Role => roles.includes(value as Role)

export interface Identity {
  userId: string
  role: Role
  name: string
  /** Of an account with that role; null for others, and for one without its record yet. */
  vendorId: string | null
  driverId: string | null
  expiresAtMs: number
}

/** The identity as commands carry it. A pharmacy or driver without its record cannot act. */
export function principalOf(identity: Identity): Principal {
  switch (identity.role) {
    case 'user': return { role: 'customer', id: identity.userId }
    case 'admin': return { role: 'admin', id: identity.userId }
    case 'vendor':
      if (identity.vendorId === null) throw new CaduceusError('vendor_not_found', 'this account has no pharmacy record yet; POST /api/vendors/register makes it')
      return { role: 'vendor', id: identity.vendorId }
    case 'driver':
      if (identity.driverId === null) throw new CaduceusError('driver_not_found', 'this account has no driver record yet; POST /api/drivers/register makes it')
      return { role: 'driver', id: identity.driverId }
  }
}
