/** The tables of services and appointments as Kysely sees them. */
import type { JSONColumnType } from 'kysely'
import type { AppointmentStatus } from '../../protocol/appointments/statuses.ts'
import type { Terms } from '../../protocol/appointments/terms.ts'
import type { AppointmentView } from '../../protocol/appointments/view.ts'
import type { NullableText, NullableTime, ReadOnly, Time } from './columns.ts'

export interface MainServicesTable {
  id: string
  vendor_id: string
  name: string
  description: NullableText
  icon: NullableText
  created_at: Time
  updated_at: Time
}

/** The part of the terms that the pharmacy sets; the rest is in columns. */
export type ServiceSettings = Omit<
  Terms,
  'revision' | 'active' | 'name' | 'price_minor' | 'currency' | 'closures'
>

export interface ServicesTable {
  id: string
  vendor_id: string
  main_service_id: NullableText
  name: string
  description: NullableText
  icon: NullableText
  price_minor: number | null
  currency: string
  /** Written as JSON text. */
  settings: JSONColumnType<ServiceSettings, string, string>
  is_active: boolean
  /** Number of changes of the terms, also of those by closures of the pharmacy. */
  revision: number
  created_at: Time
  updated_at: Time
}

/** Local times in the zone of each service. */
export interface VendorClosuresTable {
  id: string
  vendor_id: string
  from_local: string
  to_local: string
  reason: NullableText
  created_at: Time
}

export interface AppointmentsTable {
  id: ReadOnly<string>
  service_id: ReadOnly<string>
  vendor_id: ReadOnly<string>
  /** Equal to `id` for a person without an account. */
  user_id: ReadOnly<string>
  created_at: ReadOnly<Date>
  status: ReadOnly<AppointmentStatus>
  start_at: ReadOnly<Date | null>
  end_at: ReadOnly<Date | null>
  updated_at: ReadOnly<Date>
  ended_at: ReadOnly<Date | null>
  record: ReadOnly<AppointmentView>
  /** Version of the calendar with the last change of this appointment. */
  version: ReadOnly<number>
}

export interface CalendarFeedsTable {
  id: string
  /** The account that made the link. */
  account_id: string
  kind: 'user' | 'vendor' | 'service' | 'member'
  /** The account, the pharmacy or the service; of a member the pharmacy. */
  subject_id: string
  /** The services that a member attends; null for the other kinds. */
  service_ids: string[] | null
  /** The member; null for a member of the staff who is only a name. */
  member_id: NullableText
  name: string
  secret_hash: string
  created_at: Time
  ended_at: NullableTime
  read_at: NullableTime
}
