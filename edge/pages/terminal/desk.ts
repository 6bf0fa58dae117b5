/** What a signed-in terminal holds: its connection, the open requests, the orders, the standing. */
import { signal } from '@preact/signals'
import { connectTerminal, type Terminal } from '../../../protocol/client/index.ts'
import { closeCodes } from '../../../protocol/kernel/errors.ts'
import { ConversationNews } from '../base/chat.tsx'
import { ConnectionState } from '../base/connection.tsx'
import type { PageSession } from '../base/session.ts'
import type { Closed } from '../shared/connection-pill.ts'
import { Attention } from './attention.ts'
import { Deliveries } from './deliveries.ts'
import { OpenRequests } from './open-requests.ts'
import { moveNews, Standing } from './standing.tsx'

export class Desk {
  readonly session: PageSession
  readonly connection = new ConnectionState()
  readonly conversations = new ConversationNews()
  readonly attention = new Attention()
  readonly deliveries: Deliveries
  readonly requests = new OpenRequests(orderId => void this.deliveries.refresh(orderId))
  readonly standing: Standing
  /** What the server says, such as a decision upon the pharmacy. */
  readonly news = signal('')
  /** The name of the pharmacy. */
  readonly name = signal('')
  #terminal: Terminal | null = null

  constructor(session: PageSession) {
    this.session = session
    this.deliveries = new Deliveries(session)
    this.standing = new Standing(session, () => this.begin())
    this.requests.count.subscribe(count => this.attention.show(count))
  }

  /** Connects, and again after each loss, until `end`. */
  begin(): void {
    this.#disconnect()
    this.connection.restarted()
    const terminal = connectTerminal(this.session.connectOptions)
    this.#terminal = terminal
    this.requests.follow(terminal)
    terminal.on('open', ({ pharmacy_name }) => {
      this.connection.opened()
      this.name.value = pharmacy_name
      this.news.value = ''
      this.standing.hide()
      this.conversations.hearAll()
      void this.deliveries.load()
    })
    terminal.on('closed', closed => {
      if (this.#terminal === terminal) this.#closed(closed)
    })
    terminal.on('new_order', ({ order_id }) => void this.deliveries.refresh(order_id))
    terminal.on('status', ({ order_id }) => void this.deliveries.refresh(order_id))
    terminal.on('driver_search_ended', ({ order_id }) => this.deliveries.sayNoDriver(order_id))
    terminal.on('approval', message => {
      this.news.value = moveNews(message)
    })
    terminal.on('error', ({ message }) => {
      this.news.value = message
    })
    const { conversations } = this
    terminal.on('conversation_entry', entry => conversations.hear(entry.conversation_id))
    terminal.on('conversation_changed', entry => conversations.hear(entry.conversation_id))
  }

  /** Forgets everything of a pharmacy that signed out. */
  end(): void {
    this.#disconnect()
    this.standing.hide()
    this.requests.clear()
    this.deliveries.clear()
    this.news.value = this.name.value = ''
  }

  #disconnect(): void {
    const before = this.#terminal
    this.#terminal = null
    before?.close()
  }

  #closed(closed: Closed): void {
    this.connection.closed(closed, () => void this.session.lapse())
    if (!closed.final) this.requests.settleAll()
    else if (closed.code !== closeCodes.unauthenticated) void this.#sayWhy()
  }

  /** Shows why the server closed the connection for good: the decision in words, if it is one. */
  async #sayWhy(): Promise<void> {
    this.requests.closeAll()
    const isSaid = await this.standing.show().catch(() => false)
    if (isSaid) this.connection.rest()
  }
}
