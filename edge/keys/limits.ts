/** Bounds of keys. */
export const keyLimits = {
  /** Keys that one statement of a rotation wraps anew. */
  rewrapPageRows: 500,
} as const
