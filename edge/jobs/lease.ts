/**
 * Jobs as rows: what is due, which edge does it, and how its runs ended. All times are of the
 * database's clock, because the clocks of edges differ.
 *
 * The row of a job is its lease. An edge that dies leaves a lease that runs out, and the next edge
 * takes the job with a higher epoch. The epoch fences: an edge that paused for longer than its lease
 * can neither end the run nor commit in it.
 *
 * Rejected: an advisory lock of a session. It needs a connection for as long as the job takes, and
 * tells nobody who holds it.
 */
import { sql, type Kysely, type Transaction } from 'kysely'
import type { Tables } from '../../migrations/database/tables.ts'
import type { JobRunState } from '../../migrations/database/tables-jobs.ts'
import type { JobFigures } from '../kernel/job.ts'
import { jobLimits } from './limits.ts'

/** A run of a job that this edge may do. */
export interface Taken {
  name: string
  epoch: number
  /** 1 for the first attempt of this occasion. */
  attempt: number
}

const now = sql<Date>`clock_timestamp()`
const inMs = (ms: number) =>
  sql<Date>`clock_timestamp() + ${ms}::double precision * interval '1 millisecond'`
const isFree = sql<boolean>`(lease_until is null or lease_until < clock_timestamp())`
const isWanted = sql<boolean>`(asked_at is not null or (paused_at is null and due_at <= clock_timestamp()))`

/**
 * Makes the rows of jobs that have none. Restarts do not put a job off: a known job keeps its time,
 * or gets an earlier one when its interval became shorter.
 */
export async function register(
  db: Kysely<Tables>,
  jobs: readonly { name: string; firstInMs: number }[],
): Promise<void> {
  if (jobs.length === 0) return
  await db
    .insertInto('jobs')
    .values(jobs.map(({ name, firstInMs }) => ({ name, due_at: inMs(firstInMs) })))
    .onConflict(conflict =>
      conflict
        .column('name')
        .doUpdateSet({ due_at: sql<Date>`least(jobs.due_at, excluded.due_at)` }),
    )
    .execute()
}

/** The names of these jobs that an edge may take now, the longest waiting first. */
export async function dueNames(db: Kysely<Tables>, names: readonly string[]): Promise<string[]> {
  const rows = await db
    .selectFrom('jobs')
    .select('name')
    .where('name', 'in', names)
    .where(isFree)
    .where(isWanted)
    .orderBy(sql`coalesce(asked_at, due_at)`)
    .execute()
  return rows.map(({ name }) => name)
}

/** Takes the job for `leaseMs`; null when another edge was faster or the job is not due any more. */
export async function take(
  db: Kysely<Tables>,
  name: string,
  edgeId: string,
  leaseMs: number,
): Promise<Taken | null> {
  return db.transaction().execute(async tx => {
    const row = await tx
      .updateTable('jobs')
      .set({
        owner: edgeId,
        epoch: sql<number>`epoch + 1`,
        lease_until: inMs(leaseMs),
        attempts: sql<number>`attempts + 1`,
      })
      .where('name', '=', name)
      .where(isFree)
      .where(isWanted)
      .returning(['epoch', 'attempts', 'asked_by'])
      .executeTakeFirst()
    if (row === undefined) return null
    await tx
      .updateTable('job_runs')
      .set({ state: 'died', ended_at: now, error: 'the edge that ran it died' })
      .where('job', '=', name)
      .where('state', '=', 'running')
      .execute()
    await tx
      .insertInto('job_runs')
      .values({
        job: name,
        epoch: row.epoch,
        edge_id: edgeId,
        attempt: row.attempts,
        asked_by: row.asked_by,
        started_at: now,
        state: 'running',
      })
      .execute()
    return { name, epoch: row.epoch, attempt: row.attempts }
  })
}

/** The row of the job, while this run holds it. */
const held = (db: Kysely<Tables>, { name, epoch }: Taken, edgeId: string) =>
  db
    .updateTable('jobs')
    .where('name', '=', name)
    .where('epoch', '=', epoch)
    .where('owner', '=', edgeId)

/** False when another edge has the job. */
export async function renew(
  db: Kysely<Tables>,
  run: Taken,
  edgeId: string,
  leaseMs: number,
): Promise<boolean> {
  const { numUpdatedRows } = await held(db, run, edgeId)
    .set({ lease_until: inMs(leaseMs) })
    .executeTakeFirstOrThrow()
  return numUpdatedRows > 0n
}

/** Throws when another edge has the job; otherwise none takes it before `tx` ends. */
export async function fence(
  { name, epoch }: Taken,
  edgeId: string,
  tx: Transaction<Tables>,
): Promise<void> {
  const row = await tx
    .selectFrom('jobs')
    .select('name')
    .where('name', '=', name)
    .where('epoch', '=', epoch)
    .where('owner', '=', edgeId)
    .forShare()
    .executeTakeFirst()
  if (row === undefined) throw new Error(`another edge does ${name} now`)
}

export interface Outcome {
  state: Exclude<JobRunState, 'running' | 'died'>
  figures: JobFigures | null
  error: string | null
  /** Time until the job is due again. */
  dueInMs: number
  /** Attempts of the occasion that count from now on; 0 when the occasion is over. */
  attempts: number
}

/** Ends the run and keeps it. False when another edge has the job; then nothing is written. */
export async function end(
  db: Kysely<Tables>,
  run: Taken,
  edgeId: string,
  { state, figures, error, dueInMs, attempts }: Outcome,
): Promise<boolean> {
  return db.transaction().execute(async tx => {
    const { numUpdatedRows } = await held(tx, run, edgeId)
      .set({
        owner: null,
        lease_until: null,
        asked_at: state === 'interrupted' ? sql<Date | null>`asked_at` : null,
        asked_by: state === 'interrupted' ? sql<string | null>`asked_by` : null,
        due_at: inMs(dueInMs),
        attempts,
      })
      .executeTakeFirstOrThrow()
    if (numUpdatedRows === 0n) return false
    await tx
      .updateTable('job_runs')
      .set({
        state,
        ended_at: now,
        figures: figures === null ? null : JSON.stringify(figures),
        error,
      })
      .where('job', '=', run.name)
      .where('epoch', '=', run.epoch)
      .execute()
    await tx
      .deleteFrom('job_runs')
      .where('job', '=', run.name)
      .where('epoch', '<=', run.epoch - jobLimits.runsKept)
      .execute()
    return true
  })
}
