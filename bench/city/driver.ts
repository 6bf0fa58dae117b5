/**
 * A driver of the demo: roams near the pharmacy, answers offers as people do, fetches and delivers
 * accepted orders, the nearest stop first, and reports each step over the real interfaces.
 */
import {
  connectDriver,
  type AssignedMessage,
  type Driver,
  type OfferMessage,
} from '../../protocol/client/index.ts'
import type { Person } from '../rigs/people.ts'
import { uploadSignature } from '../rigs/signature.ts'
import { apart, placeOf, pointOf, Vehicle, type Point, type Random } from './grid.ts'
import type { CityNews } from './news.ts'

interface Job {
  orderId: string
  pickup: Point
  dropoff: Point
  carried: boolean
}
/** The driver's current activity. `untilMs` is the end of a stay, by the clock of `step`. */
type Doing =
  | { kind: 'roaming' }
  | { kind: 'driving'; job: Job }
  | { kind: 'staying'; job: Job; untilMs: number }
  | { kind: 'reporting' }

const declineChance = 0.08
const stayMs = { pickup: [3_000, 7_000], dropoff: [2_000, 6_000] } as const

export class CityDriver {
  readonly #person: Person
  readonly #home: Point
  readonly #random: Random
  readonly #news: CityNews
  readonly #driver: Driver
  readonly #vehicle: Vehicle
  readonly #jobs = new Map<string, Job>()
  readonly #timers = new Set<NodeJS.Timeout>()
  #doing: Doing = { kind: 'roaming' }
  #stopped = false

  constructor(person: Person, home: Point, random: Random, news: CityNews) {
    this.#person = person
    this.#home = home
    this.#random = random
    this.#news = news
    this.#vehicle = new Vehicle(random, {
      x: home.x + (random() - 0.5) * 700,
      y: home.y + (random() - 0.5) * 700,
    })
    this.#driver = connectDriver(person.connect)
    this.#driver.on('offer', offer => this.#offered(offer))
    this.#driver.on('assigned', order => this.#assigned(order))
    // Send the position first: an available driver without a position is not found.
    this.#driver.on('open', () => this.#send())
    this.#driver.on('error', error => news.trouble(`driver: ${error.code} ${error.message}`))
  }

  get isOpen(): boolean {
    return this.#driver.isOpen
  }

  async goToWork(): Promise<void> {
    const result = await this.#driver.setStatus('available')
    if (result.outcome === 'error') this.#news.trouble(`driver: ${result.message}`)
  }

  /** A step of the city's clock. */
  step(nowMs: number, seconds: number): void {
    const doing = this.#doing
    switch (doing.kind) {
      case 'roaming':
        this.#vehicle.advance(seconds, this.#home)
        this.#next()
        break
      case 'driving':
        this.#vehicle.advance(seconds, null)
        if (this.#vehicle.arrived) {
          const [min, max] = doing.job.carried ? stayMs.dropoff : stayMs.pickup
          this.#doing = {
            kind: 'staying',
            job: doing.job,
            untilMs: nowMs + min + this.#random() * (max - min),
          }
        }
        break
      case 'staying':
        this.#vehicle.stop()
        if (nowMs >= doing.untilMs) {
          this.#doing = { kind: 'reporting' }
          void this.#report(doing.job)
        }
        break
      case 'reporting':
        break
    }
    if (this.#driver.isOpen) this.#send()
  }

  #send(): void {
    const { latitude, longitude } = placeOf(this.#vehicle.at)
    this.#driver.sendLocation({
      latitude,
      longitude,
      headingDeg: this.#vehicle.headingDeg,
      speedMps: this.#vehicle.speedMps,
      accuracyM: 5,
    })
  }

  #offered(offer: OfferMessage): void {
    const accept = this.#random() >= declineChance
    this.#later(800 + this.#random() * 3_500, async () => {
      await this.#driver.respondToOffer(
        offer.offer_id,
        accept,
        accept ? undefined : 'too far for me',
      )
    })
  }

  #assigned(order: AssignedMessage): void {
    if (this.#jobs.has(order.order_id)) return
    this.#jobs.set(order.order_id, {
      orderId: order.order_id,
      pickup: pointOf(order.pickup),
      dropoff: pointOf(order.dropoff),
      carried: false,
    })
    if (this.#doing.kind === 'roaming') this.#next()
  }

  /** The nearest thing to do: a delivery that is carried, or one to fetch. */
  #next(): void {
    let best: Job | null = null
    let bestM = Infinity
    for (const job of this.#jobs.values()) {
      const away = apart(this.#vehicle.at, job.carried ? job.dropoff : job.pickup)
      if (away < bestM) {
        best = job
        bestM = away
      }
    }
    if (best === null) {
      this.#doing = { kind: 'roaming' }
      return
    }
    this.#vehicle.driveTo(best.carried ? best.dropoff : best.pickup)
    this.#doing = { kind: 'driving', job: best }
  }

  async #report(job: Job): Promise<void> {
    const { api } = this.#person
    const { orderId } = job
    try {
      if (job.carried) {
        await api.updateOrder(orderId, {
          status: 'delivered',
          signature_url: await uploadSignature(this.#person.connect.url, api),
        })
        this.#jobs.delete(orderId)
        this.#news.delivered(orderId)
      } else {
        await api.updateOrder(orderId, { status: 'picked_up' })
        await api.updateOrder(orderId, { status: 'out_for_delivery' })
        job.carried = true
        this.#news.underWay(orderId)
      }
    } catch (error) {
      // Most likely the order was cancelled meanwhile. The driver goes on.
      this.#jobs.delete(orderId)
      if (!this.#stopped) this.#news.gaveUp(orderId, error)
    }
    this.#next()
  }

  /** Acts after a pause, as a person does. Does nothing once the demo has ended. */
  #later(ms: number, act: () => Promise<void>): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer)
      act().catch((error: unknown) => {
        if (!this.#stopped) this.#news.trouble(`driver: ${String(error)}`)
      })
    }, ms)
    this.#timers.add(timer)
  }

  stop(): void {
    this.#stopped = true
    for (const timer of this.#timers) clearTimeout(timer)
    this.#driver.close()
  }
}
