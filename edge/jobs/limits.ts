/** Bounds of background work. */
export const jobLimits = {
  /** Time after which another edge takes over the job of an edge that died. */
  leaseMs: 30_000,
  /** Mean pause between two looks for jobs that are due. */
  lookMs: 10_000,
  /** Jobs that one edge does at once. */
  atOnceMax: 3,
  /** Time that a run may take. */
  runMs: 15 * 60_000,
  /** Runs of one occasion; when all have failed, the job waits for its next occasion. */
  attemptsMax: 5,
  /** Pause before the second attempt; it doubles with each further one. */
  retryMs: 60_000,
  /** Runs of a job that are kept. */
  runsKept: 20,
  errorCharactersMax: 500,
} as const
