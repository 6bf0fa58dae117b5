/**
 * Bounds of waiting applicants. Anybody can register, so waiting pharmacies are counted by address,
 * and waiting drivers by address and by pharmacy. They are counted under a lock; otherwise a
 * hundred at once would all find room.
 */
import { sql, type Kysely } from 'kysely'
import type { Tables } from '../../migrations/database/tables.ts'
import { CaduceusError } from '../../protocol/kernel/errors.ts'
import { approvalLimits } from './limits.ts'

const lock = async (tx: Kysely<Tables>, key: string): Promise<void> => {
  await sql`select pg_advisory_xact_lock(hashtextextended(${key}, 0))`.execute(tx)
}

/** Runs before a pharmacy is inserted, in its transaction. Throws `too_many_requests`. */
export async function refuseTooManyPharmacies(tx: Kysely<Tables>, from: string): Promise<void> {
  await lock(tx, `pharmacies-from:${from}`)
  const { count } = await tx
    .selectFrom('vendors')
    .select(eb => eb.fn.countAll<number>().as('count'))
    .where('status', '=', 'pending')
    .where('registered_from', '=', from)
    .executeTakeFirstOrThrow()
  if (Number(count) >= approvalLimits.pendingPharmaciesPerAddressMax)
    throw new CaduceusError(
      'too_many_requests',
      `${count} pharmacies that were registered from this address wait for a decision; an administrator can register more`,
    )
}

/** Runs before a driver begins to wait, in the same transaction. Throws `too_many_requests`. */
export async function refuseTooManyDrivers(
  tx: Kysely<Tables>,
  pharmacyId: string,
  from: string | null,
): Promise<void> {
  await lock(tx, `drivers-of:${pharmacyId}`)
  const { count } = await tx
    .selectFrom('drivers')
    .select(eb => eb.fn.countAll<number>().as('count'))
    .where('membership', '=', 'pending')
    .where('vendor_id', '=', pharmacyId)
    .executeTakeFirstOrThrow()
  if (Number(count) >= approvalLimits.pendingDriversPerPharmacyMax)
    throw new CaduceusError(
      'too_many_requests',
      'too many drivers wait for this pharmacy; ask it for an invitation',
    )
  if (from === null) return
  await lock(tx, `drivers-from:${from}`)
  const here = await tx
    .selectFrom('drivers')
    .select(eb => eb.fn.countAll<number>().as('count'))
    .where('membership', '=', 'pending')
    .where('registered_from', '=', from)
    .executeTakeFirstOrThrow()
  if (Number(here.count) >= approvalLimits.pendingDriversPerAddressMax)
    throw new CaduceusError(
      'too_many_requests',
      'too many drivers who were registered from this address wait for their pharmacies; ask yours for an invitation',
    )
}
