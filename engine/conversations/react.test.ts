/** The pushes of a conversation, with the words of a command and without them. */
import t from 'tap'
import type { ConversationEvent } from '../../protocol/dispatch/conversation-events.ts'
import {
  admin,
  command,
  conversation,
  conversationId,
  customer,
  driver,
  id,
  pharmacy,
} from './fixtures.ts'
import { react } from './react.ts'
import { absentConversation } from './state.ts'

const numbered = { number: 4, entry_id: id(40) }
const at = '1970-01-01T00:00:08.000Z'
/** An entry that has neither words nor a file. */
const entry = {
  number: 4,
  id: id(40),
  kind: 'text',
  side: 'support',
  text: null,
  upload_id: null,
  url: null,
  taken_back: false,
  of: null,
  reason: null,
  at,
}
const topics = [`customer:${customer.id}`, `vendor:${pharmacy.id}`]
const push = (message: object, to = topics) => [
  { do: 'push', push: { kind: 'topics', topics: to, message } },
]
const told = (given: object) =>
  push({
    type: 'conversation_entry',
    conversation_id: conversationId,
    entry: { ...entry, ...given },
  })
const sent: ConversationEvent = {
  type: 'message_sent',
  data: { ...numbered, side: 'vendor', kind: 'text' },
}
const send = (kind: 'text' | 'document', text: string | null, upload_id: string | null) =>
  command(pharmacy, 'send', { entry_id: id(40), kind, text, upload_id })

t.test('a message is told with its words while its command is at hand', async t => {
  t.strictSame(
    react(sent, conversation(), 8_000, send('text', 'hello', null)),
    told({ side: 'vendor', text: 'hello' }),
  )
})

t.test('a document is told with its file', async t => {
  const document: ConversationEvent = {
    type: 'message_sent',
    data: { ...numbered, side: 'vendor', kind: 'document' },
  }
  t.strictSame(
    react(document, conversation(), 8_000, send('document', null, id(30))),
    told({
      side: 'vendor',
      kind: 'document',
      upload_id: id(30),
      url: `/api/uploads/file/${id(30)}`,
    }),
  )
})

t.test('after a crash the sockets hear that there is more to read, and no empty text', async t => {
  t.strictSame(
    react(sent, conversation(), 8_000, null),
    push({ type: 'conversation_changed', conversation_id: conversationId, last_number: 4 }),
  )
})

const of = { id: id(20), number: 3, side: 'customer', kind: 'text' } as const
const entries: [ConversationEvent, object][] = [
  [
    { type: 'message_taken_back', data: { ...numbered, side: 'customer', reason: 'abuse', of } },
    { kind: 'taken_back', side: 'customer', reason: 'abuse', of: id(20) },
  ],
  [
    { type: 'conversation_frozen', data: { ...numbered, reason: 'abuse' } },
    { kind: 'frozen', reason: 'abuse' },
  ],
  [{ type: 'conversation_thawed', data: numbered }, { kind: 'thawed' }],
  [
    { type: 'support_read', data: { ...numbered, reason: 'report' } },
    { kind: 'support_read', reason: 'report' },
  ],
  [
    { type: 'conversation_closed', data: { ...numbered, side: null, reason: 'subject_ended' } },
    { kind: 'closed', side: null, reason: 'subject_ended' },
  ],
]
for (const [event, should] of entries)
  t.test(`${event.type} is told as an entry, which has no words`, async t => {
    const freeze = command(admin, 'freeze', { entry_id: id(40), reason: 'abuse' })
    for (const one of [freeze, null])
      t.strictSame(react(event, conversation(), 8_000, one), told(should))
  })

t.test('a read mark is told without an entry', async t => {
  t.strictSame(
    react(
      { type: 'messages_read', data: { side: 'customer', through: 3 } },
      conversation(),
      8_000,
      null,
    ),
    push({
      type: 'conversation_read',
      conversation_id: conversationId,
      side: 'customer',
      through: 3,
    }),
  )
})

t.test('nobody is told of an opening, of an end to come, or of nothing', async t => {
  for (const event of [
    {
      type: 'conversation_opened',
      data: {
        conversation_id: conversationId,
        topic: 'support',
        about: null,
        customer_id: null,
        vendor_id: null,
        driver_id: null,
      },
    },
    { type: 'conversation_ending', data: { closes_at_ms: 9_000 } },
  ] satisfies ConversationEvent[])
    t.strictSame(react(event, conversation(), 8_000, null), [])
  t.strictSame(react(sent, absentConversation, 8_000, null), [])
})

t.test('every side hears it; a driver hears of the end and of nothing after it', async t => {
  const sides = { customer: customer.id, driver: driver.id, support: 'support' }
  const heard = (status: 'open' | 'frozen' | 'closed', event: ConversationEvent) =>
    react(event, conversation({ status, sides }), 8_000, null).flatMap(effect =>
      effect.do === 'push' && effect.push.kind === 'topics' ? effect.push.topics : [],
    )
  const all = [`customer:${customer.id}`, `driver:${driver.id}`, 'support']
  const read: ConversationEvent = { type: 'support_read', data: { ...numbered, reason: 'report' } }
  t.strictSame(heard('open', read), all)
  t.strictSame(heard('frozen', read), all)
  t.strictSame(heard('closed', entries.at(-1)![0]), all)
  t.strictSame(heard('closed', read), [`customer:${customer.id}`, 'support'])
})
