/**
 * Ratings as each reader may see them. The rater sees the own rating, an administrator everything.
 * The rated one never learns the order, the rater or the day; the text at once, because it is
 * written to the rated one; score and reasons only when they are some of many. ADR 40 gives the
 * reasons.
 */
import { sql, type Kysely, type SqlBool } from 'kysely'
import Type from 'typebox'
import type { Tables } from '../../migrations/database/tables.ts'
import { CaduceusError } from '../../protocol/kernel/errors.ts'
import { Uuid } from '../../protocol/kernel/principal.ts'
import type { Identity } from '../kernel/identity.ts'
import { nullable, Timestamp } from '../kernel/shapes.ts'
import { ratingLimits } from './limits.ts'
import { allReasons, occasions, subjectKinds, subjects } from './subjects.ts'

export const ratingStatuses = ['standing', 'appealed', 'removed'] as const
export const Score = Type.Integer({
  minimum: ratingLimits.scoreMin,
  maximum: ratingLimits.scoreMax,
})
export const Reason = Type.Enum([...allReasons])

export const RatingView = Type.Object({
  id: Uuid,
  subject: Type.Enum(subjectKinds),
  subject_id: Uuid,
  status: Type.Enum([...ratingStatuses]),
  month: Type.String({ description: 'Month of the rating in UTC, YYYY-MM' }),
  score: nullable(
    Type.Integer({
      minimum: ratingLimits.scoreMin,
      maximum: ratingLimits.scoreMax,
      description: `Null for the rated one until ${ratingLimits.shownFrom} people have rated`,
    }),
  ),
  reasons: nullable(Type.Array(Reason)),
  text: nullable(Type.String({ description: 'Read by the rated one and by administrators' })),
  order_id: Type.Optional(Uuid),
  appointment_id: Type.Optional(Uuid),
  created_at: Type.Optional(Timestamp),
  rater_id: Type.Optional(Uuid),
  appeal: Type.Optional(
    nullable(
      Type.Object({
        reason: Type.String(),
        appealed_at: Timestamp,
        decision: nullable(Type.Enum(['stands', 'removed'])),
        decision_reason: nullable(Type.String()),
        decided_at: nullable(Timestamp),
      }),
    ),
  ),
})

/** Ratings with the number of people behind the figure of their subject. */
const ratingRows = (db: Kysely<Tables>) =>
  db
    .selectFrom('ratings')
    .leftJoin('rating_figures', join =>
      join
        .onRef('rating_figures.subject_kind', '=', 'ratings.subject_kind')
        .onRef('rating_figures.subject_id', '=', 'ratings.subject_id'),
    )
    .selectAll('ratings')
    .select('rating_figures.raters')
export type RatingRow = Awaited<
  ReturnType<ReturnType<typeof ratingRows>['executeTakeFirstOrThrow']>
>

/** The condition for a score that the rated one may see: it is one of those of several people. */
const isOneOfMany = sql<SqlBool>`ratings.counted_at is not null and coalesce(rating_figures.raters, 0) >= ${ratingLimits.shownFrom}`

/** The ratings that exist for the caller. */
export function readableRatings(db: Kysely<Tables>, identity: Identity) {
  const rows = ratingRows(db)
  switch (identity.role) {
    case 'admin':
      return rows
    case 'user':
      return rows.where('ratings.rater_id', '=', identity.userId)
    default:
      return rows
        .where(eb =>
          eb.or([
            eb.lit(false),
            ...subjectKinds.flatMap(kind => {
              const own = subjects[kind].rated(identity)
              return own === null ? [] : [eb.and([eb('ratings.subject_kind', '=', kind), own])]
            }),
          ]),
        )
        .where(eb => eb.or([eb('ratings.text', 'is not', null), isOneOfMany]))
  }
}

/** Throws `not_found`, also for a rating that the caller may not see. */
export async function findRating(
  db: Kysely<Tables>,
  identity: Identity,
  id: string,
): Promise<RatingRow> {
  const row = await readableRatings(db, identity).where('ratings.id', '=', id).executeTakeFirst()
  if (row === undefined) throw new CaduceusError('not_found', 'no such rating')
  return row
}

type Status = (typeof ratingStatuses)[number]
/** The condition for a status, as `statusOf` reads it from a row. */
export const hasStatus = (status: Status) =>
  ({
    standing: sql<SqlBool>`decision is distinct from 'removed' and (appealed_at is null or decision is not null)`,
    appealed: sql<SqlBool>`appealed_at is not null and decision is null`,
    removed: sql<SqlBool>`decision = 'removed'`,
  })[status]
const statusOf = ({ appealed_at, decision }: RatingRow): Status =>
  decision === 'removed'
    ? 'removed'
    : appealed_at !== null && decision === null
      ? 'appealed'
      : 'standing'

/** The rating as the caller may see it. `RatingView` is its schema. */
export function ratingView(identity: Identity, row: RatingRow) {
  const isRated = identity.role !== 'admin' && identity.role !== 'user'
  const scoreShown =
    !isRated || (row.counted_at !== null && (row.raters ?? 0) >= ratingLimits.shownFrom)
  return {
    id: row.id,
    subject: row.subject_kind,
    subject_id: row.subject_id,
    status: statusOf(row),
    month: new Date(row.created_at).toISOString().slice(0, 7),
    score: scoreShown ? row.score : null,
    reasons: scoreShown ? row.reasons : null,
    text: row.text,
    ...(!isRated && {
      [occasions[row.occasion_kind as keyof typeof occasions].field]: row.occasion_id,
      created_at: row.created_at,
    }),
    ...(identity.role === 'admin' && { rater_id: row.rater_id }),
    ...(identity.role !== 'user' && {
      appeal:
        row.appealed_at === null
          ? null
          : {
              reason: row.appeal_reason,
              appealed_at: row.appealed_at,
              decision: row.decision,
              decision_reason: row.decision_reason,
              decided_at: row.decided_at,
            },
    }),
  }
}
