/**
 * Erases a customer from orders that have ended: the row, the events, the snapshot, the way to the
 * door, and copies on their way to others. An order that is under way, or that an engine may still
 * hold, waits for a later pass.
 *
 * The snapshot is deleted, because an engine makes the actor anew from its events. Rejected: a
 * command to the actor. It would add an event, and the events before it would still have the name.
 */
import { sql, type Kysely, type Transaction } from 'kysely'
import type { Tables } from '../../migrations/database/tables.ts'
import { orderView, type OrderParts } from '../../protocol/orders/view-parts.ts'
import { wordsOfView } from '../../protocol/orders/visibility.ts'
import type { OrderStatus } from '../../protocol/orders/statuses.ts'
import { blanked } from './blank.ts'
import { privacyLimits } from './limits.ts'

interface OrderRow extends OrderParts {
  id: string
  version: number
  ended_as: OrderStatus | null
  created_at: Date
  updated_at: Date
}

/** The same as text; an update that changes nothing is left out. */
const differs = (a: unknown, b: unknown): boolean => JSON.stringify(a) !== JSON.stringify(b)

/** Erases in all orders of the customer and returns how many wait. */
export async function eraseOrders(
  db: Kysely<Tables>,
  accountId: string,
  nowMs: number,
): Promise<number> {
  let waiting = 0
  let last: string | null = null
  for (;;) {
    let query = db
      .selectFrom('orders')
      .select(['id', 'version', 'ended_as', 'created_at', 'updated_at', 'placed', 'progress'])
      .where('user_id', '=', accountId)
    if (last !== null) query = query.where('id', '>', last)
    const rows: OrderRow[] = await query.orderBy('id').limit(privacyLimits.erasePageRows).execute()
    const erased: OrderRow[] = []
    for (const row of rows)
      if (
        row.ended_as !== null &&
        row.updated_at.getTime() <= nowMs - privacyLimits.settleMs &&
        (await db.transaction().execute(tx => eraseOrder(tx, row)))
      )
        erased.push(row)
      else waiting++
    if (erased.length > 0) await eraseAround(db, erased)
    if (rows.length < privacyLimits.erasePageRows) return waiting
    last = rows.at(-1)!.id
  }
}

/** False for an order that an engine has not let go of, or has just changed. */
async function eraseOrder(tx: Transaction<Tables>, row: OrderRow): Promise<boolean> {
  const live = await tx
    .selectFrom('snapshots')
    .select('actor_id')
    .where('actor_id', '=', row.id)
    .where('finished', '=', false)
    .executeTakeFirst()
  if (live !== undefined) return false
  await eraseEvents(
    tx,
    sql`select actor_id, version, data from events where actor_id = ${row.id}::uuid`,
  )
  await sql`delete from snapshots where actor_id = ${row.id}::uuid`.execute(tx)
  const parts: OrderParts = { placed: blanked(row.placed), progress: blanked(row.progress) }
  if (!differs(parts, { placed: row.placed, progress: row.progress })) return true
  const { numAffectedRows } = await sql`
    update orders set placed = ${JSON.stringify(parts.placed)}::json, progress = ${JSON.stringify(parts.progress)}::json
    where id = ${row.id}::uuid and version = ${row.version}`.execute(tx)
  if (numAffectedRows === 0n) return false
  await sql`
    update order_words set words = array_to_tsvector(${wordsOfView(orderView(parts))}::text[])
    where order_id = ${row.id}::uuid`.execute(tx)
  return true
}

/** Empties the events that `events` selects, where they say something of a customer. */
export async function eraseEvents(
  db: Kysely<Tables>,
  events: ReturnType<typeof sql>,
): Promise<void> {
  const { rows } = await (
    events as ReturnType<typeof sql<{ actor_id: string; version: number; data: object }>>
  ).execute(db)
  for (const { actor_id, version, data } of rows) {
    const blank = blanked(data)
    if (differs(blank, data))
      await sql`
        update events set data = ${JSON.stringify(blank)}::json
        where actor_id = ${actor_id}::uuid and version = ${version}`.execute(db)
  }
}

/** What others keep about these orders. */
async function eraseAround(db: Kysely<Tables>, orders: readonly OrderRow[]): Promise<void> {
  const ids = orders.map(({ id }) => id)
  const [from, to] = [
    new Date(Math.min(...orders.map(order => order.created_at.getTime()))),
    new Date(Math.max(...orders.map(order => order.updated_at.getTime()))),
  ]
  // Each driver who was asked was told the place of the door. The order is found in the text,
  // because a JSON function fails on a document with half a surrogate pair anywhere in it.
  await eraseEvents(
    db,
    sql`select d.actor_id, d.version, d.data from events d
      where d.type = 'offer_held' and d.at between ${from} and ${to}
        and d.actor_id in (select substring(o.data::text from '"driver_id":"([^"]*)"')::uuid
          from events o where o.actor_id = any(${ids}::uuid[]) and o.type = 'offer_made')
        and substring(d.data::text from '"order_id":"([^"]*)"')::uuid = any(${ids}::uuid[])`,
  )
  await sql`delete from breadcrumbs where order_id = any(${ids}::uuid[])`.execute(db)
  await sql`delete from notifications where about_id = any(${ids}::uuid[])`.execute(db)
  await sql`delete from notification_deliveries where about_id = any(${ids}::uuid[])`.execute(db)
  await sql`
    with gone as (delete from webhook_deliveries where order_id = any(${ids}::uuid[]) returning id)
    delete from webhook_attempts where delivery_id in (select id from gone)`.execute(db)
  const { rows } = await sql<{ slot: number; seq: number; command_id: string; command: object }>`
    select slot, seq, command_id, command from parked_commands
    where actor_id = any(${ids}::uuid[]) or from_actor_id = any(${ids}::uuid[])`.execute(db)
  for (const { slot, seq, command_id, command } of rows)
    await sql`
      update parked_commands set command = ${JSON.stringify(blanked(command))}::json
      where slot = ${slot} and seq = ${seq} and command_id = ${command_id}`.execute(db)
}

/**
 * Empties the entries of the custody log whose time is over, with their salts. The commitments stay,
 * so every proof over the log stays true. Returns the last day of those that are kept.
 */
export async function eraseCustody(
  db: Kysely<Tables>,
  accountId: string,
  before: Date,
): Promise<Date | null> {
  await sql`
    update custody_entries set salt = null, entry = null
    where entry is not null and order_id in
      (select id from orders where user_id = ${accountId}::uuid and ended_as is not null and updated_at < ${before})`.execute(
    db,
  )
  const { rows } = await sql<{ at: Date | null }>`
    select max(o.updated_at) as at from orders o
    where o.user_id = ${accountId}::uuid and exists
      (select from custody_entries c where c.order_id = o.id and c.entry is not null)`.execute(db)
  return rows[0]!.at
}
