/** Broadcasts through any stack: as many as it takes, and how long one takes at a rate that all can bear. */
import { Latency } from '../../common/latency.ts'
import { settled } from '../../common/parallel.ts'
import type { Field, Stack } from './stack.ts'

const drainMs = 10_000

export interface Throughput { deliveries: number; deliveriesPerSecond: number; missing: number }
export interface Delays { each: Latency; last: Latency; missing: number }

/** What one request has come to. */
interface Flight { dueMs: number; left: number; done(): void }

export class Broadcasts {
  readonly #stack: Stack
  readonly #field: Field
  readonly #flights = new Map<string, Flight>()
  #arrived: (flight: Flight, nowMs: number) => void = () => undefined
  #sequence = 0

  private constructor(stack: Stack, field: Field) {
    this.#stack = stack
    this.#field = field
  }

  static async open(stack: Stack, field: Field): Promise<Broadcasts> {
    const broadcasts = new Broadcasts(stack, field)
    await stack.openTerminals(field, marker => {
      const flight = broadcasts.#flights.get(marker)
      if (flight === undefined) return
      broadcasts.#arrived(flight, performance.now())
      if (--flight.left > 0) return
      broadcasts.#flights.delete(marker)
      flight.done()
    })
    return broadcasts
  }

  /** Resolves when the last terminal has heard. */
  #send(dueMs: number): Promise<void> {
    const marker = `b${this.#sequence++}`
    return new Promise((resolve, reject) => {
      this.#flights.set(marker, { dueMs, left: this.#field.near, done: resolve })
      this.#stack.request(this.#field, marker).catch(reject)
    })
  }

  /** Closed loop: a number of requests is always under way. The most that the stack delivers. */
  async throughput(ms: number, underWay: number, signal: AbortSignal): Promise<Throughput> {
    let deliveries = 0
    this.#arrived = () => { deliveries++ }
    const startMs = performance.now()
    const endMs = startMs + ms
    const loop = async (): Promise<void> => { while (performance.now() < endMs && !signal.aborted) await this.#send(performance.now()) }
    const all = Promise.all(Array.from({ length: underWay }, loop))
    await Promise.race([all, settled(() => performance.now() > endMs + drainMs, ms + drainMs + 1_000, 100)])
    const seconds = (performance.now() - startMs) / 1_000
    return { deliveries, deliveriesPerSecond: deliveries / seconds, missing: this.#forget() }
  }

  /** Open loop: requests leave when they are due. Latency of each delivery, and of the last of each request. */
  async delays(perSecond: number, ms: number, signal: AbortSignal): Promise<Delays> {
    const [each, last] = [new Latency(), new Latency()]
    this.#arrived = ({ dueMs, left }, nowMs) => {
      each.record(nowMs - dueMs)
      if (left === 1) last.record(nowMs - dueMs)
    }
    const startMs = performance.now()
    const total = Math.max(1, Math.round(perSecond * ms / 1_000))
    const sent: Promise<void>[] = []
    for (let i = 0; i < total && !signal.aborted; i++) {
      const dueMs = startMs + i * 1_000 / perSecond
      // Never early, or an answer could come before its question was due; late by up to a millisecond, which is in the latencies.
      for (let waitMs = dueMs - performance.now(); waitMs > 0; waitMs = dueMs - performance.now()) await new Promise<void>(resolve => { setTimeout(resolve, Math.ceil(waitMs)) })
      sent.push(this.#send(dueMs))
    }
    let done = false
    void Promise.all(sent).then(() => { done = true })
    await settled(() => done, drainMs, 10)
    return { each, last, missing: this.#forget() }
  }

  /** Deliveries that never came; a later measurement must not wait for them. */
  #forget(): number {
    let missing = 0
    for (const { left } of this.#flights.values()) missing += left
    this.#flights.clear()
    return missing
  }
}
