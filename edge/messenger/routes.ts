/**
 * The development outbox for administrators. In production there is none, and the list is empty.
 */
import Type from 'typebox'
import type { WithMessenger } from './messenger.ts'
import { route, type AnyRoute } from '../kernel/route.ts'
import { Uuid } from '../../protocol/kernel/principal.ts'
import { Timestamp } from '../kernel/shapes.ts'

const OutboxView = Type.Object({
  channels: Type.Object(
    { email: Type.Enum(['smtp', 'outbox', 'none']), sms: Type.Enum(['twilio', 'outbox', 'none']) },
    { description: 'The carrier of each channel; `none`: its messages are refused' },
  ),
  messages: Type.Array(
    Type.Object({
      id: Uuid,
      at: Timestamp,
      channel: Type.Enum(['email', 'sms']),
      to: Type.String(),
      subject: Type.String(),
      text: Type.String(),
    }),
  ),
})

/** The row of `/api/admin/outbox`. */
export function outboxRoutes({ messenger }: WithMessenger): AnyRoute[] {
  return [
    route({
      method: 'GET',
      path: '/api/admin/outbox',
      operationId: 'readOutbox',
      tags: ['admin'],
      auth: ['admin'],
      summary: 'The development outbox: messages of this process that were not sent, newest first',
      responses: { 200: { description: 'The messages', schema: OutboxView } },
      handler: () => ({
        status: 200,
        body: {
          channels: messenger.channels,
          messages: messenger.outbox().map(({ id, at, channel, to, subject, text }) => ({
            id,
            at,
            channel,
            to,
            subject,
            text,
          })),
        },
      }),
    }),
  ]
}
