/** Bounds of exports and of erasures. */
export const privacyLimits = {
  /** Rows of one query; the memory of an export is about one such page. */
  exportPageRows: 200,
  exportsAtOnceMax: 4,
  /** Seconds after which somebody who was refused may come again. */
  retryAfterSeconds: 30,
  graceDaysDefault: 30,
  /** Two years, as 21 CFR 1304.04 wants records of controlled substances. */
  recordsDaysDefault: 730,
  /** People of one run, and their orders and files of one query. */
  peoplePerRunMax: 20,
  erasePageRows: 100,
  /** Time after the end of an order by which its engine has stored it and let go of it. */
  settleMs: 3_600_000,
  /** Longest time for which an order that is under way delays the beginning. */
  underWayMs: 7 * 24 * 3_600_000,
  /** Pause after a failure, and while an order is under way. */
  failedPassMs: 3_600_000,
  /** Pause to the next pass over a person. */
  passMs: 24 * 3_600_000,
  /** The same while only records are left that a law keeps. */
  keptPassMs: 30 * 24 * 3_600_000,
} as const
