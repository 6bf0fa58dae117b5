/** The tables of notifications as Kysely sees them. */
import type { JSONColumnType } from 'kysely'
import type { NullableText, NullableTime, Time } from './columns.ts'

export interface NotificationsTable {
  /** Newer notifications of an account have greater ids. */
  id: string
  account_id: string
  /** `<slot>.<seq>` of the event. */
  event_id: string
  kind: string
  about_kind: string
  about_id: string
  /** Values for the placeholders of the text. Written as JSON text. */
  data: JSONColumnType<Record<string, string>, string, string>
  /** Time of the event. */
  at: Time
  read_at: NullableTime
}

/** An account has a row for each kind that it has ever turned off. */
export interface NotificationPreferencesTable {
  account_id: string
  kind: string
  channel: string
  wanted: boolean
}

/** The last event of each slot that was told. */
export interface NotificationPositionsTable {
  slot: number
  seq: number
}

/** A mail or an SMS about a notification: due, sent or given up. */
export interface NotificationLettersTable {
  account_id: string
  /** `<slot>.<seq>` of the event. */
  event_id: string
  kind: string
  about_id: string
  /** Not before; it moves on while it is quiet at the person's place. */
  due_at: Time
  /** The beginning of the appointment, as the event knew it. */
  start_at: Time
  channel: NullableText
  outcome: NullableText
  ended_at: NullableTime
}
