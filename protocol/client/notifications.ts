/** Notifications for programs: `api.inbox`. */
import type {
  notificationChannels,
  NotificationKind,
  NotificationSubject,
} from '../notifications/kinds.ts'

export interface NotificationRow {
  id: string
  kind: NotificationKind
  about: { kind: NotificationSubject; id: string }
  /** In the language that was asked for. */
  text: string
  at: string
  read_at: string | null
}
export interface NotificationWish {
  kind: NotificationKind
  channel: (typeof notificationChannels)[number]
  wanted: boolean
}
export interface NotificationSettings {
  /** Null: that of each device, or English. */
  language: string | null
  time_zone: string | null
  /** Local times such as `22:00`. */
  quiet_hours: { from: string; to: string } | null
  /** `daily`: mail that can wait comes once a day. */
  digest: 'none' | 'daily'
}
interface Wishes {
  preferences: (NotificationWish & { can_change: boolean })[]
  settings: NotificationSettings
  /** The channels that lead to the person now. */
  reached_by: NotificationWish['channel'][]
}

type Call = <Answer>(
  method: 'GET' | 'PUT',
  path: string,
  options?: {
    body?: object
    query?: Record<string, string | number | undefined>
    headers?: Record<string, string>
  },
) => Promise<Answer>

/** The calls about the inbox of the person who is signed in. */
export class InboxCalls {
  readonly #call: Call

  constructor(call: Call) {
    this.#call = call
  }

  /** Newest first. `language`: such as `de`, or the whole value of `Accept-Language`. */
  list(
    query: { limit?: number; cursor?: string } = {},
    language?: string,
  ): Promise<{ notifications: NotificationRow[]; unread: number; next_cursor: string | null }> {
    return this.#call('GET', '/api/notifications', {
      query,
      ...(language !== undefined && { headers: { 'accept-language': language } }),
    })
  }
  /** Everything up to a notification, or single ones. Throws `not_found`. */
  markRead(mark: { through: string } | { ids: string[] }): Promise<{
    marked: number
    unread: number
  }> {
    return this.#call('PUT', '/api/notifications/read', { body: mark })
  }
  preferences(): Promise<Wishes> {
    return this.#call('GET', '/api/notification-preferences')
  }
  /** Throws `invalid_request` for a kind that cannot be turned off. */
  setPreferences(preferences: NotificationWish[]): Promise<Wishes> {
    return this.#call('PUT', '/api/notification-preferences', { body: { preferences } })
  }
  /** Those that are not named stay as they are. */
  setSettings(settings: Partial<NotificationSettings>): Promise<Wishes> {
    return this.#call('PUT', '/api/notification-preferences', { body: { settings } })
  }
}
