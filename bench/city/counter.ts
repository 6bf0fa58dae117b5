/** The pharmacies of the demo, and the customers who order. */
import {
  CaduceusError,
  connectCustomer,
  connectTerminal,
  type Customer,
  type NewRequest,
  type Terminal,
} from '../../protocol/client/index.ts'
import type { Person } from '../rigs/people.ts'
import { door, doorNear, placeOf, type Point, type Random } from './grid.ts'
import type { CityNews } from './news.ts'

const medicines = [
  'Paracetamol 500 mg',
  'Amoxicillin 250 mg',
  'ORS sachets',
  'Insulin glargine',
  'Salbutamol inhaler',
  'Cetirizine 10 mg',
  'Metformin 500 mg',
  'Omeprazole 20 mg',
]
/**
 * Reaction time, ms: a person who is about to accept does not stop when another pharmacy was
 * faster.
 */
const reflexMs = 350
/** Distance, km, at which a pharmacy is a third as likely to accept as next door. */
const keenKm = 0.25

export class Pharmacy {
  readonly #terminal: Terminal
  readonly #random: Random
  readonly #news: CityNews
  readonly #pending = new Map<string, { timer: NodeJS.Timeout; atMs: number }>()
  #stopped = false

  constructor(person: Person, random: Random, news: CityNews) {
    this.#random = random
    this.#news = news
    this.#terminal = connectTerminal(person.connect)
    this.#terminal.on('new_request', request => this.#asked(request))
    this.#terminal.on('request_closed', ({ request_id }) => this.#over(request_id))
    this.#terminal.on('error', error => news.trouble(`pharmacy: ${error.code} ${error.message}`))
  }

  get isOpen(): boolean {
    return this.#terminal.isOpen
  }

  /**
   * The nearer the customer, the more likely the pharmacy accepts. Some pharmacies look and do
   * nothing.
   */
  #asked(request: NewRequest): void {
    this.#news.heard(request.request_id)
    const chance = this.#random()
    const keen = 0.8 * Math.exp(-request.distance_km / keenKm)
    if (chance >= keen + 0.15) return
    const accept = chance < keen
    // A pharmacy next door need not think about the way.
    const delayMs = 900 - Math.log(1 - this.#random()) * (1_000 + 4_000 * request.distance_km)
    const timer = setTimeout(
      () => {
        this.#pending.delete(request.request_id)
        void this.#answer(request.request_id, accept)
      },
      Math.min(delayMs, 30_000),
    )
    this.#pending.set(request.request_id, { timer, atMs: performance.now() + delayMs })
  }

  #over(requestId: string): void {
    const pending = this.#pending.get(requestId)
    if (pending === undefined || pending.atMs - performance.now() < reflexMs) return
    clearTimeout(pending.timer)
    this.#pending.delete(requestId)
  }

  async #answer(requestId: string, accept: boolean): Promise<void> {
    try {
      const result = await this.#terminal.respond(requestId, accept ? 'ACCEPTED' : 'REJECTED', {
        text_message: accept ? 'In stock, on its way soon' : 'Out of stock',
      })
      this.#news.answered(requestId, result.outcome)
    } catch (error) {
      if (!this.#stopped) this.#news.trouble(`pharmacy: ${String(error)}`)
    }
  }

  stop(): void {
    this.#stopped = true
    for (const { timer } of this.#pending.values()) clearTimeout(timer)
    this.#terminal.close()
  }
}

export class Household {
  readonly #person: Person
  readonly #random: Random
  readonly #news: CityNews
  readonly #customer: Customer
  readonly #timers = new Set<NodeJS.Timeout>()
  readonly #pharmacies: readonly { at: Point }[]

  /** Most customers order from a door near one of `pharmacies`. */
  constructor(
    person: Person,
    pharmacies: readonly { at: Point }[],
    random: Random,
    news: CityNews,
  ) {
    this.#person = person
    this.#pharmacies = pharmacies
    this.#random = random
    this.#news = news
    this.#customer = connectCustomer(person.connect)
    this.#customer.on('status', ({ order_id, status }) => news.status(order_id, status))
    this.#customer.on('request_expired', ({ request_id }) => news.status(request_id, 'expired'))
    this.#customer.on('error', error => news.trouble(`customer: ${error.code} ${error.message}`))
  }

  get isOpen(): boolean {
    return this.#customer.isOpen
  }

  /** Sends a request from a door in the city, and sometimes cancels it. */
  async ask(): Promise<void> {
    const random = this.#random
    const item = {
      name: medicines[Math.floor(random() * medicines.length)]!,
      quantity: 1 + Math.floor(random() * 3),
    }
    const at =
      random() < 0.25
        ? door(random)
        : doorNear(this.#pharmacies[Math.floor(random() * this.#pharmacies.length)]!.at, random)
    const startedMs = performance.now()
    const answer = await this.#person.api.createRequest({
      ...placeOf(at),
      radius_km: Math.round((1 + random()) * 10) / 10,
      items: [item],
      notes: 'Please ring twice',
      expires_in_seconds: 60,
    })
    this.#news.asked(
      answer.request_id,
      startedMs,
      answer.data.tracking_token,
      answer.pharmacies_notified,
    )
    if (random() < 0.03) this.#cancelLater(answer.request_id, 3_000 + random() * 15_000)
  }

  #cancelLater(requestId: string, ms: number): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer)
      this.#person.api.cancelRequest(requestId).catch((error: unknown) => {
        // The delivery is already under way, so the customer takes it after all.
        if (!(error instanceof CaduceusError)) this.#news.trouble(`customer: ${String(error)}`)
      })
    }, ms)
    this.#timers.add(timer)
  }

  stop(): void {
    for (const timer of this.#timers) clearTimeout(timer)
    this.#customer.close()
  }
}
