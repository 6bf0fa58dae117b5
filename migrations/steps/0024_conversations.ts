/**
 * Conversations: their row, their entries by number, and the texts of messages, which the journal
 * writes in the transaction of its event; and the reports of participants.
 *
 * A text is in one table only and not in the journal. Taking a message back empties its row there,
 * and its words leave the index of the search with it.
 */
import { sql, type Kysely, type Migration } from 'kysely'

const steps = [
  `create table conversations (
    id uuid primary key,
    topic text not null,
    about_kind text,
    about_id uuid,
    customer_id uuid,
    vendor_id uuid,
    driver_id uuid,
    created_at timestamptz not null,
    status text not null,
    last_number integer not null,
    last_at timestamptz not null,
    customer_read integer not null,
    vendor_read integer not null,
    driver_read integer not null,
    support_read integer not null,
    closes_at timestamptz,
    version integer not null
  )`,
  ...['customer', 'vendor', 'driver'].map(
    side =>
      `create index conversations_${side} on conversations (${side}_id, last_at desc, id desc) where ${side}_id is not null`,
  ),
  `create index conversations_newest on conversations (last_at desc, id desc)`,
  `create index conversations_about on conversations (about_id) where about_id is not null`,
  `create index conversations_closing on conversations (id) where status <> 'closed' and closes_at is null`,
  `create index conversations_closed on conversations (last_at) where status = 'closed'`,

  `create table conversation_entries (
    id uuid primary key,
    conversation_id uuid not null,
    number integer not null,
    kind text not null,
    side text,
    of_id uuid,
    reason text,
    at timestamptz not null,
    unique (conversation_id, number)
  )`,

  `create table conversation_texts (
    id uuid primary key,
    conversation_id uuid not null,
    number integer not null,
    side text not null,
    text text,
    upload_id uuid,
    taken_back_at timestamptz,
    version integer not null,
    unique (conversation_id, number)
  )`,
  `create index conversation_texts_upload on conversation_texts (upload_id) where upload_id is not null`,
  `create index conversation_texts_words on conversation_texts using gin (to_tsvector('simple', text)) where text is not null`,

  `create table conversation_reports (
    id uuid primary key,
    conversation_id uuid not null,
    entry_id uuid,
    side text not null,
    reporter_id uuid not null,
    reason text not null,
    text text,
    created_at timestamptz not null,
    decided_at timestamptz,
    decided_by uuid,
    decision text
  )`,
  `create index conversation_reports_of on conversation_reports (conversation_id)`,
  `create index conversation_reports_open on conversation_reports (conversation_id) where decided_at is null`,
]

export const conversations: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    for (const step of steps) await sql.raw(step).execute(db)
  },
}
