/** A conversation as its actor answers, and as the edge shows it to a participant. */
import Type from 'typebox'
import { Uuid } from '../kernel/principal.ts'
import { nullable, oneOf, Timestamp } from '../kernel/schema.ts'
import {
  About,
  conversationStatuses,
  Entry,
  sides,
  topics,
  type ConversationStatus,
  type Side,
  type Topic,
} from './parts.ts'

/** The answer of the actor to a command. */
export interface ConversationState {
  id: string
  topic: Topic
  status: ConversationStatus
  last_number: number
  read: Partial<Record<Side, number>>
  closes_at_ms: number | null
  /** Number of the entry that the command made or had made; null when it is not known any more. */
  number: number | null
}

/** A conversation as `GET /api/conversations` shows it. */
export const ConversationView = Type.Object({
  id: Uuid,
  topic: oneOf(topics),
  about: nullable(About),
  status: oneOf(conversationStatuses),
  participants: Type.Array(
    Type.Object({
      side: oneOf(sides),
      name: Type.Union([Type.String(), Type.Null()], {
        description: 'Of a pharmacy; people are not named',
      }),
      read_through: Type.Integer({ minimum: 0, description: 'The number up to which it has read' }),
    }),
  ),
  my_side: nullable(oneOf(sides)),
  last_number: Type.Integer({ minimum: 0 }),
  unread: Type.Integer({
    minimum: 0,
    description: 'Messages of others after one’s own read mark that were not taken back',
  }),
  last: Type.Union([Entry, Type.Null()], {
    description: 'The last entry; null for a reader without a part in it',
  }),
  closes_at: nullable(Timestamp),
  created_at: Timestamp,
  open_reports: Type.Optional(
    Type.Integer({
      minimum: 0,
      description: 'Only for administrators: reports without a decision',
    }),
  ),
})
export type ConversationView = Type.Static<typeof ConversationView>
