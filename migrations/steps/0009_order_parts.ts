/**
 * Stores an order's view in two parts (protocol/orders/view-parts.ts), so that a step writes a
 * third of the view. No index names a status that is not an order's last, so most steps touch no
 * index at all. `engine/adr/0021-what-a-step-writes.md` has the numbers.
 *
 * This code reads and writes the rows, because SQL cannot split them: each JSON function of the
 * database fails on a whole document if it contains U+0000 or half of a surrogate pair.
 *
 * Engines of an earlier release write the column that is dropped here, and the database then
 * refuses their appends. Stop them first.
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
  // A pharmacy reads its open orders all day, and has a hundred thousand ended ones.
  `create index orders_vendor_open on orders (vendor_id, created_at desc, id desc) where vendor_id is not null and ended_as is null`,
  `create index orders_vendor_ended on orders (vendor_id, ended_as, created_at desc, id desc) where vendor_id is not null and ended_as is not null`,
  `create index orders_open on orders (created_at desc, id desc) where ended_as is null`,
  `create index orders_ended on orders (ended_as, created_at desc, id desc) where ended_as is not null`,
  `create index orders_open_broadcasts on orders (created_at desc, id desc) where kind = 'broadcast' and vendor_id is null and ended_as is null`,
]

/** The fields at the time of this release. Later changes of the view do not change this list. */
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
