/** The sign-in of administrators, their connection, and the number of unread notifications. */
import { signal } from '@preact/signals'
import { connectChat, type Chat } from '../../../protocol/client/index.ts'
import { ConnectionState } from '../base/connection.tsx'
import { PageSession } from '../base/session.ts'

export const session = new PageSession('admin', ['admin'])
export const connection = new ConnectionState()
/** Unread notifications, kept by the socket. */
export const unread = signal(0)
/** Rises whenever something came that a shown list may have to show. */
export const news = signal(0)

let chat: Chat | null = null

/** Connects, and again after each loss, until `end`. */
export function begin(): void {
  end()
  connection.restarted()
  const connected = connectChat(session.connectOptions)
  chat = connected
  connected.on('open', () => {
    connection.opened()
    // The connection may have missed the last number.
    session.api.inbox
      .list({ limit: 1 })
      .then(answer => {
        unread.value = answer.unread
        news.value++
      })
      .catch(() => undefined)
  })
  connected.on('notification', message => {
    unread.value = message.unread
    news.value++
  })
  connected.on('closed', closed => {
    if (chat === connected) connection.closed(closed, () => void session.lapse())
  })
}

export function end(): void {
  const before = chat
  chat = null
  before?.close()
}
