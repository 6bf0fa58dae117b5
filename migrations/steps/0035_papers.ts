/**
 * Papers of people, pharmacies, vehicles, orders and appointments, and which of them are needed.
 *
 * Kinds and subjects are words without a check, because their list stands in
 * `protocol/papers/kinds.ts`. Days are text, because a day is no moment and has no zone.
 *
 * `papers_held` is a copy for engines, which cannot read papers: it follows from the papers, and an
 * edge derives the truth each time. A pharmacy that is held is not asked, so `is_active` contains
 * it. Files that a paper names are no orphans; their rows say so themselves, because a deletion
 * that waits for the row sees the row anew and nothing else.
 */
import { sql, type Kysely, type Migration } from 'kysely'

const steps = [
  `alter table uploads add column digest text, add column is_paper boolean not null default false`,
  `create table documents (
    id uuid primary key,
    kind text not null,
    subject_kind text not null,
    subject_id uuid not null,
    upload_id uuid not null references uploads (id),
    digest text not null,
    number text,
    issued_on text check (issued_on ~ '^\\d{4}-\\d\\d-\\d\\d$'),
    expires_on text check (expires_on ~ '^\\d{4}-\\d\\d-\\d\\d$'),
    uploaded_by uuid not null,
    created_at timestamptz not null,
    supersedes uuid,
    replaced_at timestamptz,
    reviewer_id uuid,
    review_until timestamptz,
    first_approved_by uuid,
    first_approved_at timestamptz,
    decision text check (decision in ('approved', 'rejected')),
    decided_by uuid,
    decided_at timestamptz,
    reason_code text,
    reason text,
    revoked_at timestamptz,
    revoked_by uuid,
    revoke_reason text,
    warned_days smallint
  )`,
  `create index documents_subject on documents (subject_kind, subject_id, id)`,
  `create unique index documents_open on documents (subject_kind, subject_id, kind) where decision is null and replaced_at is null`,
  `create index documents_queue on documents (id) where decision is null and replaced_at is null`,
  `create index documents_expiry on documents (expires_on) where decision = 'approved' and revoked_at is null and expires_on is not null`,
  `create table requirements (
    id uuid primary key,
    role text not null,
    kind text not null,
    country text check (country ~ '^[A-Z]{2}$'),
    goods_class text,
    effect text not null check (effect in ('blocking', 'warning')),
    grace_days integer not null,
    four_eyes boolean not null,
    created_by uuid not null,
    created_at timestamptz not null,
    revision integer not null default 0,
    ended_at timestamptz,
    ended_by uuid
  )`,
  `create unique index requirements_once on requirements (role, kind, coalesce(country, ''), coalesce(goods_class, '')) where ended_at is null`,
  `alter table vendors add column country text check (country ~ '^[A-Z]{2}$')`,
  `alter table vendors add column papers_held boolean not null default false`,
  `alter table vendors drop column is_active`,
  `alter table vendors add column is_active boolean not null
    generated always as (status = 'active' and not paused and not papers_held) stored`,
  `alter table drivers add column papers_held boolean not null default false`,
  `drop trigger vendors_standing on vendors`,
  `create trigger vendors_standing before update on vendors for each row
    when (old.status is distinct from new.status or old.decided_at is distinct from new.decided_at
      or old.papers_held is distinct from new.papers_held) execute function note_standing()`,
  `drop trigger drivers_standing on drivers`,
  `create trigger drivers_standing before update on drivers for each row
    when (old.membership is distinct from new.membership
      or old.papers_held is distinct from new.papers_held) execute function note_standing()`,
]

export const papers: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    for (const step of steps) await sql.raw(step).execute(db)
  },
}
