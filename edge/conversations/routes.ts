/**
 * Conversations for their participants: `/api/conversations`. Support reads a conversation of
 * others with a reason; its participants see that, and the audit trail keeps it.
 */
import Type from 'typebox'
import { MessageText } from '../../protocol/conversations/commands.ts'
import { conversationLimits } from '../../protocol/conversations/limits.ts'
import {
  Entry,
  messageKinds,
  reasons,
  topics,
  type Reason,
} from '../../protocol/conversations/parts.ts'
import { ConversationView } from '../../protocol/conversations/view.ts'
import { limits } from '../../protocol/kernel/limits.ts'
import { Uuid } from '../../protocol/kernel/principal.ts'
import { once, type IdempotencyContext } from '../idempotency/idempotency.ts'
import { derivedId } from '../kernel/derived-id.ts'
import { roles } from '../kernel/identity.ts'
import { route, type AnyRoute } from '../kernel/route.ts'
import { closedObject, nullable, page } from '../kernel/shapes.ts'
import { invalid } from '../kernel/validate.ts'
import { chatLimits } from './limits.ts'
import { listConversations, ListQuery, searchOwn } from './lists.ts'
import { openConversation } from './opening.ts'
import {
  entriesBetween,
  findEntry,
  findEntryRow,
  findReadable,
  gapAfter,
  isSideOf,
  shown,
  type ConversationRow,
} from './reads.ts'
import { speakerOf, type Speaker } from './sides.ts'
import { read, send, takeBack, tell, type TalkContext } from './talk.ts'

export type ConversationsContext = TalkContext & IdempotencyContext

const tags = ['conversations']
const Id = Type.Object({ id: Uuid })
const Count = Type.Integer({ minimum: 0, maximum: 2 ** 31 - 1 })
/** Reasons that a reader from support may give. */
const SupportReason = Type.Enum(['report', 'complaint', 'legal', 'other'] satisfies Reason[])
const one = {
  200: { description: 'The conversation', schema: ConversationView },
}
const Page = closedObject({
  messages: Type.Array(Entry),
  last_number: Type.Integer({ minimum: 0 }),
  reload: Type.Boolean({
    description:
      'More is missing after the number than one answer has; read the newest messages and go back',
  }),
  before: Type.Union([Type.Integer({ minimum: 1 }), Type.Null()], {
    description: '`before` of the page with older messages; null for the first page',
  }),
})

