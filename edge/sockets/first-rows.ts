/**
 * The rows that every socket of a kind reads when it opens, gathered into one query for all sockets
 * that open meanwhile. The statements are fixed texts, prepared once for each connection. A query
 * builder compiles a statement in 80 µs, half of the whole cost of a reconnecting socket.
 */
import type { Database } from '../../migrations/database/open.ts'
import { limits } from '../../protocol/kernel/limits.ts'
import type { OrderView } from '../../protocol/orders/view.ts'
import type { DriverStatus } from '../../protocol/drivers/statuses.ts'
import { endedStatuses, underWayStatuses } from '../../protocol/orders/statuses.ts'
import { orderView, type OrderParts } from '../../protocol/orders/view-parts.ts'
import { gathered } from '../kernel/gathered.ts'
import { socketLimits } from '../kernel/limits.ts'

export interface PharmacyRow {
  id: string
  business_name: string
  latitude: number
  longitude: number
}
export interface DriverRow {
  id: string
  vendor_id: string
  full_name: string
  status: DriverStatus
  active_order_ids: string[]
}

/**
 * An order with the phone of its pharmacy, which the order's view lacks; null when the pharmacy is
 * gone.
 */
export interface CarriedOrder {
  order: OrderView
  pharmacyPhone: string | null
}

/** Readers by the id of the pharmacy, the driver (three times) and the account. */
export interface FirstRows {
  pharmacy(pharmacyId: string): Promise<PharmacyRow | undefined>
  driver(driverId: string): Promise<DriverRow | undefined>
  /** The order last offered to a driver; the offer may have ended. */
  lastOffered(driverId: string): Promise<OrderView | undefined>
  /** Orders that a driver has under way, oldest first. */
  underWay(driverId: string): Promise<CarriedOrder[] | undefined>
  /** Ids of a customer's orders that have not ended, newest first. */
  openOrderIds(userId: string): Promise<string[] | undefined>
}

const known = new WeakMap<Database, FirstRows>()

/** The readers of a database; all sockets share them. */
export function firstRows(database: Database): FirstRows {
  let rows = known.get(database)
  if (rows === undefined) known.set(database, (rows = createFirstRows(database)))
  return rows
}

function createFirstRows({ pool }: Database): FirstRows {
  /** One row for each key. */
  const one = <R extends { key: string }, V>(name: string, text: string, value: (row: R) => V) =>
    gathered<V>(async keys => {
      const { rows } = await pool.query<R>({ name, text, values: [keys] })
      return new Map(rows.map(row => [row.key, value(row)]))
    })
  /** Several rows for each key, in the order of the statement. */
  const several = <R extends { key: string }, V>(
    name: string,
    text: string,
    values: unknown[],
    value: (row: R) => V,
  ) =>
    gathered<V[]>(async keys => {
      const { rows } = await pool.query<R>({ name, text, values: [keys, ...values] })
      const found = new Map<string, V[]>()
      for (const row of rows) {
        const list = found.get(row.key)
        if (list === undefined) found.set(row.key, [value(row)])
        else list.push(value(row))
      }
      return found
    })
  return {
    pharmacy: one<PharmacyRow & { key: string }, PharmacyRow>(
      'first_vendor',
      `
      select id as key, id, business_name, latitude, longitude from vendors where id = any($1::uuid[])`,
      row => row,
    ),
    driver: one<DriverRow & { key: string }, DriverRow>(
      'first_driver',
      `
      select id as key, id, vendor_id, full_name, status, active_order_ids from drivers where id = any($1::uuid[])`,
      row => row,
    ),
    lastOffered: one<{ key: string } & OrderParts, OrderView>(
      'first_offered',
      `
      select distinct on (offered_driver_id) offered_driver_id as key, placed, progress from orders
      where offered_driver_id = any($1::uuid[]) order by offered_driver_id, created_at desc`,
      orderView,
    ),
    underWay: several<{ key: string; phone: string | null } & OrderParts, CarriedOrder>(
      'first_under_way',
      `
      select driver.id as key, under_way.placed, under_way.progress, vendors.phone from unnest($1::uuid[]) as driver(id) cross join lateral (
        select placed, progress, vendor_id from orders where driver_id = driver.id and status = any($2) order by id limit $3) as under_way
      left join vendors on vendors.id = under_way.vendor_id`,
      [underWayStatuses, limits.driverCapacityMax],
      row => ({ order: orderView(row), pharmacyPhone: row.phone }),
    ),
    openOrderIds: several<{ key: string; id: string }, string>(
      'first_open_orders',
      `
      select customer.id as key, open.id from unnest($1::uuid[]) as customer(id) cross join lateral (
        select id from orders where user_id = customer.id and status <> all($2) order by id desc limit $3) as open`,
      [endedStatuses, socketLimits.watchedOrdersMax],
      row => row.id,
    ),
  }
}
