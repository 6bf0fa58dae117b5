/** What people get, for an administrator: each kind on each channel, with made-up values. */
import Type from 'typebox'
import { ids } from '../../protocol/kernel/examples.ts'
import {
  audiences,
  channelsOf,
  notificationChannels,
  notificationKindNames,
  notificationSubjects,
  rowOfKind,
} from '../../protocol/notifications/kinds.ts'
import { notificationTexts, type Language } from '../../protocol/notifications/texts.ts'
import { route, type AnyRoute } from '../kernel/route.ts'
import { closedObject, nullable } from '../kernel/shapes.ts'
import { mailOf, payloadOf, worded } from './compose.ts'

const languages = Object.keys(notificationTexts) as Language[]
const values: Readonly<Record<string, string>> = { order: 'ORD-1A2B3C4D' }
const at = Date.parse('2026-11-20T12:00:00Z')
const visit = {
  pharmacy: 'City Pharmacy',
  startMs: Date.parse('2026-11-21T03:45:00Z'),
  timeZone: 'Asia/Kathmandu',
}

const Template = Type.Object({
  kind: Type.Enum([...notificationKindNames]),
  to: Type.Array(Type.Enum([...audiences])),
  essential: Type.Boolean({ description: 'Nobody can turn it off in the inbox and on devices' }),
  urgent: Type.Boolean(),
  lives_minutes: Type.Integer(),
  channels: Type.Array(Type.Enum([...notificationChannels])),
  text: Type.String({ description: 'In the inbox and on a device' }),
  push: Type.Record(Type.String(), Type.String(), {
    description: 'Everything that a browser gets',
  }),
  email: nullable(Type.Object({ subject: Type.String(), text: Type.String() })),
  sms: nullable(Type.String()),
})

/** The row of `/api/admin/notification-templates`. */
export const templateRoutes = (): AnyRoute[] => [
  route({
    method: 'GET',
    path: '/api/admin/notification-templates',
    operationId: 'listNotificationTemplates',
    summary: 'Every kind of news as people get it, in one language, with made-up values',
    tags: ['admin'],
    auth: ['admin'],
    query: closedObject({ language: Type.Optional(Type.Enum([...languages])) }),
    responses: {
      200: {
        description: 'All kinds',
        schema: Type.Object({
          language: Type.Enum([...languages]),
          languages: Type.Array(Type.Enum([...languages])),
          templates: Type.Array(Template),
        }),
      },
    },
    handler: ({ query: { language = 'en' } }) => ({
      status: 200,
      body: {
        language,
        languages,
        templates: notificationKindNames.map(kind => {
          const { about, to, essential, urgent, livesMinutes, letter } = rowOfKind(kind)
          const names: readonly string[] = notificationSubjects[about]
          const data = Object.fromEntries(names.map(name => [name, values[name] ?? '']))
          const words = worded(language, { kind, data }, letter ? visit : null)
          const text = words.title
          const channels = channelsOf(kind)
          const told = { newsId: ids.offer, kind, about: { kind: about, id: ids.order }, atMs: at }
          return {
            kind,
            to,
            essential,
            urgent,
            lives_minutes: livesMinutes,
            channels,
            text,
            push: { ...payloadOf(told), text },
            email: channels.includes('email') ? mailOf(language, [words]) : null,
            sms: channels.includes('sms') ? words.line : null,
          }
        }),
      },
    }),
  }),
]
