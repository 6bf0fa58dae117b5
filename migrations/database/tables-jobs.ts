/** The tables of background work as Kysely sees them. */
import type { Generated, JSONColumnType } from 'kysely'
import type { NullableText, NullableTime, Time } from './columns.ts'

/** The times are of the database's clock. */
export interface JobsTable {
  /** `<feature>.<job>`. */
  name: string
  due_at: Time
  /** An administrator wants a run, also of a paused job; null once that run has ended. */
  asked_at: NullableTime
  asked_by: NullableText
  paused_at: NullableTime
  paused_by: NullableText
  /** The edge that does the job; null while none does. */
  owner: NullableText
  /** Number of the last run. */
  epoch: Generated<number>
  lease_until: NullableTime
  /** Runs of this occasion that did not succeed, and the one under way. */
  attempts: Generated<number>
}

export type JobRunState = 'running' | 'succeeded' | 'failed' | 'interrupted' | 'died'
export interface JobRunsTable {
  job: string
  epoch: number
  edge_id: string
  attempt: number
  asked_by: NullableText
  started_at: Time
  ended_at: NullableTime
  state: JobRunState
  /** Written as JSON text. */
  figures: JSONColumnType<Record<string, number>, string | null, string | null> | null
  error: NullableText
}
