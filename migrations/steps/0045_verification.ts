/**
 * A pharmacy may want its prescriptions verified before a parcel leaves it. An account remembers the
 * administrator who made it, gave it its role or set its e-mail, because that administrator is no
 * independent second pair of eyes. A calendar link may be of a member of the pharmacy.
 */
import { sql, type Kysely, type Migration } from 'kysely'

const steps = [
  `alter table vendors add column verify_prescriptions boolean not null default false`,
  `alter table calendar_feeds add column member_id uuid`,
  `alter table users add column sponsored_by uuid, add column sponsored_at timestamptz`,
]

export const verification: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    for (const step of steps) await sql.raw(step).execute(db)
  },
}