/** The rows for participants. */
export function conversationRoutes(ctx: ConversationsContext): AnyRoute[] {
  const db = ctx.database.kysely
  const reading = { kysely: db, vault: ctx.vault }

  /** Notes that support reads a conversation in which it has no part. */
  const lookIn = async (speaker: Speaker, row: ConversationRow, reason?: Reason): Promise<void> => {
    if (isSideOf(row, speaker)) return
    if (reason === undefined)
      throw invalid([{ field: 'reason', rule: 'is required to read a conversation of others' }])
    const hour = Math.floor(ctx.nowMs() / chatLimits.lookedInMs)
    const entry_id = derivedId(`look in ${row.id} ${speaker.accountId} ${hour}`)
    if ((await findEntryRow(db, row.id, entry_id)) !== null) return
    await tell(ctx, speaker.principal, row.id, 'look_in', entry_id, { entry_id, reason })
  }

  return [
    route({
      method: 'POST',
      path: '/api/conversations',
      operationId: 'openConversation',
      summary:
        'Open a conversation with the pharmacy of an order or an appointment, with a driver, or with support; the one that is open is found again',
      tags,
      auth: ['user', 'vendor', 'driver'],
      standing: 'carrying',
      idempotent: true,
      body: closedObject({
        topic: Type.Enum([...topics]),
        order_id: Type.Optional(Uuid),
        appointment_id: Type.Optional(Uuid),
        vendor_id: Type.Optional(Uuid),
      }),
      responses: {
        ...one,
        201: { description: 'The new conversation', schema: ConversationView },
      },
      errors: ['order_not_found', 'appointment_not_found', 'conversation_not_possible'],
      audit: { kind: 'conversations', id: body => (body as { id?: unknown }).id },
      async handler(request) {
        const speaker = speakerOf(request.identity)
        const answer = await once(ctx, request, 'openConversation', async () => {
          const { id, isNew } = await openConversation(ctx, speaker, request.body)
          return isNew
            ? { status: 201, body: { id }, headers: { location: `/api/conversations/${id}` } }
            : { status: 200, body: { id } }
        })
        return {
          ...answer,
          body: await shown(reading, speaker, (answer.body as { id: string }).id),
        }
      },
    }),
    route({
      method: 'GET',
      path: '/api/conversations',
      operationId: 'listConversations',
      summary:
        "The caller's conversations with their last message and the number of unread ones, newest first; support finds reported ones of others",
      tags,
      auth: roles,
      standing: 'carrying',
      query: ListQuery,
      responses: {
        200: {
          description: 'A page',
          schema: Type.Object({
            conversations: Type.Array(ConversationView),
            next_cursor: nullable(Type.String()),
          }),
        },
      },
      async handler({ identity, query }) {
        return { status: 200, body: await listConversations(reading, speakerOf(identity), query) }
      },
    }),
    route({
      method: 'GET',
      path: '/api/conversations/search',
      operationId: 'searchMessages',
      summary: "Messages of the caller's own conversations with all of these words, newest first",
      tags,
      auth: roles,
      standing: 'carrying',
      query: closedObject({
        ...page,
        text: Type.String({ minLength: 2, maxLength: chatLimits.searchCharactersMax }),
      }),
      responses: {
        200: {
          description: 'A page',
          schema: Type.Object({
            messages: Type.Array(Type.Object({ conversation_id: Uuid, message: Entry })),
            next_cursor: nullable(Uuid),
          }),
        },
      },
      handler: async ({ identity, query }) => ({
        status: 200,
        body: await searchOwn(reading, speakerOf(identity), query),
      }),
    }),
    route({
      method: 'GET',
      path: '/api/conversations/:id',
      operationId: 'getConversation',
      summary: 'One conversation',
      tags,
      auth: roles,
      standing: 'carrying',
      params: Id,
      responses: one,
      errors: ['conversation_not_found'],
      handler: async ({ identity, params }) => ({
        status: 200,
        body: await shown(reading, speakerOf(identity), params.id),
      }),
    }),
    route({
      method: 'GET',
      path: '/api/conversations/:id/messages',
      operationId: 'listMessages',
      summary: `Messages by their numbers: with \`after\` everything after that number, or \`reload\` when more than ${conversationLimits.gapEntriesMax} are missing; otherwise the newest, or those before a number`,
      tags,
      auth: roles,
      standing: 'carrying',
      params: Id,
      query: closedObject({
        limit: page.limit,
        after: Type.Optional(Count),
        before: Type.Optional(Count),
        reason: Type.Optional(SupportReason),
      }),
      responses: { 200: { description: 'Messages, oldest first', schema: Page } },
      errors: ['conversation_not_found'],
      async handler({
        identity,
        params,
        query: { limit = limits.listLimitDefault, after, before, reason },
      }) {
        const speaker = speakerOf(identity)
        if (after !== undefined && before !== undefined)
          throw invalid([{ field: 'before', rule: 'cannot stand beside after' }])
        const row = await findReadable(db, speaker, params.id)
        await lookIn(speaker, row, reason)
        const { last_number } = row
        if (after !== undefined) {
          const messages = await gapAfter(reading, row, after)
          return {
            status: 200,
            body: {
              messages: messages ?? [],
              last_number,
              reload: messages === null,
              before: null,
            },
          }
        }
        const through = Math.min(last_number, (before ?? last_number + 1) - 1)
        const from = Math.max(0, through - limit)
        return {
          status: 200,
          body: {
            messages: through <= 0 ? [] : await entriesBetween(reading, row.id, from, through),
            last_number,
            reload: false,
            before: from > 0 && through > 0 ? from + 1 : null,
          },
        }
      },
    }),
    route({
      method: 'POST',
      path: '/api/conversations/:id/messages',
      operationId: 'sendMessage',
      summary:
        'Write a message; the same `client_id` (or Idempotency-Key) again is the same message, for ever',
      tags,
      auth: roles,
      standing: 'carrying',
      params: Id,
      idempotent: true,
      body: closedObject({
        kind: Type.Optional(Type.Enum([...messageKinds])),
        text: Type.Optional(MessageText),
        upload_id: Type.Optional(Uuid),
        client_id: Type.Optional(
          Type.String({ minLength: 1, maxLength: conversationLimits.clientIdCharactersMax }),
        ),
      }),
      responses: { 201: { description: 'The message with its number', schema: Entry } },
      errors: [
        'conversation_not_found',
        'conversation_closed',
        'conversation_frozen',
        'too_many_requests',
      ],
      async handler(request) {
        const { identity, params, body } = request
        const { client_id, ...message } = body
        const speaker = speakerOf(identity)
        // The key only fixes the id of the message: a refusal of today must not stand for its repeat.
        const fixed = async (): Promise<string> => {
          const { body } = await once(ctx, request, 'sendMessage', async ({ commandId }) => ({
            status: 201,
            body: { command_id: commandId },
          }))
          return (body as { command_id: string }).command_id
        }
        const clientId = client_id === undefined ? `key ${await fixed()}` : `id ${client_id}`
        const { message_id } = await send(ctx, speaker, params.id, message, clientId)
        return { status: 201, body: await findEntry(reading, params.id, message_id) }
      },
    }),
    route({
      method: 'DELETE',
      path: '/api/conversations/:id/messages/:message_id',
      operationId: 'takeBackMessage',
      summary:
        'Take a message back: its text and its file are gone, its number stays; support takes back any, with a reason',
      tags,
      auth: roles,
      standing: 'carrying',
      params: Type.Object({ id: Uuid, message_id: Uuid }),
      query: closedObject({ reason: Type.Optional(Type.Enum([...reasons])) }),
      responses: { 204: { description: 'It is taken back' } },
      errors: [
        'conversation_not_found',
        'message_not_found',
        'conversation_not_possible',
        'conversation_frozen',
        'overloaded',
      ],
      async handler({ identity, params, query: { reason } }) {
        const speaker = speakerOf(identity)
        const row = await findReadable(db, speaker, params.id)
        if (!isSideOf(row, speaker) && reason === undefined)
          throw invalid([{ field: 'reason', rule: 'is required for a message of others' }])
        await takeBack(ctx, speaker, row, params.message_id, reason ?? 'other')
        return { status: 204 }
      },
    }),
    route({
      method: 'PUT',
      path: '/api/conversations/:id/read',
      operationId: 'markRead',
      summary: 'The caller has read up to this number; a lower number than before changes nothing',
      tags,
      auth: roles,
      standing: 'carrying',
      params: Id,
      body: closedObject({ number: Type.Integer({ minimum: 1, maximum: 2 ** 31 - 1 }) }),
      responses: {
        200: {
          description: 'The mark',
          schema: Type.Object({ read_through: Type.Integer(), unread: Type.Integer() }),
        },
      },
      errors: ['conversation_not_found'],
      async handler({ identity, params, body }) {
        const speaker = speakerOf(identity)
        const read_through = await read(ctx, speaker, params.id, body.number)
        const { unread } = await shown(reading, speaker, params.id)
        return { status: 200, body: { read_through, unread } }
      },
    }),
  ]
}
