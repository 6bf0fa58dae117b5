/** The port of the audit trail: what a row says, and where it is noted. */
import type { Identity } from '../kernel/identity.ts'

export interface AuditEntry {
  actorRole: Identity['role'] | 'anonymous'
  /** The account, or a service's key; null for a stranger. */
  actorId: string | null
  /** operationId of the row, or `socket.<role>` for a connection. */
  operation: string
  targetKind: string | null
  /** A UUID of ours; null for lists and for what has none. */
  targetId: string | null
  address: string
  userAgent: string | null
  /** HTTP status, or the close code of a refused socket. */
  status: number
  /** From the error catalogue; null when it succeeded. */
  code: string | null
  requestId: string
}

/** Parts with the audit trail. */
export interface WithAudit {
  readonly audit: AuditTrail
}

export interface AuditTrail {
  /** Takes a row; returns at once. Of a stranger's refusals it keeps what `Strangers` says. */
  note(entry: AuditEntry): void
  /** Rows that wait to be written. */
  readonly waiting: number
  /** Writes what waits, once; what cannot be written is counted as lost. */
  close(): Promise<void>
}
