/**
 * What an append writes, table by table: each column with its type and where its value comes from. The
 * statement's text, its parameters and the simulator's reading of them are made from these lists, so
 * that they cannot disagree. Times are in ms.
 */
import { searchWords } from '../../protocol/search-words.ts'
import type { DriverView } from '../../protocol/rest/driver.ts'
import type { ArrayType } from './arrays.ts'
import type { OrderRow } from '../order/row.ts'
import type { AppendRequest } from './journal.ts'

export interface Column<Row, Type extends ArrayType = ArrayType> {
  name: string
  type: Type
  of(row: Row): unknown
}

/** The `index`-th event of an append; `seq` is its number in the slot. */
export interface EventToWrite {
  request: AppendRequest
  index: number
  seq: number
}
/** Its candidates lie among those of all, counted from 1 and with both ends; from 0 for an order that has none to write. */
export interface OrderToWrite {
  order: OrderRow
  candidatesFrom: number
  candidatesTo: number
}

export const eventColumns: readonly Column<EventToWrite>[] = [
  { name: 'actor_id', type: 'uuid', of: one => one.request.actorId },
  { name: 'version', type: 'int4', of: one => one.request.fromVersion + 1 + one.index },
  { name: 'slot', type: 'int2', of: one => one.request.slot },
  { name: 'seq', type: 'int8', of: one => one.seq },
  { name: 'kind', type: 'text', of: one => one.request.kind },
  { name: 'at', type: 'timestamptz', of: one => one.request.atMs },
  { name: 'type', type: 'text', of: one => one.request.events[one.index]!.type },
  { name: 'command_id', type: 'text', of: one => one.request.commandId },
  { name: 'acted_by', type: 'json', of: one => one.request.by },
  { name: 'data', type: 'json', of: one => one.request.events[one.index]!.data },
]

/** Written with an order's first event, and left as they are by all later ones. */
export const fixedOrderColumns: readonly Column<OrderToWrite>[] = [
  { name: 'id', type: 'uuid', of: ({ order }) => order.id },
  { name: 'kind', type: 'text', of: ({ order }) => order.kind },
  { name: 'order_number', type: 'text', of: ({ order }) => order.orderNumber },
  { name: 'user_id', type: 'uuid', of: ({ order }) => order.customerId },
  { name: 'created_at', type: 'timestamptz', of: ({ order }) => order.createdAtMs },
  { name: 'placed', type: 'json', of: ({ order }) => order.placed },
]
export const candidateColumns: readonly Column<OrderToWrite>[] = [
  { name: 'candidates_from', type: 'int4', of: one => one.candidatesFrom },
  { name: 'candidates_to', type: 'int4', of: one => one.candidatesTo },
]
export const changingOrderColumns: readonly Column<OrderToWrite>[] = [
  { name: 'tracking_token', type: 'text', of: ({ order }) => order.trackingToken },
  { name: 'status', type: 'text', of: ({ order }) => order.status },
  { name: 'ended_as', type: 'text', of: ({ order }) => (order.ended ? order.status : null) },
  { name: 'vendor_id', type: 'uuid', of: ({ order }) => order.vendorId },
  { name: 'driver_id', type: 'uuid', of: ({ order }) => order.driverId },
  { name: 'offered_driver_id', type: 'uuid', of: ({ order }) => order.offeredDriverId },
  { name: 'expires_at', type: 'timestamptz', of: ({ order }) => order.expiresAtMs },
  { name: 'updated_at', type: 'timestamptz', of: ({ order }) => order.updatedAtMs },
  { name: 'accepted_at', type: 'timestamptz', of: ({ order }) => order.acceptedAtMs },
  { name: 'delivered_at', type: 'timestamptz', of: ({ order }) => order.deliveredAtMs },
  { name: 'delivery_fee_minor', type: 'int8', of: ({ order }) => order.feeMinor },
  { name: 'actual_distance_km', type: 'float8', of: ({ order }) => order.actualDistanceKm },
  { name: 'version', type: 'int4', of: ({ order }) => order.version },
  { name: 'progress', type: 'json', of: ({ order }) => order.progress },
]
export const orderColumns = [...fixedOrderColumns, ...candidateColumns, ...changingOrderColumns]

/** The profile of a driver is the edge's, once there is one: only a driver's first event writes it. */
export const fixedDriverColumns: readonly Column<DriverView>[] = [
  { name: 'id', type: 'uuid', of: view => view.id },
  { name: 'vendor_id', type: 'uuid', of: view => view.vendor_id },
  { name: 'full_name', type: 'text', of: view => view.full_name },
  { name: 'phone', type: 'text', of: view => view.phone },
  { name: 'vehicle_type', type: 'text', of: view => view.vehicle_type },
]
export const changingDriverColumns: readonly Column<DriverView>[] = [
  { name: 'status', type: 'text', of: view => view.status },
  { name: 'membership', type: 'text', of: view => view.membership },
  { name: 'capacity', type: 'int4', of: view => view.capacity },
  // An array of arrays would have to be rectangular.
  { name: 'active_order_ids', type: 'text', of: view => `{${view.active_order_ids.join(',')}}` },
  { name: 'total_deliveries', type: 'int4', of: view => view.total_deliveries },
  { name: 'total_earnings_minor', type: 'int8', of: view => Math.round(view.total_earnings * 100) },
  { name: 'version', type: 'int4', of: view => view.version },
]
export const driverColumns = [...fixedDriverColumns, ...changingDriverColumns]

export const wordColumns: readonly Column<OrderRow>[] = [
  { name: 'order_id', type: 'uuid', of: order => order.id },
  { name: 'words', type: 'text', of: order => wordsOf(order).join(' ') },
]

/** What an order that is written for the first time can be found by. None of it changes. */
export const wordsOf = ({
  orderNumber,
  placed,
}: Pick<OrderRow, 'orderNumber' | 'placed'>): string[] =>
  searchWords(
    [
      orderNumber,
      placed?.customer_name ?? '',
      ...(placed?.items ?? []).map(item => item.name),
    ].join(' '),
  )
