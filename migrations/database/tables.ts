/**
 * The tables as Kysely sees them, in the column types that `open.ts` promises. Columns that only
 * the journal writes are read-only here, so an edge query that writes them does not compile.
 */
import type { DispatchPolicy } from '../../protocol/drivers/policies.ts'
import type { PharmacyStatus } from '../../protocol/pharmacies/statuses.ts'
import type { ColumnType, Generated, JSONColumnType } from 'kysely'
import type { Principal } from '../../protocol/kernel/principal.ts'
import type { DriverStatus, Membership } from '../../protocol/drivers/statuses.ts'
import type { OpeningHours } from '../../protocol/pharmacies/opening-hours.ts'
import type { OrderStatus } from '../../protocol/orders/statuses.ts'
import type { OrderView } from '../../protocol/orders/view.ts'
import type { OrderPlaced, OrderProgress } from '../../protocol/orders/view-parts.ts'
import type { Tariff } from '../../protocol/pricing/tariff.ts'
import type { JobRunsTable, JobsTable } from './tables-jobs.ts'
import type {
  ConversationEntriesTable,
  ConversationGenerationsTable,
  ConversationReportsTable,
  ConversationsTable,
  ConversationTextsTable,
} from './tables-conversations.ts'
import type {
  AppointmentsTable,
  CalendarFeedsTable,
  MainServicesTable,
  ServicesTable,
  VendorClosuresTable,
} from './tables-appointments.ts'
import type { CustodyTables } from './tables-custody.ts'
import type { InsightLettersTable, WeeklyInsightsTable } from './tables-insights.ts'
import type { KeysTables } from './tables-keys.ts'
import type { LedgerTables } from './tables-ledger.ts'
import type { PaymentTables } from './tables-payments.ts'
import type { FactTables } from './tables-facts.ts'
import type {
  AccountNewsTable,
  NotificationDeliveriesTable,
  NotificationPositionsTable,
  NotificationPreferencesTable,
  NotificationSettingsTable,
  NotificationsTable,
} from './tables-notifications.ts'
import type { ErasuresTable } from './tables-privacy.ts'
import type { PushDevicesTable } from './tables-push.ts'
import type { MembersTable } from './tables-members.ts'
import type { DocumentsTable, RequirementsTable } from './tables-papers.ts'
import type { ConfigurationTables } from './tables-configuration.ts'
import type { RatingFiguresTable, RatingsTable } from './tables-ratings.ts'
import type { ResumableUploadsTable, UploadPartsTable, UploadsTable } from './tables-uploads.ts'
import type {
  ApiKeysTable,
  OneTimeCodesTable,
  SessionsTable,
  UsersTable,
  WsTicketsTable,
} from './tables-accounts.ts'
import type { DefaultNow, NullableText, NullableTime, ReadOnly, Time } from './columns.ts'

