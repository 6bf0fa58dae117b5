/**
 * The inbox of a person: `/api/notifications`, its read marks, and the wishes by kind and channel.
 */
import Type from 'typebox'
import { limits } from '../../protocol/kernel/limits.ts'
import { Uuid } from '../../protocol/kernel/principal.ts'
import { NotificationAbout } from '../../protocol/notifications/messages.ts'
import { notificationChannels, notificationKindNames } from '../../protocol/notifications/kinds.ts'
import {
  languageOf,
  notificationText,
  notificationTexts,
  type Language,
} from '../../protocol/notifications/texts.ts'
import { roles, type Identity } from '../kernel/identity.ts'
import type { Kernel } from '../kernel/kernel.ts'
import { route, type AnyRoute } from '../kernel/route.ts'
import { closedObject, nextCursor, nullable, page, paged, Timestamp } from '../kernel/shapes.ts'
import { invalid } from '../kernel/validate.ts'
import { markRead, newestOf, unreadOf } from './inbox.ts'
import { notificationLimits } from './limits.ts'
import { setWishes, waysTo, wishesOf } from './preferences.ts'
import { changeSettings, SettingsChange, settingsOf, SettingsView } from './settings.ts'
import { audienceOf, tellRead } from './tell.ts'

type NotificationsContext = Pick<Kernel, 'database' | 'bus' | 'nowMs'>

const tags = ['notifications']
const Kind = Type.Enum([...notificationKindNames])
const Channel = Type.Enum([...notificationChannels])
const Unread = Type.Integer({ minimum: 0 })

export const NotificationView = Type.Object({
  id: Uuid,
  kind: Kind,
  about: NotificationAbout,
  text: Type.String({ description: 'Names an order by its number, and nothing medical' }),
  at: Timestamp,
  read_at: nullable(Timestamp),
})
const PreferencesView = Type.Object({
  preferences: Type.Array(
    Type.Object({
      kind: Kind,
      channel: Channel,
      wanted: Type.Boolean(),
      can_change: Type.Boolean({ description: 'False for news that nobody can turn off' }),
    }),
  ),
  settings: SettingsView,
  reached_by: Type.Array(Channel, {
    description:
      'The channels that lead to the caller now: `push` with a device, `email` and `sms` with an address that was confirmed',
  }),
})

/** The rows of `/api/notifications` and `/api/notification-preferences`. */
export function notificationRoutes(ctx: NotificationsContext): AnyRoute[] {
  const db = ctx.database.kysely
  const unread = async (accountId: string): Promise<number> =>
    (await unreadOf(db, [accountId])).get(accountId) ?? 0
  const languages = Object.keys(notificationTexts) as Language[]
  const preferencesOf = async (identity: Identity) => ({
    preferences: await wishesOf(db, identity.userId, audienceOf(identity)),
    settings: await settingsOf(db, identity.userId),
    reached_by: await waysTo(db, identity.userId),
  })

  return [
    route({
      method: 'GET',
      path: '/api/notifications',
      operationId: 'listNotifications',
      summary: "The caller's notifications, newest first, and the number of unread ones",
      tags,
      auth: roles,
      query: closedObject(page),
      headerParameters: {
        'Accept-Language': {
          required: false,
          description: `Language of the texts where the settings name none: ${languages.join(' or ')}`,
        },
      },
      responses: {
        200: {
          description: 'A page',
          schema: Type.Object({
            notifications: Type.Array(NotificationView),
            unread: Unread,
            next_cursor: nextCursor,
          }),
        },
      },
      handler: async ({
        identity: { userId },
        headers,
        query: { limit = limits.listLimitDefault, cursor },
      }) => {
        const language =
          (await settingsOf(db, userId)).language ?? languageOf(headers['accept-language'])
        const found = await newestOf(db, userId, ctx.nowMs(), cursor, limit + 1)
        const { rows, next_cursor } = paged(found, limit)
        return {
          status: 200,
          headers: { 'content-language': language },
          body: {
            notifications: rows.map(({ id, kind, about_kind, about_id, data, at, read_at }) => ({
              id,
              kind,
              about: { kind: about_kind, id: about_id },
              text: notificationText(language, kind, data),
              at,
              read_at,
            })),
            unread: await unread(userId),
            next_cursor,
          },
        }
      },
    }),
    route({
      method: 'PUT',
      path: '/api/notifications/read',
      operationId: 'markNotificationsRead',
      summary:
        'Mark notifications as read: everything up to one of them, or single ones. A mark is never taken back',
      tags,
      auth: roles,
      body: closedObject({
        through: Type.Optional(Uuid),
        ids: Type.Optional(
          Type.Array(Uuid, { minItems: 1, maxItems: notificationLimits.markedIdsMax }),
        ),
      }),
      responses: {
        200: {
          description: 'The number of those that were marked now, and of those still unread',
          schema: Type.Object({ marked: Unread, unread: Unread }),
        },
      },
      errors: ['not_found'],
      handler: async ({ identity, body: { through, ids } }) => {
        if ((through === undefined) === (ids === undefined))
          throw invalid([{ field: 'through', rule: 'or ids: give one of the two' }])
        const mark = through === undefined ? { ids: ids! } : { through }
        const { userId } = identity
        const marked = await markRead(db, userId, mark, ctx.nowMs())
        const left = await unread(userId)
        if (marked > 0) tellRead(ctx, identity, left)
        return { status: 200, body: { marked, unread: left } }
      },
    }),
    route({
      method: 'GET',
      path: '/api/notification-preferences',
      operationId: 'getNotificationPreferences',
      summary:
        'The kinds of news that the caller can hear and on which channels, and how the caller wants to be told',
      tags,
      auth: roles,
      standing: 'any',
      responses: { 200: { description: 'One row for each kind', schema: PreferencesView } },
      handler: async ({ identity }) => ({
        status: 200,
        body: await preferencesOf(identity),
      }),
    }),
    route({
      method: 'PUT',
      path: '/api/notification-preferences',
      operationId: 'setNotificationPreferences',
      summary:
        'Turn kinds of news off or on by channel, and say the language, the quiet hours and the daily mail; the rest stays',
      tags,
      auth: roles,
      standing: 'any',
      body: closedObject({
        preferences: Type.Optional(
          Type.Array(closedObject({ kind: Kind, channel: Channel, wanted: Type.Boolean() }), {
            minItems: 1,
            maxItems: notificationKindNames.length * notificationChannels.length,
          }),
        ),
        settings: Type.Optional(SettingsChange),
      }),
      responses: { 200: { description: 'One row for each kind', schema: PreferencesView } },
      handler: async ({ identity, body }) => {
        const { preferences, settings } = body
        if (preferences === undefined && settings === undefined)
          throw invalid([
            { field: 'preferences', rule: 'or settings: give at least one of the two' },
          ])
        const side = audienceOf(identity)
        await db.transaction().execute(async tx => {
          if (preferences !== undefined) await setWishes(tx, identity.userId, side, preferences)
          if (settings !== undefined) await changeSettings(tx, identity.userId, settings)
        })
        return { status: 200, body: await preferencesOf(identity) }
      },
    }),
  ]
}
