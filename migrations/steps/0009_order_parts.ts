/**
 * An order's view in two parts (protocol/orders/view-parts.ts), so that a step writes a third of
 * the view; and no index that names a status which is not an order's last, so that most steps touch
 * no
 * index at all. `engine/adr/0021-what-a-step-writes.md` has the numbers.
 *
 * Rows are read and written here and not split in SQL: each JSON function of the database fails on
 * a whole
 * document if anybody wrote U+0000 or half a surrogate pair anywhere in it.
 *
 * Engines of an earlier release write the column that goes: the database refuses their appends, so
 * they
 * are to be stopped first.
 */
import { sql, type Kysely, type Migration } from 'kysely'

const before = [
  `alter table orders add column placed json`,
  `alter table orders add column progress json`,
  `alter table orders add column ended_as text`,
  `alter table orders alter column placed set storage external`,
  `alter table orders alter column progress set storage external`,
]

const after = [
  `update orders set ended_as = status where status in ('delivered', 'cancelled', 'rejected', 'expired', 'returned')`,
  `alter table orders alter column progress set not null`,
  `alter table orders drop column view`,
  `drop index orders_vendor_status`,
  `drop index orders_status`,
  `drop index orders_open_broadcasts`,
  // A pharmacy looks at its open orders all day, and has a hundred thousand that are over.
  `create index orders_vendor_open on orders (vendor_id, created_at desc, id desc) where vendor_id is not null and ended_as is null`,
  `create index orders_vendor_ended on orders (vendor_id, ended_as, created_at desc, id desc) where vendor_id is not null and ended_as is not null`,
  `create index orders_open on orders (created_at desc, id desc) where ended_as is null`,
  `create index orders_ended on orders (ended_as, created_at desc, id desc) where ended_as is not null`,
  `create index orders_open_broadcasts on orders (created_at desc, id desc) where kind = 'broadcast' and vendor_id is null and ended_as is null`,
]

/** As of this release; what changes later changes nothing here. */
const placedFields: ReadonlySet<string> = new Set([
  'id',
  'kind',
  'order_number',
  'user_id',
  'delivery_address',
  'delivery_latitude',
  'delivery_longitude',
  'customer_name',
  'customer_phone',
  'items',
  'quantity',
  'notes',
  'prescription_url',
  'radius_km',
  'pharmacies_notified',
  'expires_at',
  'created_at',
])
const rowsAtOnce = 1_000

async function splitViews(db: Kysely<unknown>): Promise<void> {
  for (let last: string | null = null; ;) {
    const { rows }: { rows: { id: string; view: object }[] } = await sql<{
      id: string
      view: object
    }>`
      select id, view from orders where ${last}::uuid is null or id > ${last}::uuid order by id limit ${rowsAtOnce}`.execute(
      db,
    )
    if (rows.length === 0) return
    const part = (view: object, fixed: boolean): string =>
      JSON.stringify(
        Object.fromEntries(
          Object.entries(view).filter(
            ([field, value]) => value !== null && placedFields.has(field) === fixed,
          ),
        ),
      )
    await sql`
      update orders set placed = parts.placed, progress = parts.progress
      from unnest(${rows.map(row => row.id)}::uuid[], ${rows.map(row => part(row.view, true))}::json[], ${rows.map(row => part(row.view, false))}::json[]) as parts(id, placed, progress)
      where orders.id = parts.id`.execute(db)
    last = rows.at(-1)!.id
  }
}

export const orderParts: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    for (const statement of before) await sql.raw(statement).execute(db)
    await splitViews(db)
    for (const statement of after) await sql.raw(statement).execute(db)
  },
}
