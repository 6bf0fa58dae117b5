/**
 * The devices of persons that a push service can wake. A device belongs to the sign-in that
 * registered it, and hears nothing once that has ended.
 */
import { sql, type Kysely, type Migration } from 'kysely'

const steps = [
  `create table push_devices (
    id uuid primary key,
    account_id uuid not null references users (id) on delete cascade,
    family_id uuid,
    kind text not null,
    endpoint text not null,
    p256dh text,
    auth text,
    locale text,
    app text,
    created_at timestamptz not null,
    registered_at timestamptz not null,
    last_ok_at timestamptz,
    failures integer not null default 0,
    last_failure text,
    last_failure_at timestamptz,
    unique (kind, endpoint)
  )`,
  `create index push_devices_account on push_devices (account_id, id)`,
]

export const pushDevices: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    for (const step of steps) await sql.raw(step).execute(db)
  },
}
