/**
 * Encrypts what was said before the deployment had a key, row by row. A row changes only while it
 * still has the text that was sealed, so a run may end anywhere, two edges may run at once, and a
 * message that is taken back meanwhile stays so.
 */
import type { JobFigures, JobRun } from '../kernel/job.ts'
import type { Kernel } from '../kernel/kernel.ts'
import type { WithVault } from '../keys/vault.ts'
import { chatLimits } from './limits.ts'
import { reportColumns, sealedFor } from './sealed.ts'

export type SealContext = Pick<Kernel, 'database'> & WithVault

/** The job. */
export async function sealStored(
  ctx: SealContext,
  { signal }: Pick<JobRun, 'signal'>,
): Promise<JobFigures> {
  if (!ctx.vault.encrypts) return { sealed: 0, reports: 0 }
  return { sealed: await sealTexts(ctx, signal), reports: await sealReports(ctx, signal) }
}

async function sealTexts({ database, vault }: SealContext, signal: AbortSignal): Promise<number> {
  const { kysely } = database
  let sealed = 0
  while (!signal.aborted) {
    // Sealed rows leave the condition, so the first page is always the next one.
    const rows = await kysely
      .selectFrom('conversation_texts as t')
      .innerJoin('conversations as c', 'c.id', 't.conversation_id')
      .selectAll('c')
      .select(['t.id as message_id', 't.text'])
      .where('t.text', 'is not', null)
      .orderBy('t.id')
      .limit(chatLimits.sealPageRows)
      .execute()
    for (const { message_id, text, ...row } of rows) {
      if (signal.aborted) return sealed
      const stored = await sealedFor({ kysely, vault }, row, message_id, text!)
      const { numUpdatedRows } = await kysely
        .updateTable('conversation_texts')
        .set({ text: null, sealed: stored!.text, marks: stored!.marks })
        .where('id', '=', message_id)
        .where('text', '=', text)
        .executeTakeFirst()
      sealed += Number(numUpdatedRows)
    }
    if (rows.length < chatLimits.sealPageRows) break
  }
  return sealed
}

/** A text whose reporter was erased has no key to be sealed with; the erasure empties it. */
async function sealReports({ database, vault }: SealContext, signal: AbortSignal): Promise<number> {
  const { kysely } = database
  let [sealed, last] = [0, '00000000-0000-0000-0000-000000000000']
  while (!signal.aborted) {
    const rows = await kysely
      .selectFrom('conversation_reports')
      .select(['id', 'reporter_id', 'text'])
      .where('text', 'is not', null)
      .where('id', '>', last)
      .orderBy('id')
      .limit(chatLimits.sealPageRows)
      .execute()
    for (const { id, reporter_id, text } of rows) {
      const columns = await reportColumns(vault, id, reporter_id, text)
      if (columns.sealed === null) continue
      const { numUpdatedRows } = await kysely
        .updateTable('conversation_reports')
        .set(columns)
        .where('id', '=', id)
        .where('text', '=', text)
        .executeTakeFirst()
      sealed += Number(numUpdatedRows)
    }
    if (rows.length < chatLimits.sealPageRows) break
    last = rows.at(-1)!.id
  }
  return sealed
}
