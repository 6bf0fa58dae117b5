/**
 * The WebSocket messages of conversations. What is new reaches `/ws/chat` and the socket of each
 * role, and on each of them a person may write, mark as read and resume. The greeting with all
 * numbers and presence are for `/ws/chat`. A client that sees a number jump, or that was away, says
 * `resume` with its last number. It gets all entries after it, or is told to load the conversation
 * anew; never a part.
 */
import Type from 'typebox'
import { Code, Echo, heard, MessageId, said } from '../kernel/messages.ts'
import { oneOf, Text } from '../kernel/schema.ts'
import { Uuid } from '../kernel/principal.ts'
import { conversationLimits } from './limits.ts'
import { Entry, exampleEntry, exampleIds, messageKinds, sides } from './parts.ts'
import { MessageText } from './commands.ts'

const everywhere = ['chat', 'customer', 'terminal', 'fleet', 'driver'] as const
const conversation_id = exampleIds.conversation
const EntryNumber = Type.Integer({ minimum: 0 })
export const presences = ['here', 'typing', 'away'] as const

export const conversationMessages = {
  conversation_entry: heard(
    everywhere,
    'A message, or another entry of a conversation.',
    Type.Object({ type: Type.Literal('conversation_entry'), conversation_id: Uuid, entry: Entry }),
    { type: 'conversation_entry', conversation_id, entry: exampleEntry },
  ),
  conversation_changed: heard(
    everywhere,
    'There are entries up to this number; a client that lacks some says `resume`.',
    Type.Object({
      type: Type.Literal('conversation_changed'),
      conversation_id: Uuid,
      last_number: EntryNumber,
    }),
    { type: 'conversation_changed', conversation_id, last_number: 8 },
  ),
  conversation_read: heard(
    everywhere,
    'A side has read up to this number. It never goes back.',
    Type.Object({
      type: Type.Literal('conversation_read'),
      conversation_id: Uuid,
      side: oneOf(sides),
      through: EntryNumber,
    }),
    { type: 'conversation_read', conversation_id, side: 'customer', through: 7 },
  ),
  conversation_presence: heard(
    ['chat'],
    'Another side looks at the conversation or writes. It holds for some seconds, and the newest replaces the one before.',
    Type.Object({
      type: Type.Literal('conversation_presence'),
      conversation_id: Uuid,
      side: oneOf(sides),
      state: oneOf(presences),
      seconds: Type.Integer({ description: 'For how long it holds without another message' }),
    }),
    {
      type: 'conversation_presence',
      conversation_id,
      side: 'vendor',
      state: 'typing',
      seconds: 30,
    },
  ),

  chat_greeting: heard(
    ['chat'],
    'First message: the newest conversations with their last numbers. Say `resume` for each where you have less.',
    Type.Object({
      type: Type.Literal('connection'),
      message: Text,
      conversations: Type.Array(
        Type.Object({ conversation_id: Uuid, last_number: EntryNumber, unread: EntryNumber }),
      ),
    }),
    {
      type: 'connection',
      message: 'Connected to conversations',
      conversations: [{ conversation_id, last_number: 7, unread: 1 }],
    },
  ),
  chat_send: said(
    everywhere,
    'A message. The same `id` again is the same message, so repeat it until `send_result` comes.',
    Type.Object(
      {
        type: Type.Literal('send'),
        conversation_id: Uuid,
        kind: Type.Optional(oneOf(messageKinds)),
        text: Type.Optional(MessageText),
        upload_id: Type.Optional(Uuid),
        id: Type.String({ minLength: 1, maxLength: conversationLimits.clientIdCharactersMax }),
      },
      { additionalProperties: false },
    ),
    { type: 'send', conversation_id, text: 'When is it ready?', id: 'phone-1-17' },
  ),
  chat_send_result: heard(
    everywhere,
    'Whether the message is stored, and its number; or why not.',
    Type.Object({
      type: Type.Literal('send_result'),
      conversation_id: Uuid,
      id: Echo,
      outcome: oneOf(['sent', 'error']),
      message_id: Type.Optional(Uuid),
      number: Type.Optional(EntryNumber),
      code: Type.Optional(Code),
      message: Type.Optional(Text),
    }),
    {
      type: 'send_result',
      conversation_id,
      id: 'phone-1-17',
      outcome: 'sent',
      message_id: exampleIds.message,
      number: 7,
    },
  ),
  chat_read: said(
    everywhere,
    'The person has seen everything up to this number. Say it when it was on the screen.',
    Type.Object(
      {
        type: Type.Literal('read'),
        conversation_id: Uuid,
        number: Type.Integer({ minimum: 1, maximum: 2 ** 31 - 1 }),
        id: MessageId,
      },
      { additionalProperties: false },
    ),
    { type: 'read', conversation_id, number: 7 },
  ),
  chat_resume: said(
    everywhere,
    'The client has everything up to this number and wants the rest.',
    Type.Object(
      {
        type: Type.Literal('resume'),
        conversation_id: Uuid,
        after: Type.Integer({ minimum: 0, maximum: 2 ** 31 - 1 }),
        id: MessageId,
      },
      { additionalProperties: false },
    ),
    { type: 'resume', conversation_id, after: 4 },
  ),
  chat_messages: heard(
    everywhere,
    'The answer to `resume`: every entry after the number.',
    Type.Object({
      type: Type.Literal('messages'),
      conversation_id: Uuid,
      after: EntryNumber,
      last_number: EntryNumber,
      messages: Type.Array(Entry),
      id: Echo,
    }),
    { type: 'messages', conversation_id, after: 6, last_number: 7, messages: [exampleEntry] },
  ),
  chat_reload: heard(
    everywhere,
    'The answer to `resume` of a client that lacks too much: load the conversation from `/api/conversations/{id}/messages`.',
    Type.Object({
      type: Type.Literal('reload'),
      conversation_id: Uuid,
      last_number: EntryNumber,
      id: Echo,
    }),
    { type: 'reload', conversation_id, last_number: 2_047 },
  ),
  chat_presence: said(
    ['chat'],
    'The person looks at the conversation, writes, or has left it. Repeat it every 20 seconds while it is so. It is not stored.',
    Type.Object(
      { type: Type.Literal('presence'), conversation_id: Uuid, state: oneOf(presences) },
      { additionalProperties: false },
    ),
    { type: 'presence', conversation_id, state: 'typing' },
  ),
}
