/** The rows that sockets read: the state a client is given first. Everything after it comes as pushes. */
import type { Database } from '../../migrations/open.ts'
import { limits } from '../../protocol/limits.ts'
import type { OrderStatus, OrderView } from '../../protocol/rest/order.ts'

/** No position of these is worth following any more. */
export const endedStatuses: readonly OrderStatus[] = ['delivered', 'cancelled', 'rejected', 'expired', 'returned']
const underWay: OrderStatus[] = ['driver_assigned', 'picked_up', 'out_for_delivery', 'failed', 'returning']

export async function vendorRow(database: Database, vendorId: string) {
  return database.kysely.selectFrom('vendors').select(['id', 'business_name', 'latitude', 'longitude'])
    .where('id', '=', vendorId).executeTakeFirst()
}

export async function driverRow(database: Database, driverId: string) {
  return database.kysely.selectFrom('drivers').select(['id', 'vendor_id', 'full_name', 'status', 'active_order_ids'])
    .where('id', '=', driverId).executeTakeFirst()
}

/** A pharmacy's active drivers, newest first. */
export async function fleetRows(database: Database, vendorId: string) {
  return database.kysely.selectFrom('drivers')
    .select(['id', 'full_name', 'phone', 'vehicle_type', 'status', 'active_order_ids'])
    .where('vendor_id', '=', vendorId).where('is_active', '=', true)
    .orderBy('id', 'desc').limit(limits.fleetDriversMax).execute()
}

/** Orders that a driver has under way, oldest first. */
export async function ordersUnderWay(database: Database, driverId: string): Promise<OrderView[]> {
  const rows = await database.kysely.selectFrom('orders').select('view')
    .where('driver_id', '=', driverId).where('status', 'in', underWay)
    .orderBy('id').limit(limits.driverCapacityMax).execute()
  return rows.map(row => row.view)
}

/** The order whose open offer a driver holds, as far as the read model knows. */
export async function orderOffered(database: Database, driverId: string, nowMs: number): Promise<OrderView | null> {
  const row = await database.kysely.selectFrom('orders').select('view')
    .where('offered_driver_id', '=', driverId)
    .orderBy('created_at', 'desc').limit(1).executeTakeFirst()
  const offer = row?.view.driver_search.offer
  return row !== undefined && offer && Date.parse(offer.expires_at) > nowMs ? row.view : null
}

/** Ids of a customer's orders that are not over, newest first. */
export async function openOrderIds(database: Database, userId: string): Promise<string[]> {
  const rows = await database.kysely.selectFrom('orders').select('id')
    .where('user_id', '=', userId).where('status', 'not in', [...endedStatuses])
    .orderBy('id', 'desc').limit(limits.watchedOrdersPerSocketMax).execute()
  return rows.map(row => row.id)
}

/** How requests stand that terminals here still show as open. */
export async function requestStates(database: Database, requestIds: readonly string[]) {
  return database.kysely.selectFrom('orders').select(['id', 'status', 'vendor_id'])
    .where('id', 'in', [...requestIds]).where('status', '!=', 'pending').execute()
}
