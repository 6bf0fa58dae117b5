/**
 * Whether two accounts are two people, as far as this system can know. An administrator can make an
 * account, give it the role of an administrator, or set its e-mail and with it its password. So the
 * account may be the administrator's own second one, and for sponsorDays it is no second pair of
 * eyes beside the administrator, nor beside another account of the same administrator.
 *
 * This does not prove that two accounts are two people. It makes a fraud take sponsorDays, during
 * which the account stands in the audit trail, with its maker. Rejected: for ever, because in a small
 * house one administrator makes all accounts.
 */
import { sql, type Kysely, type RawBuilder, type SqlBool } from 'kysely'
import type { Tables } from '../../migrations/database/tables.ts'
import { CaduceusError } from '../../protocol/kernel/errors.ts'

export const sponsorDays = 30
const dayMs = 24 * 3_600_000

/** The columns of an account that an administrator makes or changes. */
export const sponsoredBy = (administratorId: string, nowMs: number) => ({
  sponsored_by: administratorId,
  sponsored_at: new Date(nowMs),
})

/**
 * SQL: one of the accounts, or one who made it, lately made the other or its maker. `first` and
 * `second` are expressions.
 */
export const dependent = (
  first: RawBuilder<unknown>,
  second: RawBuilder<unknown>,
  nowMs: number,
): RawBuilder<SqlBool> => {
  const since = new Date(nowMs - sponsorDays * dayMs)
  return sql<SqlBool>`exists (
    with recursive chain(start, id) as (
      select id, id from users where id in (${first}, ${second})
      union
      select chain.start, users.sponsored_by from chain join users on users.id = chain.id
        where users.sponsored_by is not null and users.sponsored_at > ${since}::timestamptz
    )
    select from chain a join chain b on a.id = b.id where a.start = ${first} and b.start = ${second})`
}

/** Throws `second_person_required` when the accounts depend on one administrator. */
export async function requireIndependent(
  db: Kysely<Tables>,
  first: string,
  second: string,
  nowMs: number,
): Promise<void> {
  const { rows } = await sql<{ depends: boolean }>`
    select ${dependent(sql`${first}::uuid`, sql`${second}::uuid`, nowMs)} as depends`.execute(db)
  if (rows[0]!.depends)
    throw new CaduceusError(
      'second_person_required',
      `the two accounts depend on one administrator, who made or changed one of them less than ${sponsorDays} days ago`,
    )
}
