/** The tables of notifications as Kysely sees them. */
import type { Generated, JSONColumnType } from 'kysely'
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

/** An account has a row for each kind and channel about which it has ever said something. */
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

/** What a news waits for, or what became of it. */
export type DeliveryState =
  | 'waiting'
  | 'sent'
  /** A socket or the inbox has shown it. */
  | 'seen'
  /** A newer one about the same record says more. */
  | 'replaced'
  | 'expired'
  /** The service refused it, or the device is gone. */
  | 'refused'
  | 'given_up'
  /** The account, the address or the wish does not allow it any more. */
  | 'unreachable'

/** One way of one news to one person. */
export interface NotificationDeliveriesTable {
  id: Generated<string>
  /** The same for all ways of a news to a person; newer ones are greater. */
  news_id: string
  /** Null where the inbox does not have it. */
  notification_id: NullableText
  account_id: string
  channel: string
  /** For the channel `push`. */
  device_id: NullableText
  event_id: string
  kind: string
  about_kind: string
  about_id: string
  data: JSONColumnType<Record<string, string>, string, string>
  at: Time
  expires_at: Time
  /** It is not sent before; while an edge sends it, the time when another edge may. */
  due_at: Time
  attempts: Generated<number>
  state: Generated<DeliveryState>
  answer: NullableText
  ended_at: NullableTime
}

/** How a person wants to be told; no row: nothing was said. */
export interface NotificationSettingsTable {
  account_id: string
  language: NullableText
  time_zone: NullableText
  /** Local times such as 22:00; both or none. */
  quiet_from: NullableText
  quiet_to: NullableText
  digest: Generated<'none' | 'daily'>
}

/** News that no event of an actor tells, until they are in the inbox. */
export interface AccountNewsTable {
  id: string
  /** Null: every administrator. */
  account_id: NullableText
  kind: string
  /** Null: the account itself. */
  about_kind: NullableText
  about_id: NullableText
  at: Time
}
