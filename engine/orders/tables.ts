/** The tables that keep the row of an order: `orders`, and `order_words` for searches. */
import type { CandidateFact } from '../../protocol/dispatch/facts.ts'
import { searchWords } from '../../protocol/kernel/search-words.ts'
import type { ListColumn, Table } from '../journal/table.ts'
import type { OrderRow } from './row.ts'

/**
 * `candidates` comes only with the first event of a request: the pharmacies that may see it while
 * it is open.
 */
export interface OrderWrite {
  order: OrderRow
  candidates?: readonly CandidateFact[]
}

const candidateIds: ListColumn<OrderWrite, CandidateFact> = {
  name: 'candidate_ids',
  type: 'uuid',
  of: ({ candidates }) => candidates ?? null,
  item: candidate => candidate.vendor_id,
}

const orders: Table<OrderWrite> = {
  name: 'orders',
  columns: [
    { name: 'id', type: 'uuid', isFixed: true, of: ({ order }) => order.id },
    { name: 'kind', type: 'text', isFixed: true, of: ({ order }) => order.kind },
    { name: 'order_number', type: 'text', isFixed: true, of: ({ order }) => order.orderNumber },
    { name: 'user_id', type: 'uuid', isFixed: true, of: ({ order }) => order.customerId },
    {
      name: 'created_at',
      type: 'timestamptz',
      isFixed: true,
      of: ({ order }) => order.createdAtMs,
    },
    { name: 'currency', type: 'text', isFixed: true, of: ({ order }) => order.currency },
    { name: 'placed', type: 'json', isFixed: true, of: ({ order }) => order.placed },
    { name: 'tracking_token', type: 'text', of: ({ order }) => order.trackingToken },
    { name: 'status', type: 'text', of: ({ order }) => order.status },
    { name: 'ended_as', type: 'text', of: ({ order }) => (order.ended ? order.status : null) },
    { name: 'vendor_id', type: 'uuid', of: ({ order }) => order.pharmacyId },
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
  ],
  lists: [candidateIds],
}

const orderWords: Table<OrderWrite> = {
  name: 'order_words',
  columns: [
    { name: 'order_id', type: 'uuid', isFixed: true, of: ({ order }) => order.id },
    {
      name: 'words',
      type: 'text',
      isFixed: true,
      sql: "array_to_tsvector(string_to_array(words, ' '))",
      of: ({ order }) => wordsOf(order).join(' '),
    },
  ],
  takes: ({ order }) => order.placed !== null,
}

export const orderTables = [orders, orderWords] as const

/** The words by which a new order can be found. None of them changes. */
const wordsOf = ({ orderNumber, placed }: Pick<OrderRow, 'orderNumber' | 'placed'>): string[] =>
  searchWords(
    [
      orderNumber,
      placed?.customer_name ?? '',
      ...(placed?.items ?? []).map(item => item.name),
    ].join(' '),
  )
