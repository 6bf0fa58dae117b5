/**
 * A rotation: keys that the key before wraps are wrapped by the current one, page by page. Each page
 * is a transaction, so a run may end anywhere and the next one goes on. The files themselves stay.
 */
import { sql, type Kysely, type Transaction } from 'kysely'
import type { Tables } from '../../migrations/database/tables.ts'
import type { JobFigures, JobRun } from '../kernel/job.ts'
import { keyLimits } from './limits.ts'
import type { ActiveKeys } from './deployment-key.ts'
import { placeOf, type KeyTable } from './places.ts'

const ids = { person_keys: 'account_id', file_keys: 'upload_id' } as const satisfies Record<
  KeyTable,
  string
>

/** The job. `unreadable` keys are of neither key; they are left as they are. */
export async function rewrapKeys(
  db: Kysely<Tables>,
  keys: ActiveKeys | null,
  run: JobRun,
): Promise<JobFigures> {
  let [rewrapped, unreadable] = [0, 0]
  if (keys === null || keys.previous === null) return { rewrapped, unreadable }
  for (const table of Object.keys(ids) as KeyTable[]) {
    let last = '00000000-0000-0000-0000-000000000000'
    while (!run.signal.aborted) {
      const page = await db.transaction().execute(async tx => {
        await run.fence(tx)
        return rewrapPage(tx, table, keys, last)
      })
      rewrapped += page.rewrapped
      unreadable += page.rows - page.rewrapped
      if (page.last === null) break
      last = page.last
    }
  }
  if (!run.signal.aborted) await finishRotation(db, keys.current.fingerprint)
  return { rewrapped, unreadable }
}

async function rewrapPage(
  tx: Transaction<Tables>,
  table: KeyTable,
  { current, previous }: ActiveKeys,
  last: string,
): Promise<{ rows: number; rewrapped: number; last: string | null }> {
  const { rows } = await sql<{ id: string; wrapped: string }>`
    select ${sql.id(ids[table])} as id, wrapped from ${sql.table(table)}
    where wrapped_by <> ${current.fingerprint} and ${sql.id(ids[table])} > ${last}::uuid
    order by 1 limit ${keyLimits.rewrapPageRows} for update`.execute(tx)
  const wrapped = rows.flatMap(row => {
    const key = previous!.unwrap(placeOf(table, row.id), row.wrapped)
    return key === null ? [] : [{ id: row.id, wrapped: current.wrap(placeOf(table, row.id), key) }]
  })
  if (wrapped.length > 0)
    await sql`
      update ${sql.table(table)} set wrapped = n.wrapped, wrapped_by = ${current.fingerprint}
      from unnest(${wrapped.map(row => row.id)}::uuid[], ${wrapped.map(row => row.wrapped)}::text[])
        as n (id, wrapped)
      where ${sql.id(ids[table])} = n.id`.execute(tx)
  return { rows: rows.length, rewrapped: wrapped.length, last: rows.at(-1)?.id ?? null }
}

/**
 * Forgets the key before once it wraps nothing. It waits for keys that are being made, because
 * those hold a share of the row.
 */
export async function finishRotation(db: Kysely<Tables>, fingerprint: string): Promise<void> {
  await db.transaction().execute(async tx => {
    const state = await tx
      .selectFrom('encryption_state')
      .select('previous')
      .where('fingerprint', '=', fingerprint)
      .forUpdate()
      .executeTakeFirst()
    if (state === undefined || state.previous === null) return
    await sql`
      update encryption_state set previous = null
      where not exists (select from person_keys where wrapped_by <> ${fingerprint})
        and not exists (select from file_keys where wrapped_by <> ${fingerprint})`.execute(tx)
  })
}
