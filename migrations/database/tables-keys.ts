/** The tables of encryption at rest as Kysely sees them. */
import type { ColumnType } from 'kysely'
import type { NullableText, Time } from './columns.ts'

/** One row once the deployment has a key. */
interface EncryptionStateTable {
  only_row: ColumnType<true, never, never>
  /** Fingerprint of the key with which new keys are wrapped. */
  fingerprint: string
  /** During a rotation: fingerprint of the key before. */
  previous: NullableText
}
interface PersonKeysTable {
  account_id: string
  wrapped: string
  /** Fingerprint of the wrapping key. */
  wrapped_by: string
}
/** Keys of files, and of conversations. */
interface FileKeysTable {
  /** The upload, or the conversation. */
  upload_id: string
  /** The person whose key wraps this one; null: the deployment's key does. */
  account_id: string | null
  wrapped: string
  wrapped_by: NullableText
}
/** A piece of a file in parts, encrypted with the key of its owner. */
interface SealedPartsTable {
  upload_id: string
  /** Bytes of the file before this part. */
  at: number
  bytes: Buffer
}
/** A stored file that no row names, or that no row names yet. */
interface StaleFilesTable {
  path: string
  store: string
  upload_id: string
  /** Time from which it is deleted. */
  due_at: Time
}

export interface KeysTables {
  encryption_state: EncryptionStateTable
  person_keys: PersonKeysTable
  file_keys: FileKeysTable
  sealed_parts: SealedPartsTable
  stale_files: StaleFilesTable
}
