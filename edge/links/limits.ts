/** Bounds of uploads that no other part needs to know. */
export const uploadLimits = {
  /** A signed link opens its file for so long: a pharmacist looks at once, and asks for the order again later. */
  linkSeconds: 600,
} as const
