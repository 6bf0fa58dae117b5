/** Bounds of papers and of their review. */
export const paperLimits = {
  /** Time for which one reviewer has a paper. */
  reviewLeaseMs: 15 * 60_000,
  /** Papers of one record; more is a mistake or a flood. */
  perSubjectMax: 200,
  requirementsMax: 200,
  graceDaysMax: 365,
  graceDaysDefault: 30,
  numberCharactersMax: 60,
  /** Pharmacies or drivers whose papers are derived in one statement. */
  perLook: 500,
  /** Orders whose prescription becomes a document at once. */
  adoptedAtOnce: 50,
  /** Appointments of which pharmacies hear when one paper is revoked. */
  revocationsToldMax: 50,
  /** Papers near their expiry that one run of the job looks at. */
  warningsPerRun: 2_000,
} as const
