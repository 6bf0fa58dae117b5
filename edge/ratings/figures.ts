/**
 * The figure of a subject: the median of its ratings of twelve months. Ratings come into the figure
 * in groups, so that nobody reads one rating from the difference of two figures; ADR 40 gives the
 * reasons.
 *
 * The figure is stored when it changes. Rejected: computing it for each view, because a list of
 * pharmacies would read all ratings of a year.
 */
import { sql, type Kysely, type Transaction } from 'kysely'
import Type from 'typebox'
import type { Tables } from '../../migrations/database/tables.ts'
import { nullable } from '../kernel/shapes.ts'
import { ratingLimits } from './limits.ts'
import type { Subject, SubjectKind } from './subjects.ts'

/** The figure as views of subjects show it. */
export const RatingFigure = nullable(
  Type.Object(
    {
      median: Type.Number({ minimum: ratingLimits.scoreMin, maximum: ratingLimits.scoreMax }),
      ratings: Type.Integer({ description: 'Number of ratings behind the median' }),
    },
    {
      description: `Ratings of the last ${ratingLimits.memoryMonths} months, from ${ratingLimits.shownFrom} on`,
    },
  ),
)
type Figure = { median: number; ratings: number }

/** The shown figures of these subjects, by id; a subject without one is absent. */
export async function figuresOf(
  db: Kysely<Tables>,
  kind: SubjectKind,
  ids: readonly string[],
): Promise<Map<string, Figure>> {
  if (ids.length === 0) return new Map()
  const rows = await db
    .selectFrom('rating_figures')
    .select(['subject_id', 'median', 'ratings'])
    .where('subject_kind', '=', kind)
    .where('subject_id', 'in', ids)
    .execute()
  return new Map(rows.map(({ subject_id, median, ratings }) => [subject_id, { median, ratings }]))
}

/** Changes of one subject's ratings happen one at a time until the transaction ends. */
export async function lockSubject(tx: Transaction<Tables>, { id }: Subject): Promise<void> {
  await sql`select pg_advisory_xact_lock(hashtextextended(${id}, 23))`.execute(tx)
}

/** Ratings given at this time or earlier count no more and are deleted. */
export const countedSince = (nowMs: number) =>
  sql<Date>`${new Date(nowMs)}::timestamptz - make_interval(months => ${ratingLimits.memoryMonths})`

/**
 * Takes waiting ratings into the figure when they are a group, and stores the figure anew. They are
 * a group when there are enough of them, or when only together with the counted ones there are
 * enough to show a figure at all. Call it under `lockSubject` after each change.
 */
export async function recount(
  tx: Transaction<Tables>,
  { kind, id }: Subject,
  nowMs: number,
): Promise<void> {
  const counting = sql<boolean>`subject_kind = ${kind} and subject_id = ${id} and decision is distinct from 'removed' and created_at > ${countedSince(nowMs)}`
  const { counted, waiting } = await tx
    .selectFrom('ratings')
    .select([
      sql<number>`count(counted_at)::integer`.as('counted'),
      sql<number>`(count(*) - count(counted_at))::integer`.as('waiting'),
    ])
    .where(counting)
    .executeTakeFirstOrThrow()
  const { shownFrom } = ratingLimits
  const isGroup = waiting >= shownFrom || (counted < shownFrom && counted + waiting >= shownFrom)
  if (isGroup)
    await tx
      .updateTable('ratings')
      .set({ counted_at: new Date(nowMs) })
      .where(counting)
      .where('counted_at', 'is', null)
      .execute()
  const { median, ratings, raters } = await tx
    .selectFrom('ratings')
    .select([
      sql<number | null>`percentile_cont(0.5) within group (order by score)`.as('median'),
      sql<number>`count(*)::integer`.as('ratings'),
      sql<number>`count(distinct rater_id)::integer`.as('raters'),
    ])
    .where(counting)
    .where('counted_at', 'is not', null)
    .executeTakeFirstOrThrow()
  if (median === null || ratings < shownFrom) {
    await tx
      .deleteFrom('rating_figures')
      .where('subject_kind', '=', kind)
      .where('subject_id', '=', id)
      .execute()
    return
  }
  const figure = { median, ratings, raters }
  await tx
    .insertInto('rating_figures')
    .values({ subject_kind: kind, subject_id: id, ...figure })
    .onConflict(conflict => conflict.columns(['subject_kind', 'subject_id']).doUpdateSet(figure))
    .execute()
}
