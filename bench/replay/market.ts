/**
 * Trips as orders: customers send them as requests, pharmacies answer (several at once, by seeded
 * chance), and a free driver of the winner is assigned and takes as long as the recorded trip. All
 * messages are kept, so that the end can be checked: one winner each, every loser told, nobody
 * waiting.
 */
import {
  connectTerminal,
  connectTracker,
  type NewRequest,
  type Terminal,
  type Tracker,
} from '../../protocol/client/index.ts'
import { Latency, RequestClock } from '../harness/latency.ts'
import type { Person } from '../rigs/people.ts'
import { uploadSignature } from '../rigs/signature.ts'
import { seededRandom } from '../../protocol/kernel/chance.ts'
import type { TripRow } from './data.ts'
import type { Cab } from './fleet.ts'

export interface MarketOptions {
  speed: number
  radiusKm: number
  seed: number
  acceptChance: number
  expiresInSeconds: number
}

/** One order as clients see it. */
export interface Ask {
  trip: TripRow
  orderId: string
  trackingToken: string
  notified: number
  expiresAtMs: number
  customer: Person
  /** Pharmacies that received `won`. */
  winners: string[]
  lost: number
  rejected: number
  /** Answers other than won, lost and recorded. */
  odd: string[]
  /** Number of answers that never came. */
  unanswered: number
  /** Number of answers still awaited. */
  waiting: number
  delivered: boolean
  stuck: string | null
}

interface MarketPharmacy {
  person: Person
  terminal: Terminal
  cabs: number
  free: Cab[]
  queue: Ask[]
}

const trackersMax = 100
const assignAttemptsMax = 3
const answerDelayMs = { min: 60, max: 400 }
/**
 * Reaction time, ms: a person who is about to accept does not stop when another pharmacy was
 * faster.
 */
const reflexMs = 150
/** Extra wait for the message of an expiry, ms. */
const expiryReserveMs = 1_500
/** A pharmacy reads the number of the trip in the first item, because notes are not in a request. */
const tripName = 'trip '

export class Market {
  readonly options: MarketOptions
  readonly asks = new Map<string, Ask>()
  readonly requestToTerminal = new Latency()
  readonly answerToWinner = new Latency()
  readonly answerToLoser = new Latency()
  readonly frameToTracker = new Latency()
  refusedRequests = 0
  lastTrouble = ''
  readonly #clock = new RequestClock(this.requestToTerminal)
  readonly #pharmacies = new Map<string, MarketPharmacy>()
  readonly #trackers = new Map<string, Tracker>()
  /** Answers that came before the customer's own answer named the order. */
  readonly #early = new Map<string, ((ask: Ask) => void)[]>()
  readonly #timers = new Set<NodeJS.Timeout>()
  #stopped = false

  constructor(options: MarketOptions) {
    this.options = options
  }

  addPharmacy(person: Person, index: number): void {
    const terminal = connectTerminal(person.connect)
    const pending = new Map<string, { timer: NodeJS.Timeout; atMs: number }>()
    terminal.on('new_request', request =>
      this.#asked(person.recordId, index, terminal, request, pending),
    )
    terminal.on('request_closed', ({ request_id }) => {
      const answer = pending.get(request_id)
      if (answer === undefined || answer.atMs - performance.now() < reflexMs) return
      clearTimeout(answer.timer)
      this.#timers.delete(answer.timer)
      pending.delete(request_id)
    })
    this.#pharmacies.set(person.recordId, { person, terminal, cabs: 0, free: [], queue: [] })
  }

