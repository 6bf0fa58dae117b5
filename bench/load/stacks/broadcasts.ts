/**
 * Sends requests to many terminals through any stack: at the highest rate, and at a rate that all
 * stacks can bear, to measure the delay.
 */
import { Latency } from '../../harness/latency.ts'
import { settled } from '../../rigs/parallel.ts'
import type { RawSocket } from '../../rigs/raw-socket.ts'
import type { Field, Stack } from './stack.ts'

const drainMs = 10_000

export interface Throughput {
  deliveries: number
  deliveriesPerSecond: number
  missing: number
}
export interface Delays {
  each: Latency
  last: Latency
  missing: number
}

/**
 * The progress of one request: terminals that have not heard of it, and how many of these are
 * timed.
 */
interface Flight {
  dueMs: number
  left: number
  timedLeft: number
  done(): void
}

export class Broadcasts {
  readonly #stack: Stack
  readonly #field: Field
  readonly #flights = new Map<string, Flight>()
  #arrived: (flight: Flight, nowMs: number) => void = () => undefined
  #sequence = 0
  #terminals: readonly RawSocket[] = []
  /** Terminals whose arrivals are timed; null for all. */
  #timed: ReadonlySet<number> | null = null

  private constructor(stack: Stack, field: Field) {
    this.#stack = stack
    this.#field = field
  }

  static async open(stack: Stack, field: Field): Promise<Broadcasts> {
    const broadcasts = new Broadcasts(stack, field)
    broadcasts.#terminals = await stack.openTerminals(field, (marker, terminal) => {
      const flight = broadcasts.#flights.get(marker)
      if (flight === undefined) return
      if (--flight.left === 0) broadcasts.#flights.delete(marker)
      if (broadcasts.#timed?.has(terminal) === false) return
      flight.timedLeft--
      broadcasts.#arrived(flight, performance.now())
      if (flight.timedLeft === 0) flight.done()
    })
    return broadcasts
  }

  /** Resolves when the last terminal has heard. */
  #send(dueMs: number): Promise<void> {
    const marker = `b${this.#sequence++}`
    return new Promise((resolve, reject) => {
      this.#flights.set(marker, {
        dueMs,
        left: this.#field.near,
        timedLeft: this.#timed?.size ?? this.#field.near,
        done: resolve,
      })
      this.#stack.request(this.#field, marker).catch(reject)
    })
  }

  /**
   * Closed loop: a fixed number of requests is always under way. Measures the most that the stack
   * delivers.
   */
  async throughput(ms: number, underWay: number, signal: AbortSignal): Promise<Throughput> {
    let deliveries = 0
    this.#arrived = () => {
      deliveries++
    }
    const startMs = performance.now()
    const endMs = startMs + ms
    const loop = async (): Promise<void> => {
      while (performance.now() < endMs && !signal.aborted) await this.#send(performance.now())
    }
    const all = Promise.all(Array.from({ length: underWay }, loop))
    await Promise.race([
      all,
      settled(() => performance.now() > endMs + drainMs, ms + drainMs + 1_000, 100),
    ])
    const seconds = (performance.now() - startMs) / 1_000
    return { deliveries, deliveriesPerSecond: deliveries / seconds, missing: this.#forget() }
  }

  /**
   * Open loop: requests leave when they are due. Measures the delay of each delivery, and of the
   * last one of each request.
   *
   * `timedCount`: this many terminals, spread over all, are read and timed at once. The others are
   * read after the measurement. This process needs about 15 ms to read a thousand sockets, in which
   * the server has long finished, so the figure would otherwise be the generator's.
   */
  async delays(
    perSecond: number,
    ms: number,
    signal: AbortSignal,
    timedCount = this.#field.near,
  ): Promise<Delays> {
    const { near } = this.#field
    const timed = new Set(
      Array.from({ length: timedCount }, (_, at) =>
        Math.round((at * (near - 1)) / Math.max(1, timedCount - 1)),
      ),
    )
    this.#timed = timedCount === near ? null : timed
    const unread =
      this.#timed === null
        ? []
        : this.#terminals.slice(0, near).filter((_, terminal) => !timed.has(terminal))
    for (const socket of unread) socket.pause()
    try {
      return await this.#delays(perSecond, ms, signal, unread)
    } finally {
      this.#timed = null
    }
  }

  async #delays(
    perSecond: number,
    ms: number,
    signal: AbortSignal,
    unread: readonly RawSocket[],
  ): Promise<Delays> {
    const [each, last] = [new Latency(), new Latency()]
    this.#arrived = ({ dueMs, timedLeft }, nowMs) => {
      each.record(nowMs - dueMs)
      if (timedLeft === 0) last.record(nowMs - dueMs)
    }
    const startMs = performance.now()
    const total = Math.max(1, Math.round((perSecond * ms) / 1_000))
    const sent: Promise<void>[] = []
    for (let i = 0; i < total && !signal.aborted; i++) {
      const dueMs = startMs + (i * 1_000) / perSecond
      // Never send early, or an answer could come before its request was due. A request may leave
      // up to a millisecond late, which counts as latency.
      for (let waitMs = dueMs - performance.now(); waitMs > 0; waitMs = dueMs - performance.now())
        await new Promise<void>(resolve => {
          setTimeout(resolve, Math.ceil(waitMs))
        })
      sent.push(this.#send(dueMs))
    }
    let done = false
    void Promise.all(sent).then(() => {
      done = true
    })
    await settled(() => done, drainMs, 10)
    for (const socket of unread) socket.resume()
    await settled(() => this.#flights.size === 0, drainMs, 10)
    return { each, last, missing: this.#forget() }
  }

  /** Drops deliveries that never came, because a later measurement must not wait for them. */
  #forget(): number {
    let missing = 0
    for (const { left } of this.#flights.values()) missing += left
    this.#flights.clear()
    return missing
  }
}