export type { UploadsTable } from './tables-uploads.ts'
export type { UsersTable, CodePurpose, ApiKeysTable } from './tables-accounts.ts'

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
  /** No parcel with a prescription leaves before a pharmacist has verified it. */
  verify_prescriptions: Generated<boolean>
  dispatch_policy: Generated<DispatchPolicy>
  time_zone: Generated<string>
  /** Null: never closed. Written as JSON text. */
  opening_hours: ColumnType<OpeningHours | null, string | null | undefined, string | null>
  /** Null: the default tariff. Written as JSON text. */
  tariff: ColumnType<Tariff | null, string | null | undefined, string | null>
  custody_additions: import('./tables-custody.ts').CustodyAdditionsColumn
  description: string | null
  website: string | null
  /** Minutes from acceptance within which a delivery is on time. */
  delivery_promise_minutes: Generated<number>
  /** Number of edits, by trigger. */
  revision: ReadOnly<number>
  status: PharmacyStatus
  /** The pharmacy has closed itself, for as long as it wants. */
  paused: Generated<boolean>
  /** Two letters of the country whose requirements count; null: not known. */
  country: NullableText
  /** A copy for engines of what follows from the papers; see `edge/papers/effects.ts`. */
  papers_held: Generated<boolean>
  /** Set by the database: `active`, not paused and not held. */
  is_active: ReadOnly<boolean>
  /** Reason of the last decision, where one was given. */
  decision_reason: string | null
  decided_by: string | null
  decided_at: NullableTime
  /**
   * Address, or its network, that registered the pharmacy. The number of waiting registrations from
   * one address is bounded.
   */
  registered_from: string | null
  /** Place at the time of the decision; the distance of a move is measured from there. */
  decided_latitude: number | null
  decided_longitude: number | null
  /** Place that the pharmacy asks to move to; nulls when it does not. */
  moving_to_latitude: number | null
  moving_to_longitude: number | null
  moving_to_address: string | null
  move_asked_at: NullableTime
  /** Time when the last decision was written, by trigger. */
  standing_at: ReadOnly<Date>
  created_at: DefaultNow
  /** Time of the last write, by trigger and the database's clock. */
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
  /** Number of edits of the profile, by trigger; the journal's writes do not count. */
  revision: ReadOnly<number>
  /** Given at registration; afterwards only the journal writes it. */
  membership: ColumnType<Membership, Membership, never>
  /** A copy for other edges of what follows from the papers; see `edge/papers/effects.ts`. */
  papers_held: Generated<boolean>
  /** Set by the database: the driver belongs to the pharmacy. */
  is_active: ReadOnly<boolean>
  /**
   * Address, or its network, that registered the driver. The number of waiting registrations from
   * one address is bounded.
   */
  registered_from: string | null
  /** Time when the membership last changed, by trigger. */
  standing_at: ReadOnly<Date>
  created_at: DefaultNow
  updated_at: DefaultNow
  status: ReadOnly<DriverStatus>
  capacity: ReadOnly<number>
  active_order_ids: ReadOnly<string[]>
  total_deliveries: ReadOnly<number>
  total_earnings_minor: ReadOnly<number>
  currency: ReadOnly<string>
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
  /** Driver whose answer an offer of this order waits for. */
  offered_driver_id: ReadOnly<string | null>
  /** Pharmacies that a request asks; null for an order to one pharmacy. */
  candidate_ids: ReadOnly<string[] | null>
  expires_at: ReadOnly<Date | null>
  created_at: ReadOnly<Date>
  updated_at: ReadOnly<Date>
  accepted_at: ReadOnly<Date | null>
  delivered_at: ReadOnly<Date | null>
  delivery_fee_minor: ReadOnly<number | null>
  currency: ReadOnly<string>
  actual_distance_km: ReadOnly<number | null>
  version: ReadOnly<number>
  /** Final status; null before the order is over. */
  ended_as: ReadOnly<OrderStatus | null>
  /** The data from placement, and the progress: see protocol/orders/view-parts.ts. */
  placed: ReadOnly<OrderPlaced | null>
  progress: ReadOnly<OrderProgress>
}

/** The words by which an order can be found; see protocol/kernel/search-words.ts. */
export interface OrderWordsTable {
  order_id: ReadOnly<string>
  words: ReadOnly<string>
}

/** A pharmacy's invitation to drivers. The code itself is shown once and stored nowhere. */
export interface DriverInvitationsTable {
  id: string
  vendor_id: string
  code_hash: string
  note: string | null
  uses_max: number
  uses: Generated<number>
  created_by: string
  created_at: Time
  expires_at: Time
  revoked_at: NullableTime
}

/** The table has one row, written with the database's clock. */
export interface ApplicantLettersTable {
  one: Generated<boolean>
  written_at: ReadOnly<Date>
}

