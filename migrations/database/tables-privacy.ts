/** The table of erasures as Kysely sees it. */
import type { Generated } from 'kysely'
import type { NullableTime, Time } from './columns.ts'

export interface ErasuresTable {
  account_id: string
  asked_at: Time
  /** The end of the grace. */
  due_at: Time
  /** Time of the next pass. */
  next_at: Time
  /** Time when the account was ended; the wish cannot be taken back any more. */
  erased_at: NullableTime
  /** Orders and appointments that had not ended at the last pass. */
  waiting: Generated<number>
  /** The last day of what a law keeps; null for nothing. */
  kept_until: NullableTime
  /** Time when nothing was left to erase. */
  settled_at: NullableTime
}
