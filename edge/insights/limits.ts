/** Bounds of insights. */
export const insightLimits = {
  /** People behind a figure that may be shown. */
  peopleMin: 5,
  weeksMax: 12,
  weeksDefault: 8,
  /** Weeks for which the stored totals are kept: five years. */
  weeksKept: 261,
  /** Pharmacies whose week one query of the weekly job looks for. */
  pharmaciesAtOnce: 100,
} as const
