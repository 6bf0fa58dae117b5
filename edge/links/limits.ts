/** Bounds of links to uploaded files. */
export const uploadLimits = {
  /**
   * Seconds for which a signed link opens its file. A pharmacist looks at once, and reads the order
   * again later.
   */
  linkSeconds: 600,
} as const
