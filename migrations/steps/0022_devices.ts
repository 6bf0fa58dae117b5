/**
 * Devices of drivers: phones with an app that is not ours. The database keeps the hash of a
 * device's secret, so that a reader of the table cannot send in its name.
 */
import { sql, type Kysely, type Migration } from 'kysely'

const statements = [
  `create table driver_devices (
    id uuid primary key,
    driver_id uuid not null references drivers (id) on delete cascade,
    name text not null,
    secret_hash text not null unique,
    passphrase_sealed text,
    created_by uuid not null,
    created_at timestamptz not null default now(),
    ended_at timestamptz,
    last_seen_at timestamptz,
    last_protocol text,
    battery_percent smallint,
    positions_count integer not null default 0,
    simulated_count integer not null default 0,
    last_simulated_at timestamptz
  )`,
  `create index driver_devices_by_driver on driver_devices (driver_id, id)`,
]

export const devices: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    for (const statement of statements) await sql.raw(statement).execute(db)
  },
}
