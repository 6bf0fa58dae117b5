/** The customer's orders: those under way, and the past ones page by page. */
import type { LocationMessage, PharmacyResponse } from '../../../protocol/client/index.ts'
import { hasEnded } from '../../../protocol/orders/statuses.ts'
import type { OrderView } from '../../../protocol/orders/view.ts'
import { byId, messageOf } from '../shared/elements.ts'
import { openOrders, PastOrders } from '../shared/order-lists.ts'
import type { Pharmacy } from '../shared/pharmacies.ts'
import type { Session } from '../shared/session.ts'
import { OrderCard } from './order-card.ts'

interface Listeners {
  /** Shows an order on the map; `isNew`: the customer asked for it now. */
  onFollow(card: OrderCard, isNew: boolean): void
  onChange(): void
  onSaid(words: string): void
  pharmacyOf(id: string): Pharmacy | null
}

const path = '/api/orders'
const tickMs = 500

export class Orders {
  readonly #session: Session
  readonly #listeners: Listeners
  readonly #cards = new Map<string, OrderCard>()
  #past: PastOrders | null = null

  constructor(session: Session, listeners: Listeners) {
    this.#session = session
    this.#listeners = listeners
    byId('older').addEventListener('click', () => void this.#told(this.#showOlder()))
    setInterval(() => {
      for (const card of this.#cards.values()) card.tick()
    }, tickMs)
  }

  get(id: string): OrderCard | null {
    return this.#cards.get(id) ?? null
  }

  /** Loads every open order, however old, and the latest past ones. Returns the newest open one. */
  async load(): Promise<OrderCard | null> {
    let running: OrderCard | null = null
    const { api } = this.#session
    const read = async (): Promise<void> => {
      this.#past = new PastOrders(api, path)
      await this.#showOlder()
      for (const view of await openOrders(api, path)) running = this.show(view)
    }
    await this.#told(read())
    return running
  }

  /** Reads one order again. */
  refresh(id: string): Promise<void> {
    return this.#told(
      this.#session.api.getOrder(id).then(view => this.#listeners.onFollow(this.show(view), false)),
    )
  }

  hearResponse(message: PharmacyResponse): void {
    const card = this.get(message.request_id)
    if (card === null) return
    card.addResponse(message)
    const verb = message.response_type === 'ACCEPTED' ? 'accepted' : 'declined'
    this.#listeners.onSaid(`${message.pharmacy_name} ${verb}.`)
    this.#listeners.onFollow(card, false)
  }

  hearLocation(message: LocationMessage): void {
    const card = this.get(message.order_id)
    if (card === null) return
    const isFirst = card.driver === null
    card.moveDriver(message)
    if (isFirst) this.#listeners.onFollow(card, false)
    this.#listeners.onChange()
  }

  /** `isOlder`: the order comes from a page of the past and goes below the others. */
  show(view: OrderView, isOlder = false): OrderCard {
    let card = this.#cards.get(view.id)
    if (card === undefined) {
      const { api } = this.#session
      const made: OrderCard = new OrderCard(view, api, {
        onShow: () => this.#listeners.onFollow(made, true),
        onCancel: async () => void this.show(await api.cancelOrder(view.id)),
      })
      card = made
      this.#cards.set(view.id, card)
    }
    if (!card.show(view, this.#listeners.pharmacyOf)) return card
    const list = byId(hasEnded(view.status) ? 'past' : 'orders')
    if (card.element.parentElement !== list)
      if (isOlder) list.append(card.element)
      else list.prepend(card.element)
    for (const name of ['orders', 'past'])
      byId(`${name}-part`).hidden = byId(name).childElementCount === 0
    this.#listeners.onChange()
    return card
  }

  clear(): void {
    for (const card of this.#cards.values()) card.element.remove()
    this.#cards.clear()
    byId('orders-part').hidden = byId('past-part').hidden = true
  }

  async #showOlder(): Promise<void> {
    if (this.#past === null) return
    for (const view of await this.#past.more()) this.show(view, true)
    byId('older').hidden = this.#past.isDone
  }

  async #told(work: Promise<void>): Promise<void> {
    try {
      await work
    } catch (error) {
      this.#listeners.onSaid(messageOf(error))
    }
  }
}
