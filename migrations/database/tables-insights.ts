/** The tables of insights as Kysely sees them. */
import type { JSONColumnType } from 'kysely'
import type { NullableTime, Time } from './columns.ts'

/** The totals of a pharmacy's week, as everybody may see them. */
export interface WeeklyInsightsTable {
  vendor_id: string
  /** The Monday, as `YYYY-MM-DD`. */
  week: string
  /** The zone in which the week was counted. */
  time_zone: string
  /** Version of the definitions. */
  definitions: number
  /** By metric. Written as JSON text. */
  figures: JSONColumnType<
    Record<string, { value: number | null; count: number | null; hidden: boolean }>,
    string,
    string
  >
  made_at: Time
  mailed_at: NullableTime
}

/** A pharmacy has a row while it wants the letter. */
export interface InsightLettersTable {
  vendor_id: string
  wanted_by: string
  wanted_at: Time
}
