/**
 * Name and phone of a customer, as the pharmacy and the driver will see them. They are cached for a
 * short time, because a request is the most frequent write of the edge and its account hardly ever
 * changes. Rejected: the phone in the access token, because a token travels through logs and
 * browsers.
 */
import type { Database } from '../../migrations/database/open.ts'
import { CaduceusError } from '../../protocol/kernel/errors.ts'
import { accountLimits } from './account-limits.ts'
import type { Kernel } from '../kernel/kernel.ts'
import type { Identity } from '../kernel/identity.ts'
import { invalid } from '../kernel/validate.ts'
import { accountById } from './accounts.ts'

export interface Contact {
  customer_id: string
  customer_name: string
  customer_phone: string
}
interface Kept {
  contact: Contact
  untilMs: number
}

const keptBy = new WeakMap<Database, Map<string, Kept>>()

/** At most accountLimits.contactCacheMs old. Throws `token_invalid` when the account is gone. */
export async function contactOf(
  database: Database,
  userId: string,
  nowMs: number,
): Promise<Contact> {
  let kept = keptBy.get(database)
  if (kept === undefined) keptBy.set(database, (kept = new Map()))
  const known = kept.get(userId)
  if (known !== undefined && known.untilMs > nowMs) return known.contact
  const account = await accountById(database.kysely, userId)
  if (account === null)
    throw new CaduceusError('token_invalid', 'the account of this token is gone')
  const contact = {
    customer_id: userId,
    customer_name: account.full_name,
    customer_phone: account.phone,
  }
  // The entry is deleted first, so that the map is ordered by age and a full map drops the oldest.
  kept.delete(userId)
  kept.set(userId, { contact, untilMs: nowMs + accountLimits.contactCacheMs })
  if (kept.size > accountLimits.contactCacheMax) kept.delete(kept.keys().next().value!)
  return contact
}

/**
 * The contact of the customer for whom the caller orders: the caller, or the customer whom an
 * administrator names. Throws `forbidden` for a caller who names somebody else, and
 * `invalid_request` when an administrator names no active customer.
 */
export async function customerOf(
  ctx: Pick<Kernel, 'database' | 'nowMs'>,
  identity: Identity,
  userId: string | undefined,
): Promise<Contact> {
  if (identity.role !== 'admin') {
    if (userId !== undefined && userId.toLowerCase() !== identity.userId)
      throw new CaduceusError('forbidden', 'user_id is not the account that orders')
    return contactOf(ctx.database, identity.userId, ctx.nowMs())
  }
  const customer =
    userId === undefined ? null : await accountById(ctx.database.kysely, userId.toLowerCase())
  if (customer === null || customer.role !== 'user' || !customer.is_active)
    throw invalid([
      { field: 'user_id', rule: 'must be the id of an active account with the role user' },
    ])
  return {
    customer_id: customer.id,
    customer_name: customer.full_name,
    customer_phone: customer.phone,
  }
}
