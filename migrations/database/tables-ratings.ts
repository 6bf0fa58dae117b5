/** The tables of ratings as Kysely sees them. */
import type { NullableText, NullableTime, Time } from './columns.ts'

export interface RatingsTable {
  /** Its time is the beginning of the month of the rating; see `edge/ratings/give.ts`. */
  id: string
  /** Kind and id of the record after whose end the rating was given, such as an order. */
  occasion_kind: string
  occasion_id: string
  /** Account of the person who rated. */
  rater_id: string
  subject_kind: string
  subject_id: string
  score: number
  reasons: string[]
  text: string | null
  created_at: Time
  /** Time when the rating came into the figure with its group; null while it waits for one. */
  counted_at: NullableTime
  appealed_at: NullableTime
  appeal_reason: NullableText
  decision: RatingDecision | null
  decision_reason: NullableText
  decided_by: NullableText
  decided_at: NullableTime
}
type RatingDecision = 'stands' | 'removed'

/** A subject has a row only while its figure may be shown. */
export interface RatingFiguresTable {
  subject_kind: string
  subject_id: string
  median: number
  ratings: number
  /** Number of different people who gave these ratings. */
  raters: number
}
