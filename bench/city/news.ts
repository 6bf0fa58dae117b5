/** Counts the events of the city for the live line. It knows only what the sockets tell. */
import { hasEnded } from '../../protocol/orders/statuses.ts'
import { Latency, RequestClock, shown } from '../harness/latency.ts'

/**
 * Percentiles cover about this many of the last arrivals, so that the line shows the present and
 * not the start.
 */
const windowArrivals = 20_000
const openMax = 20_000

export class CityNews {
  readonly requestToTerminal = new Latency()
  readonly #clock = new RequestClock(this.requestToTerminal)
  readonly #orders = new Map<string, { status: string; trackingToken: string | null }>()
  readonly #onMoving: (trackingToken: string) => void
  #movingTold = false
  asks = 0
  won = 0
  lost = 0
  deliveries = 0
  expired = 0
  cancelled = 0
  troubles = 0
  lastTrouble = ''

  /**
   * `onMoving` is called once, with the tracking token of the first order that is being carried.
   */
  constructor(onMoving: (trackingToken: string) => void) {
    this.#onMoving = onMoving
  }

  asked(requestId: string, startedMs: number, trackingToken: string, pharmacies: number): void {
    this.asks++
    this.#clock.began(requestId, startedMs)
    const known = this.#orders.get(requestId)
    if (known === undefined)
      this.#orders.set(requestId, { status: pharmacies > 0 ? 'pending' : 'expired', trackingToken })
    else known.trackingToken = trackingToken
    if (this.#orders.size > openMax)
      for (const oldest of this.#orders.keys()) {
        this.#orders.delete(oldest)
        break
      }
  }

  heard(requestId: string): void {
    if (this.requestToTerminal.count > windowArrivals) this.requestToTerminal.reset()
    this.#clock.heard(requestId, performance.now())
  }

  answered(_requestId: string, outcome: string): void {
    if (outcome === 'won') this.won++
    if (outcome === 'lost') this.lost++
  }

  /** A status from the customer's socket. */
  status(orderId: string, status: string): void {
    if (status === 'expired') this.expired++
    if (status === 'cancelled') this.cancelled++
    if (hasEnded(status)) {
      this.#orders.delete(orderId)
      return
    }
    const known = this.#orders.get(orderId)
    if (known === undefined) this.#orders.set(orderId, { status, trackingToken: null })
    else known.status = status
  }

  underWay(orderId: string): void {
    const trackingToken = this.#orders.get(orderId)?.trackingToken ?? null
    if (this.#movingTold || trackingToken === null) return
    this.#movingTold = true
    this.#onMoving(trackingToken)
  }

  delivered(_orderId: string): void {
    this.deliveries++
  }
  gaveUp(orderId: string, error: unknown): void {
    if (this.#orders.has(orderId))
      this.trouble(`delivery: ${error instanceof Error ? error.message : String(error)}`)
  }

  trouble(what: string): void {
    this.troubles++
    this.lastTrouble = what
  }

  get percentiles(): string {
    const { requestToTerminal: latency } = this
    return `request→terminal p50 ${shown(latency.percentile(50))} p99 ${shown(latency.percentile(99))} ms`
  }
}
