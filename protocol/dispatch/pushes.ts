/**
 * Pushes: messages that engines ask edges to put on sockets. Soft by design: a push may be lost or
 * repeated. Terminals ask again, trackers begin with the full state, and edges drop a message that
 * a socket has already had.
 */
import Type from 'typebox'
import { Uuid } from '../kernel/principal.ts'
import { NewRequestBody, type RequestEnded } from '../orders/messages.ts'
import { conversationMessages } from '../conversations/messages.ts'
import { notificationMessages } from '../notifications/messages.ts'
import type { SocketMessage } from './messages.ts'

/**
 * The topics of sockets. A push to a topic reaches every socket that is subscribed to it, on any
 * edge.
 */
export const topics = {
  pharmacy: (pharmacyId: string) => `vendor:${pharmacyId}`,
  customer: (customerId: string) => `customer:${customerId}`,
  driver: (driverId: string) => `driver:${driverId}`,
  /** Sockets that watch the drivers of a pharmacy. */
  fleet: (pharmacyId: string) => `fleet:${pharmacyId}`,
  /** Trackers of one order. */
  order: (orderId: string) => `order:${orderId}`,
  /** Administrators at `/ws/chat`. */
  support: 'support',
  /** The sockets of one administrator. */
  admin: (accountId: string) => `admin:${accountId}`,
  /** Sockets at `/ws/chat` of one side of conversations. */
  chat: (side: string, id: string) => `chat:${side}:${id}`,
} as const

/**
 * The schema is looser than the type. The edge's tests check pushes fully; engines and edges do not
 * check them.
 */
const Message = Type.Unsafe<SocketMessage>(
  Type.Object(
    { type: Type.String({ description: 'One of the messages of the WebSocket channels' }) },
    { additionalProperties: true },
  ),
)
const End = Type.Unsafe<RequestEnded>(Message)

/** One message in the list on `push.all`. */
export const Push = Type.Union([
  Type.Object(
    {
      kind: Type.Literal('topic'),
      topic: Type.String({
        description: '`vendor:`, `customer:`, `driver:`, `fleet:` or `order:` and an id',
      }),
      message: Message,
    },
    { description: 'A message to all sockets of a topic' },
  ),
  Type.Object(
    { kind: Type.Literal('topics'), topics: Type.Array(Type.String()), message: Message },
    { description: 'A message to all sockets of several topics, once to each' },
  ),
  Type.Object(
    {
      kind: Type.Literal('new_request'),
      body: NewRequestBody,
      vendor_ids: Type.Array(Uuid),
      distances_km: Type.Array(Type.Number()),
    },
    {
      description:
        'A broadcast request to the terminals of many pharmacies: one message, distances beside it',
    },
  ),
  Type.Object(
    {
      kind: Type.Literal('request_closed'),
      request_id: Uuid,
      vendor_ids: Type.Array(Uuid),
      message: End,
    },
    {
      description:
        'The end of a request, to all who were asked but one: `request_taken`, `request_expired` or `request_cancelled`',
    },
  ),
])
export type Push = Type.Static<typeof Push>
/** What edges tell each other of presence: a message to the `/ws/chat` sockets of these topics. */
export const PresencePush = Type.Object({
  topics: Type.Array(Type.String()),
  message: conversationMessages.conversation_presence.schema,
})
export type PresencePush = Type.Static<typeof PresencePush>
/**
 * What edges tell each other of notifications: messages to the sockets of topics, and the news whose
 * devices need not be woken once a socket of the topic has got everything.
 */
export const NotificationPush = Type.Array(
  Type.Object({
    topic: Type.String(),
    account_id: Type.Optional(
      Type.String({
        ...Uuid,
        description: 'Only the sockets of this account; absent: all of the topic',
      }),
    ),
    message: Type.Union([notificationMessages.notification.schema, Type.Null()], {
      description: 'Null: only whether somebody is there',
    }),
    news: Type.Array(Uuid, { description: 'Ids of news that wait to be sent to devices' }),
    ask: Type.Boolean({
      description: 'The news are requests or offers, which only terminals and drivers show',
    }),
  }),
)
export type NotificationPush = Type.Static<typeof NotificationPush>
export const PushList = Type.Array(Push)
export type PushList = Push[]
