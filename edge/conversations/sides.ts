/** The side of a caller in conversations. */
import type { Side } from '../../protocol/conversations/parts.ts'
import type { Principal } from '../../protocol/kernel/principal.ts'
import { CaduceusError } from '../../protocol/kernel/errors.ts'
import { principalOf, type Identity } from '../kernel/identity.ts'
import type { WithStandings } from '../kernel/standing.ts'

/** A caller as one side: the id is that of the customer, the pharmacy or the driver. */
export interface Speaker {
  side: Side
  id: string
  principal: Principal
  /** The account, for uploads and reports. */
  accountId: string
  /** A driver who is not a member any more, and may only finish the deliveries under way. */
  carriesOnly: boolean
}

/** Throws `forbidden` for a program, and when an account has no pharmacy or driver record yet. */
export function speakerOf(identity: Identity): Speaker {
  const principal = principalOf(identity)
  const { role, id } = principal
  const accountId = identity.userId
  const carriesOnly = identity.standing?.access === 'carrying'
  switch (role) {
    case 'customer':
    case 'vendor':
    case 'driver':
      return { side: role, id, principal, accountId, carriesOnly }
    case 'admin':
      return { side: 'support', id: 'support', principal, accountId, carriesOnly }
    default:
      throw new CaduceusError('forbidden', 'only people take part in conversations')
  }
}

/** The caller of a socket as of now: the membership of a driver may have ended since it opened. */
export const speakerNow = ({ standings }: WithStandings, identity: Identity): Speaker => {
  const taken = standings.taken(identity)
  return speakerOf(taken === null ? identity : { ...identity, standing: taken })
}
