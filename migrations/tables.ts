/**
 * The tables as Kysely sees them, in the column types that `open.ts` promises. Columns that only the
 * journal writes are read-only here, so that an edge query that writes them does not compile.
 */
import type { ColumnType, Generated, JSONColumnType } from 'kysely'
import type { DriverStatus } from '../protocol/rest/driver.ts'
import type { OrderStatus, OrderView } from '../protocol/rest/order.ts'

/** Written by the database or the journal alone. */
type ReadOnly<T> = ColumnType<T, never, never>
/** Set by the database unless given. */
type DefaultNow = ColumnType<Date, Date | string | undefined, Date | string>
type Time = ColumnType<Date, Date | string, Date | string>
type NullableTime = ColumnType<Date | null, Date | string | null | undefined, Date | string | null>

export type AccountRole = 'user' | 'vendor' | 'driver' | 'admin'
export type DispatchPolicy = 'manual' | 'offer'

export interface UsersTable {
  id: string
  /** Unique without regard to case: look it up by `lower(email)`. */
  email: string
  full_name: string
  phone: string
  role: AccountRole
  password_hash: string
  is_active: Generated<boolean>
  created_at: DefaultNow
  updated_at: DefaultNow
}

/** One refresh token of a family; a family is one sign-in. */
export interface SessionsTable {
  id: string
  user_id: string
  family_id: string
  token_hash: string
  user_agent: string | null
  expires_at: Time
  used_at: NullableTime
  revoked_at: NullableTime
  created_at: DefaultNow
}

export interface WsTicketsTable { hash: string; user_id: string; expires_at: Time; used_at: NullableTime }

export interface VendorsTable {
  id: string
  user_id: string
  business_name: string
  email: string
  phone: string
  address: string | null
  latitude: number
  longitude: number
  proof_required: Generated<boolean>
  dispatch_policy: Generated<DispatchPolicy>
  is_active: Generated<boolean>
  created_at: DefaultNow
  /** By trigger, on every write, from the database's clock. */
  updated_at: ReadOnly<Date>
}

export interface DriversTable {
  id: string
  /** Null for a driver registered by command, without an account. */
  user_id: string | null
  vendor_id: string
  full_name: string
  email: string | null
  phone: string
  vehicle_type: string
  vehicle_number: string | null
  license_number: string | null
  is_active: Generated<boolean>
  created_at: DefaultNow
  updated_at: DefaultNow
  status: ReadOnly<DriverStatus>
  capacity: ReadOnly<number>
  active_order_ids: ReadOnly<string[]>
  total_deliveries: ReadOnly<number>
  total_earnings_minor: ReadOnly<number>
  version: ReadOnly<number>
}

export interface OrdersTable {
  id: ReadOnly<string>
  kind: ReadOnly<OrderView['kind']>
  order_number: ReadOnly<string>
  tracking_token: ReadOnly<string>
  status: ReadOnly<OrderStatus>
  user_id: ReadOnly<string>
  vendor_id: ReadOnly<string | null>
  driver_id: ReadOnly<string | null>
  /** Pharmacies asked by a broadcast; null for an order to one pharmacy. */
  candidate_ids: ReadOnly<string[] | null>
  expires_at: ReadOnly<Date | null>
  created_at: ReadOnly<Date>
  updated_at: ReadOnly<Date>
  accepted_at: ReadOnly<Date | null>
  delivered_at: ReadOnly<Date | null>
  delivery_fee_minor: ReadOnly<number | null>
  actual_distance_km: ReadOnly<number | null>
  version: ReadOnly<number>
  view: ReadOnly<OrderView>
}

export interface EventsTable {
  actor_id: ReadOnly<string>
  version: ReadOnly<number>
  slot: ReadOnly<number>
  seq: ReadOnly<number>
  kind: ReadOnly<'order' | 'driver'>
  at: ReadOnly<Date>
  type: ReadOnly<string>
  v: ReadOnly<number>
  command_id: ReadOnly<string | null>
  data: ReadOnly<unknown>
}

export interface SnapshotsTable {
  actor_id: ReadOnly<string>
  slot: ReadOnly<number>
  kind: ReadOnly<'order' | 'driver'>
  version: ReadOnly<number>
  finished: ReadOnly<boolean>
  bytes: ReadOnly<Buffer>
}

export interface SlotsTable {
  slot: ReadOnly<number>
  owner: ReadOnly<string | null>
  epoch: ReadOnly<number>
  lease_until: ReadOnly<Date>
  cursor_seq: ReadOnly<number>
  snapshot_seq: ReadOnly<number>
}
export interface EnginesTable { id: ReadOnly<string>; lease_until: ReadOnly<Date> }

export interface PositionsTable {
  driver_id: ReadOnly<string>
  latitude: ReadOnly<number>
  longitude: ReadOnly<number>
  heading_deg: ReadOnly<number | null>
  speed_mps: ReadOnly<number | null>
  at: ReadOnly<Date>
}
export interface BreadcrumbsTable {
  order_id: ReadOnly<string>
  at: ReadOnly<Date>
  driver_id: ReadOnly<string>
  latitude: ReadOnly<number>
  longitude: ReadOnly<number>
}

export interface IdempotencyKeysTable {
  account_id: string
  key: string
  route: string
  request_hash: string
  command_id: string
  target_id: string | null
  status: number | null
  /** Written as JSON text. */
  response: JSONColumnType<object, string, string> | null
  created_at: DefaultNow
}

export interface UploadsTable {
  id: string
  owner_id: string
  kind: string
  content_type: string
  bytes_count: number
  path: string
  created_at: DefaultNow
}

export interface Tables {
  users: UsersTable
  sessions: SessionsTable
  ws_tickets: WsTicketsTable
  vendors: VendorsTable
  drivers: DriversTable
  orders: OrdersTable
  events: EventsTable
  snapshots: SnapshotsTable
  slots: SlotsTable
  engines: EnginesTable
  positions: PositionsTable
  breadcrumbs: BreadcrumbsTable
  idempotency_keys: IdempotencyKeysTable
  uploads: UploadsTable
}
