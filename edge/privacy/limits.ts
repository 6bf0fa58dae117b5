/** Bounds of exports. */
export const privacyLimits = {
  /** Rows of one query; the memory of an export is about one such page. */
  exportPageRows: 200,
  exportsAtOnceMax: 4,
  /** Seconds after which somebody who was refused may come again. */
  retryAfterSeconds: 30,
} as const
