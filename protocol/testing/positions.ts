/**
 * Notes the positions that reach the bus. Each position of a sender has its own place by its number,
 * and the time at which it was to be sent. So a missing position can be named at any speed of the
 * machine.
 *
 * Rejected: watching the map. Watchers hear of positions at their own pace, and skip some on
 * purpose.
 */
import type { Bus } from '../bus/bus.ts'
import { natsBus } from '../bus/nats.ts'
import { LocationBatchReader } from '../river/location-batch.ts'
import { subjects } from '../bus/subjects.ts'

interface Place {
  latitude: number
  longitude: number
}
/** Degrees between two positions, and between two senders. */
const step = 1e-5
const lane = 1e-3

export class PositionsOnBus {
  readonly #bus: Bus
  readonly #origin: Place
  readonly #senders: PositionSender[] = []

  private constructor(bus: Bus, origin: Place) {
    this.#bus = bus
    this.#origin = origin
    const reader = new LocationBatchReader()
    bus.subscribe(subjects.locationFilter, ({ body }) => {
      reader.open(body, Infinity)
      while (reader.next())
        this.#senders[Math.round((reader.longitude - origin.longitude) / lane)]?.heard.add(
          Math.round((reader.latitude - origin.latitude) / step),
        )
    })
  }

  /** Listens from now on. After an outage it must be `connected` again before the senders are. */
  static async observe(url: string, origin: Place): Promise<PositionsOnBus> {
    const bus = await natsBus(url, { name: 'positions', onLog: () => undefined })
    const positions = new PositionsOnBus(bus, origin)
    await bus.flush()
    return positions
  }

  get connected(): boolean {
    return this.#bus.connected
  }

  /** The sender with this index, counted from 0. */
  sender(index: number): PositionSender {
    return (this.#senders[index] ??= new PositionSender({
      latitude: this.#origin.latitude,
      longitude: this.#origin.longitude + index * lane,
    }))
  }

  close(): Promise<void> {
    return this.#bus.close()
  }
}

export class PositionSender {
  readonly heard = new Set<number>()
  readonly #from: Place
  /** Time at which each position was to be sent, by `performance.now`. */
  readonly #atMs: number[] = []

  constructor(from: Place) {
    this.#from = from
  }

  get sent(): number {
    return this.#atMs.length
  }

  /** The next position, to be sent now. */
  next(): Place {
    this.#atMs.push(performance.now())
    return { latitude: this.#from.latitude + this.sent * step, longitude: this.#from.longitude }
  }

  /** The intended times of the positions among the first `count` that never came. */
  missing(count = this.sent): number[] {
    return this.#atMs.slice(0, count).filter((_, index) => !this.heard.has(index + 1))
  }
}
