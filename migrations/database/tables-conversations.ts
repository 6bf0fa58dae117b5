/** The tables of conversations as Kysely sees them. The journal writes the first three. */
import type {
  ConversationStatus,
  EntryKind,
  Reason,
  Side,
  Topic,
} from '../../protocol/conversations/parts.ts'
import type { NullableText, NullableTime, ReadOnly, Time } from './columns.ts'

export interface ConversationsTable {
  id: ReadOnly<string>
  topic: ReadOnly<Topic>
  about_kind: ReadOnly<string | null>
  about_id: ReadOnly<string | null>
  customer_id: ReadOnly<string | null>
  vendor_id: ReadOnly<string | null>
  driver_id: ReadOnly<string | null>
  created_at: ReadOnly<Date>
  status: ReadOnly<ConversationStatus>
  last_number: ReadOnly<number>
  last_at: ReadOnly<Date>
  customer_read: ReadOnly<number>
  vendor_read: ReadOnly<number>
  driver_read: ReadOnly<number>
  support_read: ReadOnly<number>
  closes_at: ReadOnly<Date | null>
  version: ReadOnly<number>
}

export interface ConversationEntriesTable {
  id: ReadOnly<string>
  conversation_id: ReadOnly<string>
  number: ReadOnly<number>
  kind: ReadOnly<EntryKind>
  side: ReadOnly<Side | null>
  of_id: ReadOnly<string | null>
  reason: ReadOnly<Reason | null>
  at: ReadOnly<Date>
}

export interface ConversationTextsTable {
  id: ReadOnly<string>
  conversation_id: ReadOnly<string>
  number: ReadOnly<number>
  side: ReadOnly<Side>
  /** Null for a message without words, for one that was taken back, and for a sealed one. */
  text: NullableText
  /** The text as an envelope of the conversation's key. */
  sealed: NullableText
  /** Keyed hashes of the words of a sealed text, with spaces between. */
  marks: NullableText
  upload_id: ReadOnly<string | null>
  taken_back_at: ReadOnly<Date | null>
  version: ReadOnly<number>
}

export interface ConversationReportsTable {
  id: string
  conversation_id: string
  /** The reported message; null for the whole conversation. */
  entry_id: string | null
  side: Side
  reporter_id: string
  reason: string
  text: NullableText
  /** The text as an envelope of the reporter's key. */
  sealed: NullableText
  created_at: Time
  decided_at: NullableTime
  decided_by: NullableText
  decision: NullableText
}

/** How many conversations of the same sides about the same subject are over. Never deleted. */
export interface ConversationGenerationsTable {
  /** Follows from the sides and the subject. */
  id: string
  generation: number
}
