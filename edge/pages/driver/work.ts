/**
 * The driver's work of today: duty, offers, deliveries, positions. It holds the connection; the
 * parts of the page read its signals.
 */
import { computed, signal } from '@preact/signals'
import {
  CaduceusError,
  connectDriver,
  type AssignedMessage,
  type Driver,
  type OfferMessage,
} from '../../../protocol/client/index.ts'
import type { Availability } from '../../../protocol/drivers/statuses.ts'
import { hasEnded, statusTable, type OrderStatus } from '../../../protocol/orders/statuses.ts'
import type { OrderView } from '../../../protocol/orders/view.ts'
import { ConversationNews } from '../base/chat.tsx'
import { ConnectionState } from '../base/connection.tsx'
import { isPassing } from '../base/passing.ts'
import type { Payment } from '../base/payment.ts'
import type { PageSession } from '../base/session.ts'
import { Alarm } from '../shared/alarm.ts'
import { openOrders } from '../shared/order-lists.ts'
import { newStep, Steps } from './steps.ts'
import {
  forgetWork,
  keepDeliveries,
  keepFrames,
  keptDeliveries,
  keptFrames,
  sequence,
  type Delivery,
} from './store.ts'

export type { Delivery } from './store.ts'

const keepFramesMs = 5_000
/** Pauses before the questions about a delivery; the next connection asks once more. */
const learnPausesMs = [0, 500, 1_000, 2_000, 4_000, 8_000, 16_000] as const

export class Work {
  readonly session: PageSession
  readonly connection = new ConnectionState()
  readonly news = new ConversationNews()
  readonly alarm = new Alarm()
  readonly steps: Steps
  readonly duty = signal<string>('offline')
  readonly offers = signal<readonly OfferMessage[]>([])
  readonly deliveries = signal<readonly Delivery[]>([])
  /** Positions that the server has not acknowledged. */
  readonly waitingPositions = signal(0)
  /** The last position of this phone; an error's words when there is none. */
  readonly position = signal<GeolocationCoordinates | string | null>(null)
  readonly isOnDuty = computed(() => this.duty.value !== 'offline')
  /** Something that the driver should know, such as the end of an offer. */
  readonly said = signal('')
  /** The account whose work is in memory. */
  #accountId: string | null = null
  #driver: Driver | null = null
  #watch: number | null = null
  #keeping: ReturnType<typeof setInterval> | undefined

