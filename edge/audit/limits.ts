/**
 * Bounds of the audit trail: its queue, the rows that strangers may add, and the time for which
 * rows are kept.
 */
import { relation } from '../../protocol/kernel/limits.ts'

export const auditLimits = {
  queueRowsMax: 20_000,
  batchRowsMax: 500,
  flushMs: 500,
  textCharactersMax: 200,
  retentionDaysDefault: 365,
  /** Time after which the same refusal of the same address is a new row. */
  strangerRepeatMs: 10 * 60_000,
  /** Refusals remembered for that; the oldest is dropped first. */
  strangerRefusalsMax: 10_000,
  /**
   * Rows of strangers that one edge keeps in an hour, at about 430 bytes each; all of them may come
   * at once.
   */
  strangerRowsPerHourMax: 600,
  /** Rows of strangers that wait to be written, beside the queue of all others. */
  strangerQueueRowsMax: 1_000,
  /**
   * Days for which a stranger's refusal is kept; all other rows are kept for AUDIT_RETENTION_DAYS.
   */
  strangerRowsDays: 30,
} as const

relation(
  auditLimits.queueRowsMax >= 10 * auditLimits.batchRowsMax,
  'the audit queue holds several batches',
)
