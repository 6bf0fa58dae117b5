/** The wish of a person to be erased: it is asked for, can be taken back, and begins after a grace. */
import type { Selectable } from 'kysely'
import type { ErasuresTable } from '../../migrations/database/tables-privacy.ts'
import { CaduceusError } from '../../protocol/kernel/errors.ts'
import type { Kernel, WithConfig } from '../kernel/kernel.ts'
import type { PrivacyConfig } from './config.ts'

export type Erasure = Selectable<ErasuresTable>
type ErasureContext = Pick<Kernel, 'database' | 'nowMs'> & WithConfig<PrivacyConfig>

export const dayMs = 24 * 3_600_000

/** A repeat changes nothing. `isNew` is true for the first time. */
export async function askErasure(
  ctx: ErasureContext,
  accountId: string,
): Promise<{ erasure: Erasure; isNew: boolean }> {
  const askedMs = ctx.nowMs()
  const due = new Date(askedMs + ctx.config.erasureGraceDays * dayMs)
  const made = await ctx.database.kysely
    .insertInto('erasures')
    .values({ account_id: accountId, asked_at: new Date(askedMs), due_at: due, next_at: due })
    // An update that changes nothing, so that a repeat gets the row too.
    .onConflict(conflict =>
      conflict.column('account_id').doUpdateSet(eb => ({ asked_at: eb.ref('erasures.asked_at') })),
    )
    .returningAll()
    .executeTakeFirstOrThrow()
  return { erasure: made, isNew: made.asked_at.getTime() === askedMs }
}

/** Null where nothing was asked for. */
export const erasureOf = async (
  { database }: Pick<Kernel, 'database'>,
  accountId: string,
): Promise<Erasure | null> =>
  (await database.kysely
    .selectFrom('erasures')
    .selectAll()
    .where('account_id', '=', accountId)
    .executeTakeFirst()) ?? null

/** Throws `not_found` where nothing was asked for, and when the erasure has begun. */
export async function takeBackErasure(
  { database }: Pick<Kernel, 'database'>,
  accountId: string,
): Promise<void> {
  const { numDeletedRows } = await database.kysely
    .deleteFrom('erasures')
    .where('account_id', '=', accountId)
    .where('erased_at', 'is', null)
    .executeTakeFirstOrThrow()
  if (numDeletedRows === 0n) throw new CaduceusError('not_found', 'no erasure was asked for')
}
