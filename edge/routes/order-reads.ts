/**
 * Orders as a caller may read them. Who may see an order is part of the query and not a check after
 * it: a row that is not yours is not found, and whether it exists stays unknown.
 */
import { sql, type Expression, type ExpressionBuilder, type Kysely, type SqlBool } from 'kysely'
import type { Tables } from '../../migrations/tables.ts'
import { CaduceusError } from '../../protocol/errors.ts'
import { limits } from '../../protocol/limits.ts'
import type { OrderStatus, OrderView } from '../../protocol/rest/order.ts'
import { principalOf, type Identity } from '../accounts/identity.ts'
import { paged } from './shapes.ts'

export interface OrderFilter {
  limit?: number
  cursor?: string
  status?: OrderStatus
  kind?: OrderView['kind']
  vendor_id?: string
  driver_id?: string
}

type Orders = ExpressionBuilder<Tables, 'orders'>

/**
 * A customer's own; a pharmacy's own and the open requests it was asked about; a driver's own and the
 * one offered to it; an admin's all.
 */
function visible(eb: Orders, identity: Identity): Expression<SqlBool> {
  const { id } = principalOf(identity)
  switch (identity.role) {
    case 'admin': return eb.lit(true)
    case 'user': return eb('user_id', '=', id)
    case 'vendor': return eb.or([
      eb('vendor_id', '=', id),
      eb.and([eb('kind', '=', 'broadcast'), eb('status', '=', 'pending'), sql<SqlBool>`${id}::uuid = any(candidate_ids)`]),
    ])
    case 'driver': return eb.or([
      eb('driver_id', '=', id),
      eb.and([eb('status', '=', 'accepted'), sql<SqlBool>`view->'driver_search'->'offer'->>'driver_id' = ${id}`]),
    ])
  }
}

/** Newest first. */
export async function listOrders(db: Kysely<Tables>, identity: Identity, filter: OrderFilter): Promise<{ orders: OrderView[]; next_cursor: string | null }> {
  const limit = filter.limit ?? limits.listLimitDefault
  let query = db.selectFrom('orders').select(['id', 'view']).where(eb => visible(eb, identity))
  if (filter.status !== undefined) query = query.where('status', '=', filter.status)
  if (filter.kind !== undefined) query = query.where('kind', '=', filter.kind)
  if (filter.vendor_id !== undefined) query = query.where('vendor_id', '=', filter.vendor_id)
  if (filter.driver_id !== undefined) query = query.where('driver_id', '=', filter.driver_id)
  if (filter.cursor !== undefined) query = query.where('id', '<', filter.cursor)
  const { rows, next_cursor } = paged(await query.orderBy('id', 'desc').limit(limit + 1).execute(), limit)
  return { orders: rows.map(row => shownTo(identity, row.view)), next_cursor }
}

/** Throws `order_not_found` for an order that does not exist or is none of the caller's business. */
export async function findOrder(db: Kysely<Tables>, identity: Identity, id: string): Promise<OrderView> {
  const row = await db.selectFrom('orders').select('view').where('id', '=', id).where(eb => visible(eb, identity)).executeTakeFirst()
  if (row === undefined) throw new CaduceusError('order_not_found', 'no such order')
  return shownTo(identity, row.view)
}

/** Whether an id is an open or past broadcast; null when there is no such order. Tells nobody anything by itself. */
export async function kindOf(db: Kysely<Tables>, id: string): Promise<OrderView['kind'] | null> {
  const row = await db.selectFrom('orders').select('kind').where('id', '=', id).executeTakeFirst()
  return row?.kind ?? null
}

/**
 * What of an order its reader needs: the tracking link is the customer's and the pharmacy's to share,
 * and what one pharmacy answered is not for the others.
 */
export function shownTo(identity: Identity, view: OrderView): OrderView {
  switch (identity.role) {
    case 'admin': case 'user': return view
    case 'vendor': return { ...view, responses: view.responses.filter(r => r.vendor_id === identity.vendorId) }
    case 'driver': return { ...view, tracking_token: '', responses: [] }
  }
}