  get terminalsOpen(): number {
    return [...this.#pharmacies.values()].filter(pharmacy => pharmacy.terminal.isOpen).length
  }
  addCab(pharmacyId: string, cab: Cab): void {
    const pharmacy = this.#pharmacies.get(pharmacyId)!
    pharmacy.cabs++
    pharmacy.free.push(cab)
  }

  /** Sends the request of the trip now. */
  async ask(trip: TripRow, index: number, customer: Person): Promise<void> {
    const startedMs = performance.now()
    try {
      const answer = await customer.api.createRequest({
        latitude: trip.latitude,
        longitude: trip.longitude,
        radius_km: this.options.radiusKm,
        items: [{ name: `${tripName}${index}`, quantity: 1 }],
        expires_in_seconds: this.options.expiresInSeconds,
      })
      const ask: Ask = {
        trip,
        orderId: answer.request_id,
        trackingToken: answer.data.tracking_token,
        notified: answer.pharmacies_notified,
        expiresAtMs: Date.parse(answer.expires_at),
        customer,
        winners: [],
        lost: 0,
        rejected: 0,
        odd: [],
        unanswered: 0,
        waiting: 0,
        delivered: false,
        stuck: null,
      }
      this.asks.set(ask.orderId, ask)
      this.#clock.began(ask.orderId, startedMs)
      for (const apply of this.#early.get(ask.orderId) ?? []) apply(ask)
      this.#early.delete(ask.orderId)
    } catch (error) {
      this.refusedRequests++
      this.lastTrouble = `request: ${error instanceof Error ? error.message : String(error)}`
    }
  }

  #with(orderId: string, apply: (ask: Ask) => void): void {
    const ask = this.asks.get(orderId)
    if (ask !== undefined) {
      apply(ask)
      return
    }
    const early = this.#early.get(orderId)
    if (early === undefined) this.#early.set(orderId, [apply])
    else early.push(apply)
  }

  /**
   * The choice depends only on the pharmacy and the trip, so the same seed gives the same
   * intentions whoever is faster.
   */
  #asked(
    pharmacyId: string,
    index: number,
    terminal: Terminal,
    request: NewRequest,
    pending: Map<string, { timer: NodeJS.Timeout; atMs: number }>,
  ): void {
    this.#clock.heard(request.request_id, performance.now())
    const trip = Number(request.items[0]?.name.slice(tripName.length) ?? 0)
    const random = seededRandom(
      Math.imul(this.options.seed + 1, 2_654_435_761) ^
        Math.imul(index + 1, 40_503) ^
        Math.imul(trip + 1, 97),
    )
    const chance = random()
    const accepts = chance < this.options.acceptChance
    if (!accepts && chance > this.options.acceptChance + 0.1) return
    const delayMs = answerDelayMs.min + random() * (answerDelayMs.max - answerDelayMs.min)
    const timer = setTimeout(() => {
      pending.delete(request.request_id)
      this.#timers.delete(timer)
      void this.#answer(pharmacyId, terminal, request.request_id, accepts)
    }, delayMs)
    this.#timers.add(timer)
    pending.set(request.request_id, { timer, atMs: performance.now() + delayMs })
  }

