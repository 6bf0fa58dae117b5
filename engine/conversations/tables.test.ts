/** The rows of a conversation, column by column. */
import t from 'tap'
import type { Table } from '../journal/table.ts'
import {
  command,
  conversation,
  conversationId,
  customer,
  driver,
  id,
  message,
  pharmacy,
} from './fixtures.ts'
import { conversationTables, type ConversationRow } from './tables.ts'
import type { MessageKind } from '../../protocol/conversations/parts.ts'

const [conversations, entries, texts] = conversationTables
const valuesOf = ({ columns }: Table<ConversationRow>, row: ConversationRow) =>
  Object.fromEntries(columns.map(({ name, of }) => [name, of(row)]))
const takes = ({ takes: does }: Table<ConversationRow>, row: ConversationRow) => does?.(row) ?? true
const row = (given: Partial<ConversationRow> = {}): ConversationRow => ({
  conversation: conversation(),
  version: 6,
  entry: message,
  command: command(customer, 'send', {
    entry_id: message.id,
    kind: 'text',
    text: 'hello',
    upload_id: null,
  }),
  ...given,
})
const back = {
  ...message,
  id: id(21),
  kind: 'taken_back' as const,
  reason: 'by_sender' as const,
  of: { id: id(20), number: 2, side: 'vendor' as const, kind: 'text' as const },
}

t.test('the row of a conversation', async t => {
  t.strictSame(
    valuesOf(
      conversations,
      row({
        conversation: conversation({
          status: 'frozen',
          sides: { customer: customer.id, vendor: pharmacy.id, driver: driver.id },
          read: { customer: 1, vendor: 2, driver: 3, support: 4 },
          closesAtMs: 9_000,
        }),
      }),
    ),
    {
      id: conversationId,
      topic: 'pharmacy',
      about_kind: 'order',
      about_id: id(8),
      customer_id: customer.id,
      vendor_id: pharmacy.id,
      driver_id: driver.id,
      created_at: 1_000,
      status: 'frozen',
      last_number: 3,
      last_at: 5_000,
      customer_read: 1,
      vendor_read: 2,
      driver_read: 3,
      support_read: 4,
      closes_at: 9_000,
      version: 6,
    },
  )
  t.ok(takes(conversations, row({ entry: null })))
})

t.test('a conversation about nothing, with no entry, and that nobody has read', async t => {
  const bare = conversation({ about: null, sides: {}, lastNumber: 0, last: null, read: {} })
  t.strictSame(valuesOf(conversations, row({ conversation: bare, version: 1, entry: null })), {
    id: conversationId,
    topic: 'pharmacy',
    about_kind: null,
    about_id: null,
    customer_id: null,
    vendor_id: null,
    driver_id: null,
    created_at: 1_000,
    status: 'open',
    last_number: 0,
    last_at: 1_000,
    customer_read: 0,
    vendor_read: 0,
    driver_read: 0,
    support_read: 0,
    closes_at: null,
    version: 1,
  })
})

t.test('an entry has a row, and a version without an entry has none', async t => {
  t.strictSame(valuesOf(entries, row()), {
    id: message.id,
    conversation_id: conversationId,
    number: 3,
    kind: 'text',
    side: 'customer',
    of_id: null,
    reason: null,
    at: 5_000,
  })
  t.match(valuesOf(entries, row({ entry: back })), {
    id: id(21),
    kind: 'taken_back',
    of_id: id(20),
    reason: 'by_sender',
  })
  t.strictSame(
    [row(), row({ entry: null })].map(one => takes(entries, one)),
    [true, false],
  )
})

t.test('a message writes its text, and what takes it back removes the text', async t => {
  t.strictSame(valuesOf(texts, row()), {
    id: message.id,
    conversation_id: conversationId,
    number: 3,
    side: 'customer',
    text: 'hello',
    sealed: null,
    marks: null,
    upload_id: null,
    taken_back_at: null,
    version: 6,
  })
  const data = { entry_id: back.id, reason: 'abuse' as const, of: back.of }
  t.strictSame(
    valuesOf(
      texts,
      row({ entry: back, version: 7, command: command(pharmacy, 'take_back', data) }),
    ),
    {
      id: id(20),
      conversation_id: conversationId,
      number: 2,
      side: 'vendor',
      text: null,
      sealed: null,
      marks: null,
      upload_id: null,
      taken_back_at: 5_000,
      version: 7,
    },
  )
  const upload = { entry_id: message.id, kind: 'audio' as const, text: null, upload_id: id(30) }
  t.match(
    valuesOf(
      texts,
      row({ entry: { ...message, kind: 'audio' }, command: command(customer, 'send', upload) }),
    ),
    { text: null, upload_id: id(30) },
  )
  t.match(
    valuesOf(texts, row({ command: null })),
    { text: null, upload_id: null },
    'from the journal',
  )
  const sealed = {
    entry_id: message.id,
    kind: 'text' as const,
    text: 'hello',
    upload_id: null,
    sealed: { text: 'c1.x.y', marks: 'a b' },
  }
  t.match(
    valuesOf(texts, row({ command: command(customer, 'send', sealed) })),
    { text: null, sealed: 'c1.x.y', marks: 'a b' },
    'a sealed text is stored sealed only',
  )
})

t.test('only messages, and what takes them back, touch the texts', async t => {
  for (const kind of ['text', 'document', 'audio'] satisfies MessageKind[])
    t.equal(takes(texts, row({ entry: { ...message, kind } })), true, kind)
  for (const kind of ['frozen', 'thawed', 'support_read', 'closed'] as const)
    t.equal(takes(texts, row({ entry: { ...message, kind } })), false, kind)
  t.equal(takes(texts, row({ entry: back })), true)
  t.equal(takes(texts, row({ entry: null })), false)
})

t.test(
  'the columns that no later version changes, and the ones that only a command has',
  async t => {
    const fixed = ({ columns }: Table<ConversationRow>) =>
      columns.filter(({ isFixed }) => isFixed === true).map(({ name }) => name)
    t.strictSame(conversationTables.map(fixed), [
      [
        'id',
        'topic',
        'about_kind',
        'about_id',
        'customer_id',
        'vendor_id',
        'driver_id',
        'created_at',
      ],
      ['id', 'conversation_id', 'number', 'kind', 'side', 'of_id', 'reason', 'at'],
      ['id', 'conversation_id', 'number', 'side'],
    ])
    t.strictSame(
      conversationTables.map(({ columns }) =>
        columns.filter(({ fromCommand }) => fromCommand === true).map(({ name }) => name),
      ),
      [[], [], ['text', 'sealed', 'marks', 'upload_id']],
    )
  },
)
