/**
 * Runs before the port opens: it erases again those whom a restored backup brought back, and adds to
 * the file whom the database alone knows.
 */
import { sql } from 'kysely'
import type { Kernel } from '../kernel/kernel.ts'
import { erasePeople, type EraseContext } from './erase.ts'

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
  // Those who were not begun are found again by the next start.
  await sql`
    insert into erasures (account_id, asked_at, due_at, next_at)
    select id, ${now}, ${now}, ${now} from unnest(${back}::uuid[]) as id
    on conflict (account_id) do update set due_at = excluded.due_at, next_at = excluded.next_at`.execute(
    database.kysely,
  )
  const failed = await erasePeople(ctx, back)
  if (failed.length === 0) return
  await sql`
    update erasures set erased_at = null where account_id = any(${failed}::uuid[])`.execute(
    database.kysely,
  )
  throw new Error(
    `${failed.length} people who were erased are in the restored data and could not be erased again; the log has the reasons`,
  )
}
