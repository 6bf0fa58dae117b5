/**
 * An order's view in two parts, as the read model stores it: the facts from when it was placed,
 * written once, and its progress, written at each step. An order takes about ten steps, and the
 * first part has most of its bytes.
 *
 * Both parts use the fields of the view. Each leaves out the fields that have their empty value.
 */
import { givenNames, noneGiven } from './fields.ts'
import type { OrderView } from './view.ts'
import { firstCurrency } from '../pricing/money.ts'

/** Fields that never change. */
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
  ...givenNames,
  'currency',
  'radius_km',
  'pharmacies_notified',
  'expires_at',
  'created_at',
] as const satisfies (keyof OrderView)[]
type PlacedField = (typeof placedFields)[number]

export type OrderPlaced = Partial<Pick<OrderView, PlacedField>>
/** The progress, with the fields that every step has. */
export type OrderProgress = Partial<Omit<OrderView, PlacedField>> &
  Pick<OrderView, 'status' | 'tracking_token' | 'updated_at' | 'version'>

/** `placed` is null only in a row that a person wrote by hand. */
export interface OrderParts {
  placed: OrderPlaced | null
  progress: OrderProgress
}

/** The empty value of every field, in the order in which a view shows them. */
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
  ...noneGiven,
  radius_km: null,
  pharmacies_notified: null,
  expires_at: null,
  responses: [],
  driver_search: { state: 'idle', offers_made: 0, offer: null },
  estimated_distance_km: null,
  actual_distance_km: null,
  delivery_fee: null,
  /** The currency of orders that were stored without one. */
  currency: firstCurrency,
  proof_photo_url: null,
  signature_url: null,
  delivery_flag: null,
  reason: null,
  custody: null,
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

/** Builds the view from its parts. */
export const orderView = ({ placed, progress }: OrderParts): OrderView => ({
  ...emptyView,
  ...placed,
  ...progress,
})
