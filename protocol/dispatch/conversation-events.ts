/**
 * Events of a conversation: one row a type. No event has the words of people or names a file, so
 * the journal, the bus and webhooks never have them; they are in one table, which can forget.
 */
import Type from 'typebox'
import { fact } from './event-row.ts'
import { ids } from '../kernel/examples.ts'
import { Uuid } from '../kernel/principal.ts'
import { AtMs, nullable, oneOf } from '../kernel/schema.ts'
import { About, exampleIds, messageKinds, reasons, sides, topics } from '../conversations/parts.ts'

const Numbered = { number: Type.Integer({ minimum: 1 }), entry_id: Uuid }
const numbered = { number: 8, entry_id: exampleIds.entry }

/** The row of an event with its name for webhooks; null for one that they do not tell. */
const row = <T extends Type.TSchema, Name extends `conversation.${string}` | null>(
  publicName: Name,
  description: string,
  data: T,
  example: Type.Static<T>,
) => ({ ...fact(description, data, example), publicName })

export const conversationEvents = {
  conversation_opened: row(
    'conversation.opened',
    'Somebody opens a conversation.',
    Type.Object({
      conversation_id: Uuid,
      topic: oneOf(topics),
      about: nullable(About),
      customer_id: nullable(Uuid),
      vendor_id: nullable(Uuid),
      driver_id: nullable(Uuid),
    }),
    {
      conversation_id: exampleIds.conversation,
      topic: 'pharmacy',
      about: { kind: 'order', id: ids.order },
      customer_id: ids.customer,
      vendor_id: ids.pharmacy,
      driver_id: null,
    },
  ),
  message_sent: row(
    'conversation.message_created',
    'A message; its text is read through the API.',
    Type.Object({ ...Numbered, side: oneOf(sides), kind: oneOf(messageKinds) }),
    { ...numbered, side: 'customer', kind: 'text' },
  ),
  message_taken_back: row(
    'conversation.message_taken_back',
    'A message was taken back; its text and its file are gone.',
    Type.Object({
      ...Numbered,
      side: oneOf(sides),
      reason: oneOf(reasons),
      of: Type.Object({
        id: Uuid,
        number: Type.Integer({ minimum: 1 }),
        side: oneOf(sides),
        kind: oneOf(messageKinds),
      }),
    }),
    {
      ...numbered,
      side: 'vendor',
      reason: 'by_sender',
      of: { id: exampleIds.message, number: 7, side: 'vendor', kind: 'text' },
    },
  ),
  messages_read: row(
    null,
    'A side has read up to this number.',
    Type.Object({ side: oneOf(sides), through: Type.Integer({ minimum: 1 }) }),
    { side: 'customer', through: 7 },
  ),
  conversation_frozen: row(
    'conversation.frozen',
    'Nobody writes until support allows it again.',
    Type.Object({ ...Numbered, reason: oneOf(reasons) }),
    { ...numbered, reason: 'abuse' },
  ),
  conversation_thawed: row(
    'conversation.thawed',
    'The participants may write again.',
    Type.Object(Numbered),
    numbered,
  ),
  support_read: row(
    'conversation.support_read',
    'Support read a conversation in which it has no part.',
    Type.Object({ ...Numbered, reason: oneOf(reasons) }),
    { ...numbered, reason: 'report' },
  ),
  conversation_ending: row(
    'conversation.ending',
    'The subject of the conversation has ended; it closes at this time.',
    Type.Object({ closes_at_ms: AtMs }),
    { closes_at_ms: 1_790_000_000_000 },
  ),
  conversation_closed: row(
    'conversation.closed',
    'Nobody writes any more.',
    Type.Object({ ...Numbered, side: nullable(oneOf(sides)), reason: oneOf(reasons) }),
    { ...numbered, side: null, reason: 'subject_ended' },
  ),
}

export type ConversationEvent = {
  [Name in keyof typeof conversationEvents]: {
    type: Name
    data: Type.Static<(typeof conversationEvents)[Name]['data']>
  }
}[keyof typeof conversationEvents]
