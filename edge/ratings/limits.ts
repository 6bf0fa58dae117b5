/** Bounds of ratings. */
export const ratingLimits = {
  scoreMin: 1,
  scoreMax: 5,
  /** Days after its end for which an order may be rated. */
  windowDays: 14,
  /** Months for which a rating counts and is kept. */
  memoryMonths: 12,
  /** Number of ratings from which on a figure is shown; also the size of a group. */
  shownFrom: 5,
  reasonsMax: 5,
  /** Subjects with expired ratings that one run of the housekeeping takes. */
  subjectsPerSweepMax: 500,
} as const
