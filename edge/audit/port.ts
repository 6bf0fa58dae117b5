/** The port of the audit trail: the contents of a row, and where it is noted. */
import type { Identity } from '../kernel/identity.ts'

export interface AuditEntry {
  actorRole: Identity['role'] | 'anonymous'
  /** Id of the account, or of a service's key; null for a stranger. */
  actorId: string | null
  /** The operationId of the row, or `socket.<role>` for a connection. */
  operation: string
  targetKind: string | null
  /** A UUID of ours; null for lists and for targets without an id. */
  targetId: string | null
  address: string
  userAgent: string | null
  /** HTTP status, or the close code of a refused socket. */
  status: number
  /** Code of the error catalogue; null for a success. */
  code: string | null
  requestId: string
}

/** Parts with the audit trail. */
export interface WithAudit {
  readonly audit: AuditTrail
}

export interface AuditTrail {
  /** Takes a row and returns at once. `Strangers` decides which refusals of strangers are kept. */
  note(entry: AuditEntry): void
  /** Number of rows that wait to be written. */
  readonly waiting: number
  /** Writes the waiting rows once; rows that cannot be written are counted as lost. */
  close(): Promise<void>
}
