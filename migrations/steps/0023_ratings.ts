/**
 * Ratings of those who took part in an order, and the figures that are shown of them.
 *
 * One table for all kinds of subjects and all kinds of occasions, as words without a check: the
 * list of kinds stands in `edge/ratings/subjects.ts` alone, so a new kind needs no migration. The
 * figures are stored, because every view of a pharmacy shows them and they change rarely.
 */
import { sql, type Kysely, type Migration } from 'kysely'

const steps = [
  `create table ratings (
    id uuid primary key,
    occasion_kind text not null,
    occasion_id uuid not null,
    rater_id uuid not null,
    subject_kind text not null,
    subject_id uuid not null,
    score smallint not null check (score between 1 and 5),
    reasons text[] not null,
    text text,
    created_at timestamptz not null,
    counted_at timestamptz,
    appealed_at timestamptz,
    appeal_reason text,
    decision text check (decision in ('stands', 'removed')),
    decision_reason text,
    decided_by uuid,
    decided_at timestamptz,
    unique (rater_id, occasion_id, subject_kind, subject_id)
  )`,
  `create index ratings_subject on ratings (subject_kind, subject_id, id desc)`,
  `create index ratings_rater on ratings (rater_id, id desc)`,
  `create index ratings_appealed on ratings (id desc) where appealed_at is not null and decision is null`,
  `create index ratings_age on ratings (created_at)`,
  `create table rating_figures (
    subject_kind text not null,
    subject_id uuid not null,
    median double precision not null,
    ratings integer not null,
    raters integer not null,
    primary key (subject_kind, subject_id)
  )`,
]

export const ratings: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    for (const step of steps) await sql.raw(step).execute(db)
  },
}
