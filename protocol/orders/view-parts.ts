/**
 * An order's view in two parts, as the read model stores it: what was said when it was placed, written
 * once, and how far it has come, written at each step. An order takes some ten steps, and the first part
 * is most of its bytes.
 *
 * Both have the fields of the view. What the view shows as nothing is left out of either.
 */
import type { OrderView } from './view.ts'
import { firstCurrency } from '../pricing/money.ts'

/** Never changes. */
export const placedFields = [
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
  'currency',
  'radius_km',
  'pharmacies_notified',
  'expires_at',
  'created_at',
] as const satisfies (keyof OrderView)[]
type PlacedField = (typeof placedFields)[number]

export type OrderPlaced = Partial<Pick<OrderView, PlacedField>>
/** With what every step has. */
export type OrderProgress = Partial<Omit<OrderView, PlacedField>> &
  Pick<OrderView, 'status' | 'tracking_token' | 'updated_at' | 'version'>

/** `placed` is null only in a row that somebody wrote by hand. */
export interface OrderParts {
  placed: OrderPlaced | null
  progress: OrderProgress
}

/** A view that says nothing, in the order in which a view is shown. */
export const emptyView: Omit<OrderView, 'status'> & { status: null } = {
  id: '',
  kind: 'direct',
  order_number: '',
  tracking_token: '',
  status: null,
  user_id: '',
  vendor_id: null,
  vendor_name: null,
  driver_id: null,
  driver_name: null,
  driver_phone: null,
  assignment_id: null,
  pickup_address: null,
  pickup_latitude: null,
  pickup_longitude: null,
  delivery_address: null,
  delivery_latitude: 0,
  delivery_longitude: 0,
  customer_name: '',
  customer_phone: '',
  items: [],
  quantity: null,
  notes: null,
  prescription_url: null,
  radius_km: null,
  pharmacies_notified: null,
  expires_at: null,
  responses: [],
  driver_search: { state: 'idle', offers_made: 0, offer: null },
  estimated_distance_km: null,
  actual_distance_km: null,
  delivery_fee: null,
  /** Shown of orders that were stored without theirs. */
  currency: firstCurrency,
  proof_photo_url: null,
  signature_url: null,
  delivery_flag: null,
  reason: null,
  created_at: '',
  updated_at: '',
  accepted_at: null,
  driver_assigned_at: null,
  arrived_at_pickup_at: null,
  picked_up_at: null,
  out_for_delivery_at: null,
  arrived_at_dropoff_at: null,
  delivered_at: null,
  ended_at: null,
  version: 0,
}

/** The view whose parts these are. */
export const orderView = ({ placed, progress }: OrderParts): OrderView => ({
  ...emptyView,
  ...placed,
  ...progress,
})
