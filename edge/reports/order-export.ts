/**
 * The orders of a pharmacy as rows of an export, read page by page, oldest first. Each page is a
 * query that begins after the last order of the page before.
 *
 * Rejected: a database cursor. It holds a connection and a snapshot for as long as the slowest
 * client reads, and there are few connections.
 */
import { sql, type Kysely } from 'kysely'
import type { Tables } from '../../migrations/database/tables.ts'
import { reportLimits } from './limits.ts'
import type { OrderView } from '../../protocol/orders/view.ts'
import type { OrderStatus } from '../../protocol/orders/statuses.ts'
import { orderView, type OrderParts } from '../../protocol/orders/view-parts.ts'
import { localTime, type DateRange } from './calendar.ts'
import type { Column } from './csv.ts'
import { ordersAround, receivedAt, type ReportPharmacy } from './daily.ts'

export interface ExportFilter {
  range: DateRange | null
  status?: OrderStatus
}

/** Orders that came to the pharmacy in the range; the same orders as in `orders_received`. */
export async function* exportedOrders(
  db: Kysely<Tables>,
  pharmacy: ReportPharmacy,
  { range, status }: ExportFilter,
): AsyncGenerator<OrderView[]> {
  let last: { created_at: Date; id: string } | null = null
  for (;;) {
    let query = db
      .selectFrom('orders')
      .select(['id', 'created_at', 'placed', 'progress'])
      .where('vendor_id', '=', pharmacy.id)
    if (range !== null)
      query = query.where(
        sql<boolean>`${ordersAround(pharmacy, range)} and (${receivedAt} at time zone ${pharmacy.timeZone}::text)::date between ${range.from}::date and ${range.to}::date`,
      )
    if (status !== undefined) query = query.where('status', '=', status)
    if (last !== null)
      query = query.where(
        sql<boolean>`(created_at, id) > (${last.created_at}::timestamptz, ${last.id}::uuid)`,
      )
    const rows: ({ id: string; created_at: Date } & OrderParts)[] = await query
      .orderBy('created_at')
      .orderBy('id')
      .limit(reportLimits.exportPageRows)
      .execute()
    if (rows.length > 0) yield rows.map(orderView)
    if (rows.length < reportLimits.exportPageRows) return
    last = rows.at(-1)!
  }
}

/** The columns of an order, with times as local time of the pharmacy. */
export function orderColumns(timeZone: string): Column<OrderView>[] {
  const plain = (...names: (keyof OrderView)[]): Column<OrderView>[] =>
    names.map(name => ({ heading: name, of: order => order[name] as string | number | null }))
  const times = (...names: (keyof OrderView)[]): Column<OrderView>[] =>
    names.map(name => ({
      heading: name,
      of: order => localTime(order[name] as string | null, timeZone),
    }))
  return [
    ...plain('order_number', 'id', 'kind', 'status'),
    ...times(
      'created_at',
      'accepted_at',
      'driver_assigned_at',
      'picked_up_at',
      'delivered_at',
      'ended_at',
    ),
    ...plain('customer_name', 'customer_phone', 'delivery_address'),
    {
      heading: 'items',
      of: order => order.items.map(item => `${item.quantity} x ${item.name}`).join('; '),
    },
    ...plain(
      'quantity',
      'notes',
      'driver_name',
      'estimated_distance_km',
      'actual_distance_km',
      'delivery_fee',
      'currency',
      'reason',
    ),
  ]
}
