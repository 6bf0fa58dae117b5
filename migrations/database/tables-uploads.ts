/** The tables of files that are being uploaded, a part of `tables.ts`. */
import type { ColumnType, Generated } from 'kysely'

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
