/** The tables of files that are being uploaded, a part of `tables.ts`. */
import type { ColumnType, Generated } from 'kysely'
import type { DefaultNow, NullableText, NullableTime } from './columns.ts'

type Time = ColumnType<Date, Date | string, Date | string>

/** A file that comes in parts; it becomes a row of `uploads` under the same id. */
export interface ResumableUploadsTable {
  id: string
  owner_id: string
  kind: string
  /** Metadata as the sender wrote it. */
  metadata: string
  bytes_count: number
  received: Generated<number>
  created_at: Time
  /** Time when the last part arrived. */
  updated_at: Time
  finished_at: ColumnType<Date | null, Date | string | null | undefined, Date | string | null>
}
export interface UploadPartsTable {
  upload_id: string
  at: number
  bytes: Buffer
}

export interface UploadsTable {
  id: string
  owner_id: string
  kind: string
  content_type: string
  bytes_count: number
  path: string
  /** The adapter that holds the bytes; `path` is its key. */
  store: Generated<string>
  /** Null until the bytes have arrived. */
  stored_at: NullableTime
  /** SHA-256 of the kept bytes in hexadecimal digits; null for files of older releases. */
  digest: NullableText
  /** A document names the file, so it is no orphan. */
  is_paper: Generated<boolean>
  /** An order found to name the file; null for one that may be an orphan. */
  order_id: string | null
  created_at: DefaultNow
}
