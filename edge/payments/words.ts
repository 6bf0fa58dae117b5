/**
 * The words about money that came with a command, stored before the command is sent. They count
 * once the journal has a fact of that command; words of a refused command are deleted after a while.
 * A client may use an id again for another order, so words belong to a command and its order.
 */
import { sql, type Kysely } from 'kysely'
import type { Tables } from '../../migrations/database/tables.ts'
import type { JobFigures, JobRun } from '../kernel/job.ts'
import type { Kernel } from '../kernel/kernel.ts'
import type { PaymentMethod } from '../../protocol/orders/said-money.ts'
import { paymentLimits } from './limits.ts'

/** Amounts in whole minor units of the order's currency. */
export interface Words {
  method?: PaymentMethod
  tipMinor?: number
  /** The processor's name for a card that the customer's device gave to it. */
  token?: string
  /** The most that the token confirms. */
  amountMaxMinor?: number
  goodsMinor?: number
  taxMinor?: number
  takenMinor?: number
  reason?: string
}

/** A repeat of the command says the same, so the first words stay. */
export async function keepWords(
  { database: { kysely: db }, nowMs }: Pick<Kernel, 'database' | 'nowMs'>,
  commandId: string,
  orderId: string,
  words: Words,
): Promise<void> {
  await db
    .insertInto('payment_words')
    .values({
      command_id: commandId,
      order_id: orderId,
      data: JSON.stringify(words),
      at: new Date(nowMs()),
    })
    .onConflict(conflict => conflict.doNothing())
    .execute()
}

/** Finds the words of a command to an order; empty for none. */
export type FindWords = (commandId: string | null, orderId: string) => Words

/** Reads the words of these commands. */
export async function wordsOf(
  db: Kysely<Tables>,
  commandIds: readonly string[],
): Promise<FindWords> {
  if (commandIds.length === 0) return () => ({})
  const { rows } = await sql<{ command_id: string; order_id: string; data: Words }>`
    select command_id, order_id, data from payment_words where command_id = any(${commandIds}::text[])`.execute(
    db,
  )
  const found = new Map(rows.map(row => [`${row.order_id} ${row.command_id}`, row.data]))
  return (commandId, orderId) => found.get(`${orderId} ${commandId}`) ?? {}
}

/**
 * The token that came with the order, if it confirms this amount; null for none, and once the words
 * are deleted.
 */
export async function tokenFor(
  db: Kysely<Tables>,
  orderId: string,
  amountMinor: number,
): Promise<string | null> {
  const { rows } = await sql<{ token: string }>`
    select data ->> 'token' as token from payment_words
    where order_id = ${orderId} and data ->> 'token' is not null
      and coalesce((data ->> 'amountMaxMinor')::bigint >= ${amountMinor}, true) limit 1`.execute(db)
  return rows[0]?.token ?? null
}

/** How the order is paid, also before its payment has followed; null for in no way. */
export async function methodOf(db: Kysely<Tables>, orderId: string): Promise<PaymentMethod | null> {
  const { rows } = await sql<{ method: PaymentMethod }>`
    select data ->> 'method' as method from payment_facts where order_id = ${orderId} and version = 1
    union all
    select data ->> 'method' from payment_words
      where order_id = ${orderId} and data ->> 'method' is not null
    limit 1`.execute(db)
  return rows[0]?.method ?? null
}

/** Deletes words that are old. Rejects while the database is away. */
export async function deleteOldWords(
  { database: { kysely: db }, nowMs }: Pick<Kernel, 'database' | 'nowMs'>,
  { fence }: Pick<JobRun, 'fence'>,
): Promise<JobFigures> {
  return db.transaction().execute(async tx => {
    await fence(tx)
    const { numDeletedRows } = await tx
      .deleteFrom('payment_words')
      .where('at', '<', new Date(nowMs() - paymentLimits.wordsKeptDays * 86_400_000))
      .executeTakeFirst()
    return { deleted: Number(numDeletedRows) }
  })
}
