/**
 * Background work and weekly insights.
 *
 * A job of the edges has one row, and its last runs have one row each. The row of a job is its lease
 * as well, so that an edge takes a job, and takes it from an edge that died, in one statement.
 *
 * The insights of a week are stored when the week is over, for letters and for the list of all
 * pharmacies. They can be computed anew from the journal at any time.
 */
import { sql, type Kysely, type Migration } from 'kysely'

const steps = [
  `create table jobs (
    name text primary key,
    due_at timestamptz not null,
    asked_at timestamptz,
    asked_by uuid,
    paused_at timestamptz,
    paused_by uuid,
    owner uuid,
    epoch bigint not null default 0,
    lease_until timestamptz,
    attempts integer not null default 0
  ) with (fillfactor = 20)`,
  `create table job_runs (
    job text not null,
    epoch bigint not null,
    edge_id uuid not null,
    attempt integer not null,
    asked_by uuid,
    started_at timestamptz not null,
    ended_at timestamptz,
    state text not null check (state in ('running', 'succeeded', 'failed', 'interrupted', 'died')),
    figures json,
    error text,
    primary key (job, epoch)
  )`,
  `create table weekly_insights (
    vendor_id uuid not null,
    week date not null,
    time_zone text not null,
    definitions smallint not null,
    figures json not null,
    made_at timestamptz not null,
    mailed_at timestamptz,
    primary key (week, vendor_id)
  )`,
  `create table insight_letters (
    vendor_id uuid primary key,
    wanted_by uuid not null,
    wanted_at timestamptz not null
  )`,
]

export const insights: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    for (const step of steps) await sql.raw(step).execute(db)
  },
}