  constructor(session: PageSession) {
    this.session = session
    this.steps = new Steps(
      session.api,
      order => this.#update(order),
      orderId => void this.#learn(orderId),
    )
    addEventListener('online', () => void this.steps.handIn())
    addEventListener('pagehide', () => this.#keep())
  }

  /**
   * Takes up the account's kept work and connects, and again after each loss, until `end`.
   */
  begin(accountId: string): void {
    this.end()
    if (this.#accountId !== accountId) {
      this.#empty()
      this.#accountId = accountId
      this.deliveries.value = keptDeliveries(accountId)
      void this.steps.open(accountId)
    }
    this.steps.begin()
    this.connection.restarted()
    const driver = connectDriver({
      ...this.session.connectOptions,
      sequence,
      unacknowledged: keptFrames(accountId),
    })
    this.#driver = driver
    this.#keeping = setInterval(() => this.#keep(), keepFramesMs)
    driver.on('open', ({ status, server_time_ms }) => {
      this.steps.clockCorrectionMs = server_time_ms - Date.now()
      this.connection.opened()
      this.duty.value = status
      this.#watchPosition()
      this.offers.value = []
      this.news.hearAll()
      void this.steps.handIn().then(() => this.#refresh())
    })
    driver.on('closed', closed => {
      if (this.#driver !== driver) return
      this.connection.closed(closed, () => void this.session.lapse())
    })
    driver.on('offer', offer => {
      const others = this.offers.value.filter(one => one.offer_id !== offer.offer_id)
      this.offers.value = [...others, offer]
      this.alarm.ring()
    })
    driver.on('offer_withdrawn', ({ offer_id }) => this.#dropOffer(offer_id))
    driver.on('assigned', message => this.#assigned(message))
    driver.on('assignment_ended', ({ order_id, reason }) => {
      this.#drop(order_id)
      this.said.value = reason
    })
    driver.on('custody', ({ order_id }) => void this.#learn(order_id))
    driver.on('driver_status', ({ status }) => {
      this.duty.value = status
      this.#watchPosition()
    })
    driver.on('conversation_entry', ({ conversation_id }) => this.news.hear(conversation_id))
    driver.on('conversation_changed', ({ conversation_id }) => this.news.hear(conversation_id))
    driver.on('ack', ({ waiting }) => {
      this.waitingPositions.value = waiting
    })
  }

  end(): void {
    const driver = this.#driver
    this.#keep()
    this.#driver = null
    this.steps.rest()
    clearInterval(this.#keeping)
    this.#stopWatching()
    driver?.close()
  }

  /** Ends the work and forgets it on this phone, but for steps that are not handed in. */
  async forget(): Promise<void> {
    const accountId = this.#accountId
    this.end()
    this.#empty()
    if (accountId !== null) await forgetWork(accountId)
  }

  #empty(): void {
    this.#accountId = null
    this.deliveries.value = []
    this.offers.value = []
    this.waitingPositions.value = 0
    this.duty.value = 'offline'
    this.said.value = ''
    this.steps.close()
  }

  /** Goes on or off duty. Throws the server's refusal. */
  async setDuty(status: Availability): Promise<void> {
    this.alarm.allow()
    const result = await this.#connected.setStatus(status)
    if (result.outcome !== 'changed') throw new Error(result.message ?? result.code ?? '')
    this.duty.value = status
    this.#watchPosition()
  }

  /** Answers an offer. Throws when it is over. */
  async answer(offer: OfferMessage, accept: boolean): Promise<void> {
    const result = await this.#connected.respondToOffer(offer.offer_id, accept)
    this.#dropOffer(offer.offer_id)
    if (result.outcome === 'error' || result.outcome === 'expired')
      this.said.value = result.message ?? result.outcome
  }

  /** Gives a delivery back before the pick-up. */
  async giveBack({ order_id, offer_id }: Delivery, reason: string): Promise<void> {
    await this.session.api.call('POST', `/api/orders/${order_id}/offers/${offer_id}/decline`, {
      body: { reason },
    })
    this.#drop(order_id)
  }

  /** A package is scanned at the present stage. */
  scan(delivery: Delivery, code: string): Promise<void> {
    return this.steps.add({ ...newStep(delivery.order_id, this.statusOf(delivery)), scan: code })
  }
  /** The chain of custody broke. */
  report(delivery: Delivery, trouble: { kind: string; note?: string }): Promise<void> {
    return this.steps.add({ ...newStep(delivery.order_id, this.statusOf(delivery)), trouble })
  }

  /** Keeps what the driver must know at the door. */
  keepPayment(orderId: string, payment: Payment | null): void {
    this.#show(
      this.deliveries.value.map(one => (one.order_id === orderId ? { ...one, payment } : one)),
    )
  }

  /** The status of a delivery with the steps that are not handed in yet. */
  statusOf({ order_id, status }: Delivery): OrderStatus {
    return this.steps.lastOf(order_id)?.status ?? status
  }

  get #connected(): Driver {
    if (this.#driver === null) throw new Error('not connected')
    return this.#driver
  }

  #dropOffer(offerId: string): void {
    this.offers.value = this.offers.value.filter(({ offer_id }) => offer_id !== offerId)
    if (this.offers.value.length === 0) this.alarm.stop()
  }

  #assigned(message: AssignedMessage): void {
    this.#dropOffer(message.offer_id)
    const { order_id, status = 'driver_assigned' } = message
    const known = this.deliveries.value.find(one => one.order_id === order_id)
    const others = this.deliveries.value.filter(one => one.order_id !== order_id)
    this.#show([...others, { ...known, ...message, status }])
    void this.#learn(order_id)
  }

  /** Reads the deliveries again: a step may have been done elsewhere. */
  async #refresh(): Promise<void> {
    try {
      const orders = await openOrders(this.session.api, '/api/orders')
      const underWay = new Map(
        orders.filter(({ status }) => statusTable[status].underWay).map(order => [order.id, order]),
      )
      this.#show(
        this.deliveries.value
          .filter(({ order_id }) => underWay.has(order_id))
          .map(delivery => updated(delivery, underWay.get(delivery.order_id)!)),
      )
    } catch {
      // The next connection reads them.
    }
  }

  /**
   * Reads a delivery until the answer is newer than what is known. The orders that the server lists
   * for a driver follow an assignment and every change within a moment.
   */
  async #learn(orderId: string): Promise<void> {
    const versionOf = (): number =>
      this.deliveries.value.find(one => one.order_id === orderId)?.version ?? 0
    const known = versionOf()
    for (const pauseMs of learnPausesMs) {
      await new Promise(resolve => setTimeout(resolve, pauseMs))
      try {
        this.#update(await this.session.api.getOrder(orderId))
        if (versionOf() > known) return
      } catch (error) {
        const isEarly = error instanceof CaduceusError && error.code === 'order_not_found'
        if (!isEarly && !isPassing(error)) return
      }
    }
  }