/** A promised fee, which is honoured until it expires. */
export interface QuotesTable {
  id: string
  account_id: string
  /** Null: for no particular pharmacy. */
  vendor_id: string | null
  pickup_latitude: number
  pickup_longitude: number
  delivery_latitude: number
  delivery_longitude: number
  distance_km: number
  duration_minutes: number
  fee_minor: number
  currency: string
  expires_at: Time
  created_at: DefaultNow
}

export interface EventsTable {
  actor_id: ReadOnly<string>
  version: ReadOnly<number>
  slot: ReadOnly<number>
  seq: ReadOnly<number>
  kind: ReadOnly<string>
  at: ReadOnly<Date>
  type: ReadOnly<string>
  v: ReadOnly<number>
  command_id: ReadOnly<string | null>
  acted_by: ReadOnly<Principal | null>
  data: ReadOnly<unknown>
}

export interface SnapshotsTable {
  actor_id: ReadOnly<string>
  slot: ReadOnly<number>
  kind: ReadOnly<string>
  version: ReadOnly<number>
  finished: ReadOnly<boolean>
  bytes: ReadOnly<Buffer>
}

export interface SlotsTable {
  slot: ReadOnly<number>
  owner: ReadOnly<string | null>
  epoch: ReadOnly<number>
  lease_until: ReadOnly<Date>
}
/** Progress of a slot: the published events, and the events that snapshots cover. */
export interface SlotProgressTable {
  slot: ReadOnly<number>
  cursor_seq: ReadOnly<number>
  snapshot_seq: ReadOnly<number>
}
export interface EnginesTable {
  id: ReadOnly<string>
  lease_until: ReadOnly<Date>
}

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

/** A phone whose app is not ours. Only an edge writes it. */
export interface DriverDevicesTable {
  id: string
  driver_id: string
  name: string
  /** SHA-256 of the part of the device's path that cannot be guessed. */
  secret_hash: string
  /** Sealed; null for a device that sends in plain text. */
  passphrase_sealed: string | null
  created_by: string
  created_at: DefaultNow
  ended_at: NullableTime
  last_seen_at: NullableTime
  last_protocol: NullableText
  battery_percent: number | null
  positions_count: Generated<number>
  simulated_count: Generated<number>
  last_simulated_at: NullableTime
}

export interface IntegrationsTable {
  id: string
  vendor_id: string
  kind: 'woocommerce'
  /** The part of the delivery URL that cannot be guessed. */
  delivery_key: string
  secret_sealed: string
  created_at: DefaultNow
}

/**
 * One order of a shop; `draft` only while it waits, because the order itself holds it afterwards.
 */
export interface ImportsTable {
  id: string
  vendor_id: string
  scope_id: string
  external_id: string
  external_modified: string
  order_id: string
  status: 'pending' | 'imported' | 'dismissed'
  reason: string | null
  /** Written as JSON text. */
  draft: JSONColumnType<object, string, string> | null
  created_at: DefaultNow
  updated_at: DefaultNow
}

export interface WebhookSubscriptionsTable {
  id: string
  owner_id: string
  /** Pharmacy whose orders are sent; null for all. */
  vendor_id: string | null
  url: string
  /** Public event names; empty for all. */
  events: string[]
  description: string | null
  secret_sealed: string
  is_active: Generated<boolean>
  disabled_at: NullableTime
  disabled_reason: string | null
  failures_in_a_row: Generated<number>
  failing_since: NullableTime
  paused_until: NullableTime
  /** Time when it was created or taken up again; earlier events are not sent to it. */
  hears_from: Time
  created_at: DefaultNow
  updated_at: DefaultNow
}

