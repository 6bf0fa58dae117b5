/**
 * Name and phone of a customer, as the pharmacy and the driver will see them. They are cached for a
 * short time, because a request is the most frequent write of the edge and its account hardly ever
 * changes. Rejected: the phone in the access token, because a token travels through logs and
 * browsers.
 */
import type { Database } from '../../migrations/database/open.ts'
import { CaduceusError } from '../../protocol/kernel/errors.ts'
import { accountLimits } from './account-limits.ts'
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
