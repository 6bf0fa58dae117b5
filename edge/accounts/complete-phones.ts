/**
 * Completes phone numbers that were stored without a country. At the start of an edge they get the
 * country of PHONE_COUNTRY, as if they were written today. It is not a migration, because the
 * variable may be set at any later time.
 */
import { sql } from 'kysely'
import { normalPhone } from '../../protocol/accounts/phones.ts'
import type { KernelConfig } from '../kernel/config.ts'
import type { Kernel, WithConfig } from '../kernel/kernel.ts'

const rowsAtOnce = 500

/**
 * Does nothing when no country is set. A proven number stays unchanged when another account has
 * proven its complete form.
 */
export async function completePhones({
  config,
  database,
}: Pick<Kernel, 'database'> & WithConfig<KernelConfig>): Promise<void> {
  if (config.phoneCountry === null) return
  for (let last: string | null = null; ;) {
    let query = database.kysely
      .selectFrom('users')
      .select(['id', 'phone'])
      .where('phone', '!=', '')
      .where(sql<boolean>`not starts_with(phone, '+')`)
    if (last !== null) query = query.where('id', '>', last)
    const rows = await query.orderBy('id').limit(rowsAtOnce).execute()
    if (rows.length === 0) return
    for (const { id, phone } of rows) {
      const complete = normalPhone(phone, config.phoneCountry)
      if (complete === null || complete === phone) continue
      await database.kysely
        .updateTable('users')
        .set({ phone: complete })
        .where('id', '=', id)
        .where('phone', '=', phone)
        .where(eb =>
          eb.or([
            eb('phone_verified_at', 'is', null),
            eb.not(
              eb.exists(
                eb
                  .selectFrom('users as other')
                  .select('other.id')
                  .where('other.phone', '=', complete)
                  .where('other.phone_verified_at', 'is not', null),
              ),
            ),
          ]),
        )
        .execute()
    }
    last = rows.at(-1)!.id
  }
}
