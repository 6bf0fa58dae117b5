/**
 * The tables of a conversation: its row, its entries, and the texts of its messages. A text is in
 * the third table only, so taking a message back removes its words everywhere. An edge with a key sends
 * the text sealed too, and then only that is stored.
 */
import type { ConversationCommand } from './commands.ts'
import type { Table } from '../journal/table.ts'
import type { OpenedConversation, StateEntry } from './state.ts'

export interface ConversationRow {
  conversation: OpenedConversation
  version: number
  /** The entry that this version made; null when it made none. */
  entry: StateEntry | null
  /** The command of this version; it has the words of a message. */
  command: ConversationCommand | null
}

const conversations: Table<ConversationRow> = {
  name: 'conversations',
  columns: [
    { name: 'id', type: 'uuid', isFixed: true, of: row => row.conversation.conversationId },
    { name: 'topic', type: 'text', isFixed: true, of: row => row.conversation.topic },
    {
      name: 'about_kind',
      type: 'text',
      isFixed: true,
      of: row => row.conversation.about?.kind ?? null,
    },
    {
      name: 'about_id',
      type: 'uuid',
      isFixed: true,
      of: row => row.conversation.about?.id ?? null,
    },
    {
      name: 'customer_id',
      type: 'uuid',
      isFixed: true,
      of: row => row.conversation.sides.customer ?? null,
    },
    {
      name: 'vendor_id',
      type: 'uuid',
      isFixed: true,
      of: row => row.conversation.sides.vendor ?? null,
    },
    {
      name: 'driver_id',
      type: 'uuid',
      isFixed: true,
      of: row => row.conversation.sides.driver ?? null,
    },
    {
      name: 'created_at',
      type: 'timestamptz',
      isFixed: true,
      of: row => row.conversation.createdAtMs,
    },
    { name: 'status', type: 'text', of: row => row.conversation.status },
    { name: 'last_number', type: 'int4', of: row => row.conversation.lastNumber },
    {
      name: 'last_at',
      type: 'timestamptz',
      of: ({ conversation }) => conversation.last?.atMs ?? conversation.createdAtMs,
    },
    { name: 'customer_read', type: 'int4', of: row => row.conversation.read.customer ?? 0 },
    { name: 'vendor_read', type: 'int4', of: row => row.conversation.read.vendor ?? 0 },
    { name: 'driver_read', type: 'int4', of: row => row.conversation.read.driver ?? 0 },
    { name: 'support_read', type: 'int4', of: row => row.conversation.read.support ?? 0 },
    { name: 'closes_at', type: 'timestamptz', of: row => row.conversation.closesAtMs },
    { name: 'version', type: 'int4', of: row => row.version },
  ],
}

const entries: Table<ConversationRow> = {
  name: 'conversation_entries',
  actorColumn: 'conversation_id',
  columns: [
    { name: 'id', type: 'uuid', isFixed: true, of: row => row.entry!.id },
    {
      name: 'conversation_id',
      type: 'uuid',
      isFixed: true,
      of: row => row.conversation.conversationId,
    },
    { name: 'number', type: 'int4', isFixed: true, of: row => row.entry!.number },
    { name: 'kind', type: 'text', isFixed: true, of: row => row.entry!.kind },
    { name: 'side', type: 'text', isFixed: true, of: row => row.entry!.side },
    { name: 'of_id', type: 'uuid', isFixed: true, of: row => row.entry!.of?.id ?? null },
    { name: 'reason', type: 'text', isFixed: true, of: row => row.entry!.reason },
    { name: 'at', type: 'timestamptz', isFixed: true, of: row => row.entry!.atMs },
  ],
  takes: row => row.entry !== null,
}

/** The message of which this version writes or removes the text. */
const messageOf = ({ entry }: ConversationRow) =>
  entry === null ? null : (entry.of ?? (isMessage(entry) ? entry : null))
const isMessage = ({ kind }: StateEntry): boolean =>
  kind === 'text' || kind === 'document' || kind === 'audio'
/** A text that came sealed is stored sealed only. */
const plainText = (data: ReturnType<typeof sent>): string | null =>
  data === null || data.sealed !== undefined ? null : data.text
const sent = ({ command }: ConversationRow) => (command?.verb === 'send' ? command.data : null)

const texts: Table<ConversationRow> = {
  name: 'conversation_texts',
  actorColumn: 'conversation_id',
  columns: [
    { name: 'id', type: 'uuid', isFixed: true, of: row => messageOf(row)!.id },
    {
      name: 'conversation_id',
      type: 'uuid',
      isFixed: true,
      of: row => row.conversation.conversationId,
    },
    { name: 'number', type: 'int4', isFixed: true, of: row => messageOf(row)!.number },
    { name: 'side', type: 'text', isFixed: true, of: row => messageOf(row)!.side },
    { name: 'text', type: 'text', fromCommand: true, of: row => plainText(sent(row)) },
    { name: 'sealed', type: 'text', fromCommand: true, of: row => sent(row)?.sealed?.text ?? null },
    { name: 'marks', type: 'text', fromCommand: true, of: row => sent(row)?.sealed?.marks ?? null },
    {
      name: 'upload_id',
      type: 'uuid',
      fromCommand: true,
      of: row => sent(row)?.upload_id ?? null,
    },
    {
      name: 'taken_back_at',
      type: 'timestamptz',
      of: ({ entry }) => (entry!.of === null ? null : entry!.atMs),
    },
    { name: 'version', type: 'int4', of: row => row.version },
  ],
  takes: row => messageOf(row) !== null,
}

export const conversationTables = [conversations, entries, texts] as const
