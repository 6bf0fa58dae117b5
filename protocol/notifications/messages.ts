/** The WebSocket message about a person's notifications. */
import Type from 'typebox'
import { at, ids } from '../kernel/examples.ts'
import { heard } from '../kernel/messages.ts'
import { Uuid } from '../kernel/principal.ts'
import { oneOf, Timestamp } from '../kernel/schema.ts'
import { notificationKindNames, notificationSubjects, type NotificationSubject } from './kinds.ts'

const subjectNames = Object.keys(notificationSubjects) as NotificationSubject[]
/** The record that a notification is about. */
export const NotificationAbout = Type.Object({ kind: oneOf(subjectNames), id: Uuid })
const everywhere = ['customer', 'terminal', 'fleet', 'driver', 'chat'] as const
/** The id of a notification in examples. */
const notificationId = '019a9d2e-8f4d-7f6e-8c43-6e4f5d708192'

export const notificationMessages = {
  notification: heard(
    everywhere,
    'The number of unread notifications has changed; read them at `/api/notifications`. It may be lost, and the next one has the right number.',
    Type.Object({
      type: Type.Literal('notification'),
      unread: Type.Integer({ minimum: 0 }),
      newest: Type.Union(
        [
          Type.Object({
            id: Uuid,
            kind: oneOf(notificationKindNames),
            about: NotificationAbout,
            at: Timestamp,
          }),
          Type.Null(),
        ],
        { description: 'The newest of those that came; null when some were read' },
      ),
    }),
    {
      type: 'notification',
      unread: 2,
      newest: {
        id: notificationId,
        kind: 'order.accepted',
        about: { kind: 'order', id: ids.order },
        at,
      },
    },
  ),
}
