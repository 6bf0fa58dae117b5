/**
 * Work in the background that one edge does for all of them. A feature names each of its jobs in
 * one line, `delete_old: every(10, 'Deletes old ratings', deleteOldRatings)`; `edge/jobs` runs the
 * jobs of all features.
 */
import type { Transaction } from 'kysely'
import type { Tables } from '../../migrations/database/tables.ts'

/** Numbers about a run that an administrator reads, such as `{ deleted: 3 }`. */
export type JobFigures = Readonly<Record<string, number>>

/** The part of a run that the job itself needs. */
export interface JobRun {
  /** Aborted when another edge may do the job now, when the run takes too long, or at the end. */
  readonly signal: AbortSignal
  /**
   * Within a transaction: nobody takes the job over before the transaction ends. Throws when
   * another edge has taken it.
   */
  fence(tx: Transaction<Tables>): Promise<void>
}

export interface Job<Parts> {
  /** The pause from the end of a run to the next one. */
  everyMinutes: number
  /** One sentence for administrators. */
  about: string
  /**
   * Does the work that is due. A rejection is a failure, and the job is tried again. A run may end
   * anywhere and begin anew on another edge.
   */
  run(parts: Parts, run: JobRun): Promise<JobFigures>
}

/** Writes a job in one line. */
export const every = <Parts>(
  everyMinutes: number,
  about: string,
  run: Job<Parts>['run'],
): Job<Parts> => ({ everyMinutes, about, run })

/** A job with the parts of its feature. */
export interface ReadyJob extends Pick<Job<never>, 'everyMinutes' | 'about'> {
  run(run: JobRun): Promise<JobFigures>
}
