/** The changes that each event makes to a conversation, and what it leaves as it is. */
import t from 'tap'
import { conversationLimits } from '../../protocol/conversations/limits.ts'
import type { ConversationEvent } from '../../protocol/dispatch/conversation-events.ts'
import { evolve } from './evolve.ts'
import {
  conversation,
  conversationId,
  customer,
  driver,
  id,
  opening,
  pharmacy,
} from './fixtures.ts'
import { absentConversation, type Conversation, type OpenedConversation } from './state.ts'

const before = conversation()
/** The fields that the event changed. */
const changes = (event: ConversationEvent, state: OpenedConversation = before) =>
  Object.fromEntries(
    Object.entries(evolve(state, event, 8_000)).filter(
      ([name, value]) => value !== state[name as keyof OpenedConversation],
    ),
  )
const numbered = { number: 4, entry_id: id(40) }
const entry = { id: id(40), number: 4, of: null, reason: null, atMs: 8_000, atVersion: 7 }
/** The changes by an event that makes this entry. */
const withEntry = (given: object) => ({
  version: 7,
  lastNumber: 4,
  last: { ...entry, ...given },
  recent: [...before.recent, { id: id(40), number: 4, atMs: 8_000 }],
})
const of = { id: id(20), number: 3, side: 'customer', kind: 'text' } as const

const table: [ConversationEvent, object][] = [
  [
    { type: 'message_sent', data: { ...numbered, side: 'vendor', kind: 'document' } },
    withEntry({ kind: 'document', side: 'vendor' }),
  ],
  [
    {
      type: 'message_taken_back',
      data: { ...numbered, side: 'customer', reason: 'by_sender', of },
    },
    withEntry({ kind: 'taken_back', side: 'customer', reason: 'by_sender', of }),
  ],
  [
    { type: 'messages_read', data: { side: 'customer', through: 3 } },
    { version: 7, read: { vendor: 2, customer: 3 } },
  ],
  [
    { type: 'conversation_frozen', data: { ...numbered, reason: 'abuse' } },
    { ...withEntry({ kind: 'frozen', side: 'support', reason: 'abuse' }), status: 'frozen' },
  ],
  [
    { type: 'support_read', data: { ...numbered, reason: 'report' } },
    withEntry({ kind: 'support_read', side: 'support', reason: 'report' }),
  ],
  [
    { type: 'conversation_ending', data: { closes_at_ms: 90_000 } },
    { version: 7, closesAtMs: 90_000 },
  ],
  [
    { type: 'conversation_closed', data: { ...numbered, side: null, reason: 'subject_ended' } },
    { ...withEntry({ kind: 'closed', side: null, reason: 'subject_ended' }), status: 'closed' },
  ],
]
for (const [event, should] of table)
  t.test(event.type, async t => {
    t.strictSame(changes(event), should)
    t.equal(evolve(absentConversation, event, 8_000), absentConversation, 'nothing is not changed')
  })

t.test('conversation_thawed', async t => {
  t.strictSame(
    changes({ type: 'conversation_thawed', data: numbered }, conversation({ status: 'frozen' })),
    {
      ...withEntry({ kind: 'thawed', side: 'support' }),
      status: 'open',
      recent: withEntry({}).recent,
    },
  )
})

t.test('a conversation has the sides of its opening and nobody else', async t => {
  const opened = (given: object): Conversation =>
    evolve(
      absentConversation,
      {
        type: 'conversation_opened',
        data: { conversation_id: conversationId, ...opening, ...given },
      },
      8_000,
    )
  t.strictSame(opened({}), {
    status: 'open',
    conversationId,
    version: 1,
    createdAtMs: 8_000,
    topic: 'pharmacy',
    about: { kind: 'order', id: id(8) },
    sides: { customer: customer.id, vendor: pharmacy.id },
    lastNumber: 0,
    last: null,
    read: {},
    closesAtMs: null,
    recent: [],
  })
  const sidesBy = (given: object) => (opened(given) as OpenedConversation).sides
  t.strictSame(sidesBy({ topic: 'delivery', vendor_id: null, driver_id: driver.id }), {
    customer: customer.id,
    driver: driver.id,
  })
  t.strictSame(sidesBy({ topic: 'support', customer_id: null }), {
    vendor: pharmacy.id,
    support: 'support',
  })
})

t.test('the ids of entries are known for a minute, and only so many of them', async t => {
  const { recentMs, recentMessagesMax } = conversationLimits
  const sent = (atMs: number, state: OpenedConversation) =>
    evolve(
      state,
      { type: 'message_sent', data: { ...numbered, side: 'vendor', kind: 'text' } },
      atMs,
    ) as OpenedConversation
  t.equal(sent(5_000 + recentMs - 1, before).recent.length, 2)
  t.equal(sent(5_000 + recentMs, before).recent.length, 1)
  const many = Array.from({ length: recentMessagesMax }, (_, i) => ({
    id: id(1_000 + i),
    number: i + 1,
    atMs: 5_000,
  }))
  const { recent } = sent(6_000, conversation({ recent: many }))
  t.equal(recent.length, recentMessagesMax)
  t.equal(recent[0]!.id, id(1_001), 'the oldest is forgotten')
  t.equal(recent.at(-1)!.id, id(40))
})
