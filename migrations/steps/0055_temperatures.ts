/**
 * Readings of thermometers, one row each. They are too many for the journal, which has only what they
 * come to; see decision 62. The key lets a reading that is handed in twice count once, and no reading
 * hide another one of the same moment.
 */
import { sql, type Kysely, type Migration } from 'kysely'

const steps = [
  `create table temperature_readings (
    order_id uuid not null,
    device text not null,
    at timestamptz not null,
    celsius double precision not null,
    calibrated_on date not null,
    source text not null,
    file_sha256 bytea,
    primary key (order_id, device, at, celsius)
  )`,
  // Old readings are deleted by their time.
  `create index temperature_readings_at on temperature_readings (at)`,
]

export const temperatures: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    for (const step of steps) await sql.raw(step).execute(db)
  },
}
