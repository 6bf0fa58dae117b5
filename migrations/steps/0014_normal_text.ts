/**
 * Brings text that was written before it was normalised at registration into its one form. By the
 * rule that the code has too, one account owns an e-mail address. Of several accounts with the same
 * address by this rule, the oldest owns it; the others stay and are marked. Phones that name their
 * country become E.164. A proven phone is the identity of one account. Of several accounts that had
 * proven it, the one that proved it last keeps it.
 *
 * Rejected: giving numbers without a country the country of PHONE_COUNTRY here. A migration that
 * depends on the environment makes two databases of one release differ.
 */
import { sql, type Kysely, type Migration } from 'kysely'
import { createNormalEmail, writtenEmail } from '../../protocol/accounts/emails.ts'
import { normalPhone } from '../../protocol/accounts/phones.ts'

const rowsAtOnce = 1_000

const emails = [
  createNormalEmail(),
  `alter table users add column email_twin_of uuid, add column email_named_at timestamptz`,
  `update users set email_twin_of = twins.owner from (
    select id, first_value(id) over (partition by normal_email(email) order by created_at, id) as owner from users where email <> ''
  ) twins where twins.id = users.id and twins.owner <> users.id`,
  `create unique index users_email on users (normal_email(email)) where email <> '' and email_twin_of is null`,
  `create index users_email_named on users (normal_email(email)) where email <> ''`,
  `create index users_email_twins on users (id) where email_twin_of is not null`,
]

const phones = [
  `update users set phone_verified_at = null from (
    select id, row_number() over (partition by phone order by phone_verified_at desc, id desc) as place from users where phone_verified_at is not null
  ) proven where proven.id = users.id and proven.place > 1`,
  `drop index users_phone`,
  `create index users_phone on users (phone)`,
  `create unique index users_proven_phone on users (phone) where phone_verified_at is not null`,
]

const proofs = [
  `alter table one_time_codes add column away_tries integer not null default 0, add column sent_at timestamptz, add column proof_place text`,
  `create index one_time_codes_sent on one_time_codes (sent_at) where sent_at is not null`,
  `alter table sessions add column superseded_at timestamptz`,
]

interface Written {
  id: string
  was: string
  is: string
}

/** Rewrites the values that have another form today. */
async function rewrite(
  db: Kysely<unknown>,
  table: 'users' | 'vendors' | 'drivers',
  column: 'email' | 'phone',
  form: (text: string) => string,
): Promise<void> {
  for (let last: string | null = null; ;) {
    const { rows }: { rows: Written[] } = await sql<Written>`
      select id, ${sql.ref(column)} as was from ${sql.table(table)}
      where ${last}::uuid is null or id > ${last}::uuid order by id limit ${rowsAtOnce}`.execute(db)
    if (rows.length === 0) return
    const changed = rows
      .map(row => ({ ...row, is: form(row.was) }))
      .filter(row => row.is !== row.was)
    await sql`
      update ${sql.table(table)} as written set ${sql.ref(column)} = given.form
      from unnest(${changed.map(row => row.id)}::uuid[], ${changed.map(row => row.is)}::text[]) as given(id, form)
      where written.id = given.id`.execute(db)
    last = rows.at(-1)!.id
  }
}

export const normalText: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    // The old index would refuse two addresses that become one. The twins are marked before the new
    // index is made.
    await sql.raw('drop index users_email').execute(db)
    await rewrite(db, 'users', 'email', writtenEmail)
    for (const statement of emails) await sql.raw(statement).execute(db)
    // A text that is no phone number stays as it is, for a person to look at.
    for (const table of ['users', 'vendors', 'drivers'] as const)
      await rewrite(db, table, 'phone', text => normalPhone(text, null) ?? text)
    for (const statement of [...phones, ...proofs]) await sql.raw(statement).execute(db)
  },
}
