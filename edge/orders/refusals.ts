/**
 * Refusals as an outsider may hear them. An actor answers truthfully, because other services ask it
 * too. Over HTTP the truth about somebody else's order, offer or driver would reveal that it
 * exists. So a refusal that only an existing record can cause becomes the refusal for a missing
 * record.
 *
 * Rejected: checking before each command whether the caller may see the order. It costs a query for
 * every command that succeeds, and its result may be outdated when the actor decides.
 */
import { sql, type Kysely, type SqlBool } from 'kysely'
import type { Tables } from '../../migrations/database/tables.ts'
import { CaduceusError, type ErrorCode } from '../../protocol/kernel/errors.ts'
import type { Identity } from '../kernel/identity.ts'

export interface Target {
  orderId: string
  offerId?: string
}

const ofOffers: ReadonlySet<ErrorCode> = new Set([
  'order_not_found',
  'offer_not_yours',
  'offer_expired',
])

/** The error to throw instead of `error`. */
export async function refusalFor(
  db: Kysely<Tables>,
  identity: Identity,
  { orderId, offerId }: Target,
  error: unknown,
): Promise<unknown> {
  if (!(error instanceof CaduceusError)) return error
  if (identity.role === 'driver' && offerId !== undefined && ofOffers.has(error.code))
    return (await wasOffered(db, identity, orderId, offerId))
      ? error
      : new CaduceusError('offer_not_found', 'no such offer')
  if (
    identity.role === 'vendor' &&
    (error.code === 'driver_not_of_vendor' || error.code === 'driver_not_found')
  )
    return new CaduceusError('driver_not_of_vendor', 'this is not one of your drivers')
  if (identity.role === 'vendor' && error.code === 'request_not_offered')
    return new CaduceusError('order_not_found', 'no such order')
  return error
}

/**
 * True when the offer was ever made to this driver, who then knows of it and may hear how it ended.
 */
async function wasOffered(
  db: Kysely<Tables>,
  { driverId }: Identity,
  orderId: string,
  offerId: string,
): Promise<boolean> {
  const made = await db
    .selectFrom('events')
    .select('version')
    .where('actor_id', '=', orderId)
    .where('type', '=', 'offer_made')
    .where(sql<SqlBool>`data->>'offer_id' = ${offerId} and data->>'driver_id' = ${driverId}`)
    .limit(1)
    .executeTakeFirst()
  return made !== undefined
}
