/**
 * The part of an order that a tracking link shows; the schema of the message names only the fields
 * that older clients read.
 */
import type { TrackingStateMessage } from '../../../protocol/client/index.ts'
import type { OrderView } from '../../../protocol/orders/view.ts'

export type TrackedOrder = TrackingStateMessage['order'] &
  Pick<OrderView, 'pickup_latitude' | 'pickup_longitude' | 'driver_name'> &
  /** The times of steps; only some of them are told. */
  Partial<OrderView> & { pharmacy_name: string | null }
