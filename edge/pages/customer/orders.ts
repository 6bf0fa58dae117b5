/** The customer's orders: those under way with answers and drivers, and the past ones. */
import { signal } from '@preact/signals'
import {
  connectCustomer,
  type Customer,
  type LocationMessage,
  type PharmacyResponse,
} from '../../../protocol/client/index.ts'
import { hasEnded, statusTable } from '../../../protocol/orders/statuses.ts'
import type { OrderView } from '../../../protocol/orders/view.ts'
import { ConversationNews } from '../base/chat.tsx'
import { ConnectionState } from '../base/connection.tsx'
import { problemText } from '../base/form.tsx'
import type { PageSession } from '../base/session.ts'
import { Glide } from '../map/glide.ts'
import type { Place } from '../map/projection.ts'
import { openOrders, PastOrders } from '../shared/order-lists.ts'
import type { Pharmacy } from '../shared/pharmacies.ts'
import { say } from '../texts/index.ts'

/** The answer of a pharmacy to a request. */
export interface Answer {
  pharmacyId: string
  name: string
  isAccepted: boolean
  text: string | null
  audioUrl: string | null
  /** Km; null when only the order's view has the answer. */
  distanceKm: number | null
  place: Place | null
}

const path = '/api/orders'

export class Orders {
  readonly session: PageSession
  readonly connection = new ConnectionState()
  readonly news = new ConversationNews()
  readonly views = signal<ReadonlyMap<string, OrderView>>(new Map())
  /** Answers by order, each pharmacy once. */
  readonly answers = signal<ReadonlyMap<string, readonly Answer[]>>(new Map())
  /** The last report about the driver, by order. */
  readonly progress = signal<ReadonlyMap<string, LocationMessage>>(new Map())
  /** Id of the order that the map follows; null while a place is chosen. */
  readonly followed = signal<string | null>(null)
  readonly pharmacies = signal<readonly Pharmacy[]>([])
  /** True when there are no older orders to show. */
  readonly hasAll = signal(true)
  /** What happened last, in words. */
  readonly said = signal('')
  /** Drivers on the map, by order. */
  readonly drivers = new Map<string, Glide>()
  #customer: Customer | null = null
  #past: PastOrders | null = null

  constructor(session: PageSession) {
    this.session = session
  }

  /** Connects, and again after each loss, until `end`. */
  begin(): void {
    this.end()
    this.connection.restarted()
    const customer = connectCustomer(this.session.connectOptions)
    this.#customer = customer
    customer.on('open', () => {
      this.connection.opened()
      this.news.hearAll()
      void this.#told(this.#load())
    })
    customer.on('closed', closed => {
      if (this.#customer !== customer) return
      this.connection.closed(closed, () => void this.session.leave())
    })
    customer.on('pharmacy_response', message => this.#hearResponse(message))
    customer.on('request_expired', ({ request_id }) => {
      this.said.value = say('order.expired')
      void this.#refresh(request_id)
    })
    customer.on('status', ({ order_id }) => void this.#refresh(order_id))
    customer.on('custody', ({ order_id }) => void this.#refresh(order_id))
    customer.on('location', message => this.#hearLocation(message))
    customer.on('conversation_entry', ({ conversation_id }) => this.news.hear(conversation_id))
    customer.on('conversation_changed', ({ conversation_id }) => this.news.hear(conversation_id))
  }

  end(): void {
    const customer = this.#customer
    this.#customer = null
    customer?.close()
  }

  /** Forgets the orders of a customer who signed out. */
  forget(): void {
    this.end()
    this.views.value = this.answers.value = this.progress.value = new Map()
    this.drivers.clear()
    this.followed.value = null
  }

  /** Shows an order, unless a newer state of it is shown. */
  show(view: OrderView): void {
    const known = this.views.value.get(view.id)
    if (known !== undefined && known.version > view.version) return
    this.views.value = new Map(this.views.value).set(view.id, view)
    if (statusTable[view.status].heading === null) {
      this.drivers.delete(view.id)
      const progress = new Map(this.progress.value)
      if (progress.delete(view.id)) this.progress.value = progress
    }
    for (const answer of view.responses) {
      const pharmacy = this.pharmacies.value.find(({ id }) => id === answer.vendor_id)
      const isWinner = answer.vendor_id === view.vendor_id
      this.#answer(view.id, {
        pharmacyId: answer.vendor_id,
        name: (isWinner ? view.vendor_name : pharmacy?.business_name) ?? say('order.a_pharmacy'),
        isAccepted: answer.response_type === 'ACCEPTED',
        text: answer.text_message,
        audioUrl: answer.audio_url,
        distanceKm: null,
        place: pharmacy ?? null,
      })
    }
  }

  /** Cancels an order. Throws the server's refusal. */
  async cancel(id: string): Promise<void> {
    this.show(await this.session.api.cancelOrder(id))
  }

  /** Reads the next page of past orders. */
  async more(): Promise<void> {
    if (this.#past === null) return
    for (const view of await this.#past.more()) this.show(view)
    this.hasAll.value = this.#past.isDone
  }

  async #load(): Promise<void> {
    const { api } = this.session
    this.#past = new PastOrders(api, path)
    await this.more()
    let running: string | null = null
    for (const view of await openOrders(api, path)) {
      this.show(view)
      running = view.id
    }
    this.followed.value ??= running
  }

  #refresh(id: string): Promise<void> {
    return this.#told(this.session.api.getOrder(id).then(view => this.show(view)))
  }

  #hearResponse(message: PharmacyResponse): void {
    const isAccepted = message.response_type === 'ACCEPTED'
    const { lat, lng } = message.pharmacy_location
    this.#answer(message.request_id, {
      pharmacyId: message.pharmacy_id,
      name: message.pharmacy_name,
      isAccepted,
      text: message.text_message,
      audioUrl: message.audio_url,
      distanceKm: message.distance_km,
      place: { latitude: lat, longitude: lng },
    })
    this.said.value = say(isAccepted ? 'order.accepted_by' : 'order.declined_by', {
      name: message.pharmacy_name,
    })
  }

  /** Keeps an answer; one that came as a message has more than one in a view. */
  #answer(orderId: string, answer: Answer): void {
    const before = this.answers.value.get(orderId) ?? []
    const known = before.find(({ pharmacyId }) => pharmacyId === answer.pharmacyId)
    if (known !== undefined && answer.distanceKm === null) return
    const others = before.filter(one => one !== known)
    this.answers.value = new Map(this.answers.value).set(orderId, [...others, answer])
  }

  #hearLocation(message: LocationMessage): void {
    const driver = this.drivers.get(message.order_id)
    if (driver === undefined) this.drivers.set(message.order_id, new Glide(message))
    else driver.report(message)
    this.progress.value = new Map(this.progress.value).set(message.order_id, message)
  }

  async #told(work: Promise<void>): Promise<void> {
    try {
      await work
    } catch (error) {
      this.said.value = problemText(error)
    }
  }
}

/** Those that are not over, newest first; or the past ones, newest first. */
export const ordersThat = (
  views: ReadonlyMap<string, OrderView>,
  isOver: boolean,
): readonly OrderView[] =>
  [...views.values()]
    .filter(({ status }) => hasEnded(status) === isOver)
    .sort((a, b) => (a.created_at < b.created_at ? 1 : -1))
