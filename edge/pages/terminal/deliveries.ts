/** The orders of this pharmacy: those under way, and the past ones page by page. */
import { CaduceusError } from '../../../protocol/client/index.ts'
import { hasEnded } from '../../../protocol/orders/statuses.ts'
import type { OrderView } from '../../../protocol/orders/view.ts'
import { byId, messageOf, setText } from '../shared/elements.ts'
import { openOrders, PastOrders } from '../shared/order-lists.ts'
import type { Session } from '../shared/session.ts'
import { DeliveryCard } from './delivery-card.ts'

export class Deliveries {
  readonly #session: Session
  readonly #onChange: () => void
  readonly #cards = new Map<string, DeliveryCard>()
  #past: PastOrders | null = null

  constructor(session: Session, onChange: () => void) {
    this.#session = session
    this.#onChange = onChange
    byId('older').addEventListener('click', () => void this.#told(this.#showOlder()))
  }

  /** Loads every open order of ours, however old, and the latest past ones. */
  load(): Promise<void> {
    return this.#told(
      (async () => {
        const path = `/api/vendors/${this.#session.pharmacyId}/orders`
        for (const view of await openOrders(this.#session.api, path)) this.#show(view)
        this.#past = new PastOrders(this.#session.api, path)
        await this.#showOlder()
      })(),
    )
  }

  /** Reads one order again. */
  refresh(id: string): Promise<void> {
    return this.#told(this.#session.api.getOrder(id).then(view => this.#show(view)))
  }

  sayNoDriver(id: string): void {
    this.#cards.get(id)?.say('No driver took it. Search again, or send the practice driver out.')
  }

  clear(): void {
    for (const card of this.#cards.values()) card.element.remove()
    this.#cards.clear()
  }

  async #told(work: Promise<void>): Promise<void> {
    try {
      await work
    } catch (error) {
      const isGone = error instanceof CaduceusError && error.code === 'order_not_found'
      if (!isGone) setText(byId('news'), messageOf(error))
    }
  }

  async #showOlder(): Promise<void> {
    if (this.#past === null) return
    for (const view of await this.#past.more()) this.#show(view, true)
    byId('older').hidden = this.#past.isDone
  }

  /** `isOlder`: the order comes from a page of the past and goes below the others. */
  #show(view: OrderView, isOlder = false): void {
    // The list also contains requests that we were only asked; an open one has its card above.
    if (view.vendor_id !== this.#session.pharmacyId) return
    let card = this.#cards.get(view.id)
    if (card === undefined) {
      card = new DeliveryCard(view, {
        take: step =>
          this.#session.api.call('POST', `/api/orders/${view.id}/${step}`, { body: {} }),
        prescription: async () => (await this.#session.api.getOrder(view.id)).prescription_url,
        onTaken: taken => this.#show(taken),
      })
      this.#cards.set(view.id, card)
    }
    if (!card.show(view)) return
    const list = byId(hasEnded(view.status) ? 'finished' : 'ours')
    if (card.element.parentElement !== list)
      if (isOlder) list.append(card.element)
      else list.prepend(card.element)
    this.#onChange()
  }
}
