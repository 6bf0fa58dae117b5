/** Bounds of connected shops and of what is imported from them. */
export const shopLimits = {
  webhookIntegrationsPerVendorMax: 20,
  /** What an import may hold of a shop's order id and date. */
  importTextCharactersMax: 64,
  /** A transient refusal of an import is tried again after this. */
  importRetryMs: 30_000,
} as const
