/**
 * The currency of an order's fee, of a driver's earnings and of a quote, beside the amount in minor
 * units. Older amounts are in US dollars, because the code knew no other currency.
 */
import { sql, type Kysely, type Migration } from 'kysely'

const statements = ['orders', 'drivers', 'quotes'].map(
  table => `alter table ${table} add column currency text not null default 'USD'`,
)

export const currency: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    for (const statement of statements) await sql.raw(statement).execute(db)
  },
}
