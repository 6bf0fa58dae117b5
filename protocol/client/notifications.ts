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
type Wishes = { preferences: (NotificationWish & { can_change: boolean })[] }

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
}
