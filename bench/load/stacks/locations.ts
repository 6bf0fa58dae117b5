/**
 * Sends locations from drivers to the trackers of their orders through any stack, and measures the
 * highest rate and the delay.
 */
import { Latency } from '../../harness/latency.ts'
import { settled } from '../../rigs/parallel.ts'
import type { RawSocket } from '../../rigs/raw-socket.ts'
import type { Stack } from './stack.ts'

const drainMs = 5_000
/** Time after which a driver sends on although its tracker has heard nothing. */
const lostMs = 3_000

export class Locations {
  readonly #count: number
  /** Due time of each location, by delivery and number. */
  readonly #dueMs: Float64Array[]
  readonly #sent: Int32Array
  /** For the flow: locations that were given up count as heard. */
  readonly #heard: Int32Array
  /** For the figures: only locations that did arrive. */
  readonly #shown: Int32Array
  readonly #heardMs: Float64Array
  #latency: Latency | null = null
  #sockets: readonly RawSocket[] = []
  #send: (delivery: number, sequence: number) => void = () => undefined

  private constructor(count: number) {
    this.#count = count
    this.#dueMs = Array.from({ length: count }, () => new Float64Array(kept))
    this.#sent = new Int32Array(count)
    this.#heard = new Int32Array(count)
    this.#shown = new Int32Array(count)
    this.#heardMs = new Float64Array(count)
  }

  static async open(stack: Stack, count: number): Promise<Locations> {
    const locations = new Locations(count)
    const { send, sockets } = await stack.openDeliveries(count, (delivery, sequence) => {
      locations.#heardMs[delivery] = performance.now()
      locations.#shown[delivery] = Math.max(locations.#shown[delivery]!, sequence + 1)
      locations.#heard[delivery] = Math.max(locations.#heard[delivery]!, sequence + 1)
      locations.#latency?.record(performance.now() - locations.#dueMs[delivery]![sequence % kept]!)
    })
    locations.#send = send
    locations.#sockets = sockets
    return locations
  }

  /** Ends its sockets. The stack may open others. */
  close(): void {
    for (const socket of this.#sockets) socket.destroy()
  }

  #one(delivery: number, dueMs: number): void {
    const sequence = this.#sent[delivery]!++
    this.#dueMs[delivery]![sequence % kept] = dueMs
    this.#send(delivery, sequence)
  }

  /**
   * Closed loop: every driver has at most that many locations under way. Measures locations a
   * second that reached their tracker or were overtaken by a newer one, because a stack that
   * coalesces shows only the newest.
   */
  async throughput(ms: number, underWay: number, signal: AbortSignal): Promise<number> {
    this.#latency = null
    const startMs = performance.now()
    const before = this.#shownAll()
    while (performance.now() < startMs + ms && !signal.aborted) {
      for (let delivery = 0; delivery < this.#count; delivery++) {
        // A stack that loses a location must not stop its driver for ever.
        if (
          this.#sent[delivery]! > this.#heard[delivery]! &&
          performance.now() - Math.max(startMs, this.#heardMs[delivery]!) > lostMs
        )
          this.#heard[delivery] = this.#sent[delivery]!
        while (this.#sent[delivery]! - this.#heard[delivery]! < underWay)
          this.#one(delivery, performance.now())
      }
      await new Promise<void>(resolve => {
        setImmediate(resolve)
      })
    }
    // Locations under way count, together with their time: a slow stack has as many under way as it
    // shows in a second.
    await this.#drained()
    const lastMs = this.#heardMs.reduce((latest, atMs) => Math.max(latest, atMs), 0)
    return ((this.#shownAll() - before) * 1_000) / Math.max(ms, lastMs - startMs)
  }

  /** Open loop, over all drivers in turn. */
  async delays(perSecond: number, ms: number, signal: AbortSignal): Promise<Latency> {
    const latency = (this.#latency = new Latency())
    const startMs = performance.now()
    const total = Math.round((perSecond * ms) / 1_000)
    for (let i = 0; i < total && !signal.aborted;) {
      const nowMs = performance.now()
      for (; i < total && startMs + (i * 1_000) / perSecond <= nowMs; i++)
        this.#one(i % this.#count, startMs + (i * 1_000) / perSecond)
      await new Promise<void>(resolve => {
        setTimeout(resolve, 1)
      })
    }
    await this.#drained()
    this.#latency = null
    return latency
  }

  #shownAll(): number {
    return this.#shown.reduce((sum, count) => sum + count, 0)
  }

  async #drained(): Promise<void> {
    await settled(() => this.#sent.every((sent, i) => sent <= this.#heard[i]!), drainMs)
    // Do not wait again for lost locations.
    this.#heard.set(this.#sent)
  }
}

/** More locations than any stack has under way for one driver. */
const kept = 4_096
