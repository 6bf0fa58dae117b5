/**
 * Background work of conversations: it ends those whose subject has ended, closes those with support
 * that nobody uses, and deletes old ones. The commands have fixed ids, so a repeat does nothing.
 * What is beyond a bound waits for the next run.
 */
import { sql } from 'kysely'
import type { JobFigures, JobRun } from '../kernel/job.ts'
import type { WithConfig, Kernel } from '../kernel/kernel.ts'
import type { ConversationsConfig } from './config.ts'
import { chatLimits } from './limits.ts'
import type { ConversationRow } from './reads.ts'
import { closeQuiet, endWithSubject, type TalkContext } from './talk.ts'

const dayMs = 24 * 3_600_000

type Signal = Pick<JobRun, 'signal'>
type Fence = Pick<JobRun, 'fence'>
type KeepingContext = TalkContext & Pick<Kernel, 'log'> & WithConfig<ConversationsConfig>

/** A failure at one conversation does not stop the others. */
async function each<Row extends { id: string }>(
  { log }: KeepingContext,
  rows: readonly Row[],
  signal: AbortSignal,
  run: (row: Row) => Promise<unknown>,
): Promise<{ ended: number; failed: number }> {
  let [ended, failed] = [0, 0]
  for (const row of rows) {
    if (signal.aborted) break
    await run(row).then(
      () => ended++,
      (error: unknown) => {
        failed++
        log.warn({ err: error, conversation_id: row.id }, 'a conversation could not be ended now')
      },
    )
  }
  return { ended, failed }
}

/** Gives conversations whose subject has ended their closing time. */
export async function endEnded(ctx: KeepingContext, { signal }: Signal): Promise<JobFigures> {
  const { rows } = await sql<ConversationRow>`
    select c.* from conversations as c
    left join orders as o on c.about_kind = 'order' and o.id = c.about_id
    left join appointments as a on c.about_kind = 'appointment' and a.id = c.about_id
    where c.status <> 'closed' and c.closes_at is null and c.topic <> 'support'
      and (o.ended_as is not null or a.ended_at is not null
        or (c.topic = 'delivery' and o.id is not null and o.driver_id is distinct from c.driver_id)
        or (c.topic = 'pharmacy' and o.vendor_id is not null and o.vendor_id <> c.vendor_id))
    limit ${chatLimits.conversationsPerSweepMax}`.execute(ctx.database.kysely)
  return each(ctx, rows, signal, row => endWithSubject(ctx, row))
}

/** Closes conversations with support that nobody uses. */
export async function closeSilent(ctx: KeepingContext, { signal }: Signal): Promise<JobFigures> {
  const rows = await ctx.database.kysely
    .selectFrom('conversations')
    .select('id')
    // As literals, so that the partial index serves any plan.
    .where('topic', '=', sql.lit('support'))
    .where('status', '=', sql.lit('open'))
    .where('last_at', '<', new Date(ctx.nowMs() - chatLimits.supportQuietMs))
    .limit(chatLimits.conversationsPerSweepMax)
    .execute()
  return each(ctx, rows, signal, ({ id }) => closeQuiet(ctx, id))
}

/**
 * Deletes conversations that have been closed for longer than they are kept. The time counts from
 * the closing: who reads an old conversation does not keep it.
 */
export async function deleteOld(ctx: KeepingContext, { fence }: Fence): Promise<JobFigures> {
  const before = ctx.nowMs() - ctx.config.conversationRetentionDays * dayMs
  return ctx.database.kysely.transaction().execute(async tx => {
    await fence(tx)
    const old = await tx
      .selectFrom('conversation_entries')
      .select('conversation_id')
      .where('kind', '=', sql.lit('closed'))
      .where('at', '<', new Date(before))
      .limit(chatLimits.conversationsPerSweepMax)
      .execute()
    if (old.length === 0) return { deleted: 0 }
    const ids = old.map(({ conversation_id }) => conversation_id)
    for (const table of [
      'conversation_texts',
      'conversation_entries',
      'conversation_reports',
    ] as const)
      await tx.deleteFrom(table).where('conversation_id', 'in', ids).execute()
    // Their keys too, so that no backup tells what was said.
    await tx.deleteFrom('file_keys').where('upload_id', 'in', ids).execute()
    await tx.deleteFrom('conversations').where('id', 'in', ids).execute()
    return { deleted: ids.length }
  })
}
