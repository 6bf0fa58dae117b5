/**
 * The parts of a conversation: its topics, its sides, and the kinds of its entries. Everything that
 * the participants see is an entry with a number: messages, what took a message back, and what
 * support or the end of an order did. So a client that has every number has everything.
 */
import Type from 'typebox'
import { ids } from '../kernel/examples.ts'
import { Uuid } from '../kernel/principal.ts'
import { nullable, oneOf, Timestamp } from '../kernel/schema.ts'

/**
 * `pharmacy`: a customer and a pharmacy, about a request, an order or an appointment. `delivery`: a
 * customer and the driver. `support`: anybody and support. The driver is never in the first one, so
 * a driver never sees the medical part.
 */
export const topics = ['pharmacy', 'delivery', 'support'] as const
export type Topic = (typeof topics)[number]

/** Who takes part. A side is one account or one pharmacy; support is all administrators. */
export const sides = ['customer', 'vendor', 'driver', 'support'] as const
export type Side = (typeof sides)[number]

/** The kinds of messages. */
export const messageKinds = ['text', 'document', 'audio'] as const
export type MessageKind = (typeof messageKinds)[number]
/** The kinds of entries: messages, and what happened to the conversation. */
export const entryKinds = [
  ...messageKinds,
  'taken_back',
  'frozen',
  'thawed',
  'support_read',
  'closed',
] as const
export type EntryKind = (typeof entryKinds)[number]

export const conversationStatuses = ['open', 'frozen', 'closed'] as const
export type ConversationStatus = (typeof conversationStatuses)[number]

/**
 * Reasons as codes, because the journal keeps them for ever: of taking back, of freezing, of
 * support's reading, and of closing.
 */
export const reasons = [
  'by_sender',
  'abuse',
  'personal_data',
  'wrong_person',
  'report',
  'complaint',
  'legal',
  'subject_ended',
  'quiet',
  'settled',
  'other',
] as const
export type Reason = (typeof reasons)[number]

/** The record that a conversation is about. */
export const About = Type.Object({
  kind: Type.String({ description: '`order` (a request is an order too) or `appointment`' }),
  id: Uuid,
})
export type About = Type.Static<typeof About>

/** One entry of a conversation, as its participants see it. */
export const Entry = Type.Object({
  number: Type.Integer({
    minimum: 1,
    description: 'Place in the conversation, without gaps; given when it is stored',
  }),
  id: Uuid,
  kind: oneOf(entryKinds),
  side: Type.Union([oneOf(sides), Type.Null()], {
    description: 'Who wrote or did it; null for the end of what the conversation is about',
  }),
  text: nullable(Type.String()),
  upload_id: nullable(Uuid),
  url: Type.Union([Type.String(), Type.Null()], { description: 'The file of the message' }),
  taken_back: Type.Boolean({ description: 'Its text and its file are gone' }),
  of: Type.Union([Uuid, Type.Null()], {
    description: 'Of `taken_back`: the message that was taken back',
  }),
  reason: nullable(oneOf(reasons)),
  at: Timestamp,
})
export type Entry = Type.Static<typeof Entry>

/** An entry for examples. */
export const exampleEntry: Entry = {
  number: 7,
  id: '019a9d2e-7001-7aaa-8bbb-000000000007',
  kind: 'text',
  side: 'vendor',
  text: 'It is ready from four o’clock.',
  upload_id: null,
  url: null,
  taken_back: false,
  of: null,
  reason: null,
  at: '2026-09-21T13:33:20.000Z',
}

/** Ids for examples. */
export const exampleIds = {
  conversation: '019a9d2e-7000-7aaa-8bbb-000000000001',
  message: exampleEntry.id,
  entry: '019a9d2e-7001-7aaa-8bbb-000000000008',
  order: ids.order,
} as const