  async #answer(
    pharmacyId: string,
    terminal: Terminal,
    orderId: string,
    accepts: boolean,
  ): Promise<void> {
    if (this.#stopped) return
    const startedMs = performance.now()
    this.#with(orderId, ask => {
      ask.waiting++
    })
    try {
      const { outcome } = await terminal.respond(orderId, accepts ? 'ACCEPTED' : 'REJECTED')
      const tookMs = performance.now() - startedMs
      if (outcome === 'won') this.answerToWinner.record(tookMs)
      if (outcome === 'lost') this.answerToLoser.record(tookMs)
      this.#with(orderId, ask => {
        ask.waiting--
        if (outcome === 'won') {
          ask.winners.push(pharmacyId)
          if (ask.winners.length === 1) this.#accepted(pharmacyId, ask)
        } else if (outcome === 'lost') ask.lost++
        else if (outcome === 'recorded') ask.rejected++
        else if (!accepts && outcome === 'error') ask.rejected++
        else ask.odd.push(outcome)
      })
    } catch (error) {
      this.lastTrouble = String(error)
      this.#with(orderId, ask => {
        ask.waiting--
        ask.unanswered++
      })
    }
  }

  #accepted(pharmacyId: string, ask: Ask): void {
    const pharmacy = this.#pharmacies.get(pharmacyId)!
    const cab = pharmacy.free.shift()
    if (cab === undefined) pharmacy.queue.push(ask)
    else void this.#deliver(pharmacy, ask, cab)
  }

  async #deliver(pharmacy: MarketPharmacy, ask: Ask, cab: Cab): Promise<void> {
    try {
      await this.#assign(pharmacy, ask, cab)
      this.#track(ask, cab)
      const { api } = cab.person
      await api.updateOrder(ask.orderId, { status: 'picked_up' })
      await api.updateOrder(ask.orderId, { status: 'out_for_delivery' })
      await this.#pause((ask.trip.durationSeconds * 1_000) / this.options.speed)
      if (this.#stopped) return
      await api.updateOrder(ask.orderId, {
        status: 'delivered',
        signature_url: await uploadSignature(cab.person.connect.url, api),
      })
      ask.delivered = true
    } catch (error) {
      ask.stuck = error instanceof Error ? error.message : String(error)
      this.lastTrouble = `delivery: ${ask.stuck}`
    }
    this.#trackers.get(ask.orderId)?.close()
    this.#trackers.delete(ask.orderId)
    const next = pharmacy.queue.shift()
    if (next === undefined) pharmacy.free.push(cab)
    else void this.#deliver(pharmacy, next, cab)
  }

  async #assign(pharmacy: MarketPharmacy, ask: Ask, cab: Cab): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      try {
        await pharmacy.person.api.assignDriver(ask.orderId, cab.person.recordId)
        return
      } catch (error) {
        if (attempt === assignAttemptsMax) throw error
        // The driver's last delivery is still being released.
        await this.#pause(100)
      }
    }
  }

  /** Follows the order by its public link, and times the driver's frames. */
  #track(ask: Ask, cab: Cab): void {
    if (this.#trackers.size >= trackersMax || this.#stopped) return
    const tracker = connectTracker({ ...cab.person.connect, trackingToken: ask.trackingToken })
    this.#trackers.set(ask.orderId, tracker)
    const connectedAtMs = performance.now()
    tracker.on('location', ({ at }) => {
      const sentAtMs = cab.sentAt(Date.parse(at))
      // A frame from before the tracker connected says nothing about the delay of messages.
      if (sentAtMs !== undefined && sentAtMs >= connectedAtMs)
        this.frameToTracker.record(performance.now() - sentAtMs)
    })
  }

  #pause(ms: number): Promise<void> {
    return new Promise(resolve => {
      const timer = setTimeout(() => {
        this.#timers.delete(timer)
        resolve()
      }, ms)
      this.#timers.add(timer)
    })
  }

  /**
   * Number of orders that will still change by themselves: open ones, and those whose pharmacy has
   * a vehicle.
   */
  get unfinished(): number {
    const nowMs = Date.now()
    let count = 0
    for (const ask of this.asks.values()) {
      if (ask.waiting > 0) count++
      else if (ask.winners.length === 0)
        count += ask.notified > 0 && nowMs < ask.expiresAtMs + expiryReserveMs ? 1 : 0
      else if (
        !ask.delivered &&
        ask.stuck === null &&
        this.#pharmacies.get(ask.winners[0]!)!.cabs > 0
      )
        count++
    }
    return count
  }

  get deliveredCount(): number {
    return [...this.asks.values()].filter(ask => ask.delivered).length
  }
  get wonCount(): number {
    return [...this.asks.values()].filter(ask => ask.winners.length > 0).length
  }

  stop(): void {
    this.#stopped = true
    for (const timer of this.#timers) clearTimeout(timer)
    for (const tracker of this.#trackers.values()) tracker.close()
    for (const { terminal } of this.#pharmacies.values()) terminal.close()
  }
}
