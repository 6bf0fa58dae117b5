/**
 * Runs before the port opens: it erases again those whom a restored backup brought back, and adds to
 * the file whom the database alone knows.
 */
import type { Kernel } from '../kernel/kernel.ts'
import { eraseDue, type EraseContext } from './erase.ts'

export async function eraseAgain(ctx: EraseContext & Pick<Kernel, 'log'>): Promise<void> {
  const { erasureLog, database } = ctx
  if (erasureLog === null) {
    ctx.log.warn(
      'ERASURES_FILE is not set: after the restore of a backup, people who were erased since then are back',
    )
    return
  }
  const listed = await erasureLog.read()
  const known = await database.kysely
    .selectFrom('erasures')
    .select(['account_id', 'erased_at'])
    .where('erased_at', 'is not', null)
    .execute()
  const erased = new Set(known.map(row => row.account_id))
  const back = [...listed].filter(id => !erased.has(id))
  for (const row of known) await erasureLog.add(row.account_id, row.erased_at!.getTime())
  if (back.length === 0) return
  ctx.log.warn({ people: back.length }, 'the database is older than erasures; they are done again')
  const now = new Date(ctx.nowMs())
  await database.kysely
    .insertInto('erasures')
    .values(
      back.map(id => ({
        account_id: id,
        asked_at: now,
        due_at: now,
        next_at: now,
        erased_at: now,
      })),
    )
    .onConflict(conflict =>
      conflict.column('account_id').doUpdateSet({ due_at: now, next_at: now, erased_at: now }),
    )
    .execute()
  const isBack = new Set(back)
  let failed = 0
  // Each pass takes those of them that are due; a failure leaves one due, so it ends the loop.
  for (;;) {
    const figures = await eraseDue(ctx, { signal: new AbortController().signal })
    failed += figures['failed']!
    if (failed > 0) break
    if (figures['passes'] === 0) return
  }
  const { length: left } = await database.kysely
    .selectFrom('erasures')
    .select('account_id')
    .where('account_id', 'in', [...isBack])
    .where('next_at', '<=', now)
    .execute()
  throw new Error(
    `${left} people who were erased are in the restored data and could not be erased again; the log has the reasons`,
  )
}