  #update(order: OrderView): void {
    if (hasEnded(order.status)) this.#drop(order.id)
    else
      this.#show(
        this.deliveries.value.map(one => (one.order_id === order.id ? updated(one, order) : one)),
      )
  }

  #drop(orderId: string): void {
    this.#show(this.deliveries.value.filter(({ order_id }) => order_id !== orderId))
  }

  #show(deliveries: readonly Delivery[]): void {
    this.deliveries.value = deliveries
    if (this.#accountId !== null) keepDeliveries(this.#accountId, deliveries)
  }

  #watchPosition(): void {
    if (this.duty.value === 'offline') {
      this.#stopWatching()
      return
    }
    if (this.#watch !== null) return
    const { geolocation } = navigator as Partial<Navigator>
    this.#watch =
      geolocation?.watchPosition(
        ({ coords, timestamp }) => this.#moved(coords, timestamp),
        error => {
          this.position.value = error.message || String(error.code)
        },
        { enableHighAccuracy: true, maximumAge: 5_000 },
      ) ?? null
  }

  #moved(coords: GeolocationCoordinates, timestampMs: number): void {
    this.position.value = coords
    // A receiver's old time would make the server take the position as late.
    const ageMs = Date.now() - timestampMs
    try {
      this.#driver?.sendLocation({
        latitude: coords.latitude,
        longitude: coords.longitude,
        headingDeg: coords.heading === null || Number.isNaN(coords.heading) ? null : coords.heading,
        speedMps: coords.speed,
        accuracyM: coords.accuracy,
        ...(ageMs > 60_000 && { timestampMs }),
      })
    } catch {
      // A position that no server accepts is no position.
    }
    this.waitingPositions.value = this.#driver?.unacknowledged.length ?? 0
  }

  #stopWatching(): void {
    if (this.#watch !== null) navigator.geolocation.clearWatch(this.#watch)
    this.#watch = null
    this.position.value = null
  }

  #keep(): void {
    if (this.#driver !== null && this.#accountId !== null)
      keepFrames(this.#accountId, this.#driver.unacknowledged)
  }
}

/** An answer that was on its way for long changes nothing. */
const updated = (delivery: Delivery, { status, custody, version }: OrderView): Delivery =>
  version < (delivery.version ?? 0) ? delivery : { ...delivery, status, custody, version }
