/**
 * The words about money that came with a command, stored before the command is sent. They count
 * once the journal has a fact of that command; words of a refused command are deleted after a while.
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

/** The words of these commands. */
export async function wordsOf(
  db: Kysely<Tables>,
  commandIds: readonly string[],
): Promise<Map<string, { orderId: string; words: Words }>> {
  if (commandIds.length === 0) return new Map()
  const { rows } = await sql<{ command_id: string; order_id: string; data: Words }>`
    select command_id, order_id, data from payment_words where command_id = any(${commandIds}::text[])`.execute(
    db,
  )
  return new Map(rows.map(row => [row.command_id, { orderId: row.order_id, words: row.data }]))
}

/** True when the order was placed with a way to pay, also before its payment has followed. */
export async function namesMethod(db: Kysely<Tables>, orderId: string): Promise<boolean> {
  const { rows } = await sql`
    select from payments where order_id = ${orderId}
    union all select from payment_words where order_id = ${orderId} and data ->> 'method' is not null
    limit 1`.execute(db)
  return rows.length > 0
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
