/**
 * The outbox of the requests to the processor of cards. The id of a row is the key by which the
 * processor does a request once.
 */
import { sql, type Kysely, type Migration } from 'kysely'

const steps = [
  `create table payment_requests (
    id uuid primary key,
    kind text not null,
    order_id uuid,
    amount bigint,
    about text,
    attempts integer not null,
    due_at timestamptz not null,
    answer text,
    asked_at timestamptz not null,
    ended_at timestamptz
  ) with (fillfactor = 70)`,
  `create index payment_requests_due on payment_requests (due_at) where ended_at is null`,
  `create index payment_requests_ended on payment_requests (ended_at) where ended_at is not null`,
]

export const paymentRequests: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    for (const step of steps) await sql.raw(step).execute(db)
  },
}
