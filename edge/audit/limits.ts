/** Bounds of the audit trail: of its queue, of the rows that strangers may add, and of how long rows are kept. */
import { relation } from '../../protocol/kernel/limits.ts'

export const auditLimits = {
  queueRowsMax: 20_000,
  batchRowsMax: 500,
  flushMs: 500,
  textCharactersMax: 200,
  retentionDaysDefault: 365,
  /** The same refusal of the same address is a new row after this. */
  strangerRepeatMs: 10 * 60_000,
  /** Refusals remembered for that; the oldest goes first. */
  strangerRefusalsMax: 10_000,
  /** Rows of strangers that one edge keeps an hour, at some 430 bytes each; so many may come at once. */
  strangerRowsPerHourMax: 600,
  /** Rows of strangers that wait to be written, beside the room that everybody else has. */
  strangerQueueRowsMax: 1_000,
  /** How long a stranger's refusal is kept; whatever else is in the trail stays for AUDIT_RETENTION_DAYS. */
  strangerRowsDays: 30,
} as const

relation(
  auditLimits.queueRowsMax >= 10 * auditLimits.batchRowsMax,
  'the audit queue holds several batches',
)
