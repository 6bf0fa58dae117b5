/** Bounds of reports and exports. */
export const reportLimits = {
  reportDaysMax: 366,
  reportDriversMax: 1_000,
  /** Orders of an export that are in memory at once. */
  exportPageRows: 500,
} as const