export type DeliveryState = 'queued' | 'waiting' | 'delivered' | 'given_up'
export interface WebhookDeliveriesTable {
  id: string
  subscription_id: string
  event_id: string
  event_type: string
  order_id: string
  order_seq: number
  body: string
  state: DeliveryState
  attempts: Generated<number>
  next_attempt_at: Time
  replay_of: string | null
  created_at: Time
  ended_at: NullableTime
}
export interface WebhookAttemptsTable {
  delivery_id: string
  attempt: number
  at: Time
  took_ms: number
  http_status: number | null
  error: string | null
  response: string | null
}
export interface WebhookPositionsTable {
  slot: number
  seq: number
}
export interface WebhookLeaseTable {
  name: string
  owner: string
  epoch: number
  lease_until: Time
}

/** Rows are only added, by the audit trail's own statement. */
export interface AuditLogTable {
  id: ReadOnly<string>
  at: ReadOnly<Date>
  actor_role: ReadOnly<string>
  actor_id: ReadOnly<string | null>
  operation: ReadOnly<string>
  target_kind: ReadOnly<string | null>
  target_id: ReadOnly<string | null>
  address: ReadOnly<string>
  user_agent: ReadOnly<string | null>
  status: ReadOnly<number>
  code: ReadOnly<string | null>
  request_id: ReadOnly<string>
}

export interface ParkedCommandsTable {
  slot: ReadOnly<number>
  seq: ReadOnly<number>
  command_id: ReadOnly<string>
  from_actor_id: ReadOnly<string>
  kind: ReadOnly<string>
  actor_id: ReadOnly<string>
  command: ReadOnly<unknown>
  detail: ReadOnly<string>
  tries: ReadOnly<number>
  parked_at: ReadOnly<Date>
}

export interface Tables
  extends CustodyTables, FactTables, KeysTables, LedgerTables, PaymentTables, ConfigurationTables {
  audit_log: AuditLogTable
  users: UsersTable
  sessions: SessionsTable
  ws_tickets: WsTicketsTable
  one_time_codes: OneTimeCodesTable
  api_keys: ApiKeysTable
  vendors: VendorsTable
  members: MembersTable
  drivers: DriversTable
  driver_invitations: DriverInvitationsTable
  applicant_letters: ApplicantLettersTable
  orders: OrdersTable
  order_words: OrderWordsTable
  quotes: QuotesTable
  conversations: ConversationsTable
  conversation_entries: ConversationEntriesTable
  conversation_texts: ConversationTextsTable
  conversation_reports: ConversationReportsTable
  conversation_generations: ConversationGenerationsTable
  erasures: ErasuresTable
  ratings: RatingsTable
  rating_figures: RatingFiguresTable
  documents: DocumentsTable
  requirements: RequirementsTable
  jobs: JobsTable
  job_runs: JobRunsTable
  weekly_insights: WeeklyInsightsTable
  insight_letters: InsightLettersTable
  events: EventsTable
  snapshots: SnapshotsTable
  slots: SlotsTable
  slot_progress: SlotProgressTable
  engines: EnginesTable
  parked_commands: ParkedCommandsTable
  positions: PositionsTable
  breadcrumbs: BreadcrumbsTable
  idempotency_keys: IdempotencyKeysTable
  uploads: UploadsTable
  resumable_uploads: ResumableUploadsTable
  upload_parts: UploadPartsTable
  driver_devices: DriverDevicesTable
  integrations: IntegrationsTable
  imports: ImportsTable
  webhook_subscriptions: WebhookSubscriptionsTable
  webhook_deliveries: WebhookDeliveriesTable
  webhook_attempts: WebhookAttemptsTable
  webhook_positions: WebhookPositionsTable
  notifications: NotificationsTable
  notification_preferences: NotificationPreferencesTable
  notification_positions: NotificationPositionsTable
  notification_deliveries: NotificationDeliveriesTable
  notification_settings: NotificationSettingsTable
  account_news: AccountNewsTable
  push_devices: PushDevicesTable
  webhook_lease: WebhookLeaseTable
  main_services: MainServicesTable
  services: ServicesTable
  vendor_closures: VendorClosuresTable
  appointments: AppointmentsTable
  calendar_feeds: CalendarFeedsTable
}
