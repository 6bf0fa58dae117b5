/**
 * Pushes on their way to edges: those of one turn of the event loop leave as one bus message. Soft:
 * while the bus is down they are dropped and counted; terminals and trackers resynchronise.
 */
import { encodeBody } from '../protocol/bus/codec.ts'
import type { Bus } from '../protocol/bus/bus.ts'
import type { Push } from '../protocol/pushes.ts'
import { subjects } from '../protocol/subjects.ts'

/** Recipients and messages a bus message may carry; some 400 kB at the most. */
const weightMax = 5_000

export class Pusher {
  dropped = 0
  readonly #bus: Bus
  #waiting: Push[] = []

  constructor(bus: Bus) { this.#bus = bus }

  add(push: Push): void {
    this.#waiting.push(push)
    // A microtask, not a timer: the commits of one journal group settle together, and go together.
    if (this.#waiting.length === 1) queueMicrotask(() => this.#flush())
  }

  #flush(): void {
    const all = this.#waiting
    this.#waiting = []
    let part: Push[] = []
    let weight = 0
    for (const push of all) {
      part.push(push)
      weight += push.kind === 'topic' ? 1 : 1 + push.vendor_ids.length
      if (weight >= weightMax) {
        this.#send(part)
        part = []
        weight = 0
      }
    }
    if (part.length > 0) this.#send(part)
  }

  #send(part: Push[]): void {
    if (!this.#bus.publish(subjects.pushAll, encodeBody(part))) this.dropped += part.length
  }
}
