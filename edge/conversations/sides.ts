/** The side of a caller in conversations. */
import type { Side } from '../../protocol/conversations/parts.ts'
import type { Principal } from '../../protocol/kernel/principal.ts'
import { CaduceusError } from '../../protocol/kernel/errors.ts'
import { principalOf, type Identity } from '../kernel/identity.ts'

/** A caller as one side: the id is that of the customer, the pharmacy or the driver. */
export interface Speaker {
  side: Side
  id: string
  principal: Principal
  /** The account, for uploads and reports. */
  accountId: string
}

/** Throws `forbidden` for a program, and when an account has no pharmacy or driver record yet. */
export function speakerOf(identity: Identity): Speaker {
  const principal = principalOf(identity)
  const { role, id } = principal
  switch (role) {
    case 'customer':
    case 'vendor':
    case 'driver':
      return { side: role, id, principal, accountId: identity.userId }
    case 'admin':
      return { side: 'support', id: 'support', principal, accountId: identity.userId }
    default:
      throw new CaduceusError('forbidden', 'only people take part in conversations')
  }
}
