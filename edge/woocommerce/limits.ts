/** Bounds of connected shops and of their imports. */
export const shopLimits = {
  webhookIntegrationsPerPharmacyMax: 20,
  /** Length of a shop's order id and date in an import. */
  importTextCharactersMax: 64,
  /** Time after which an import is tried again after a passing refusal. */
  importRetryMs: 30_000,
} as const
