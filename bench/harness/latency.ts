/**
 * Latencies as HDR histograms: microseconds, three digits, up to two minutes. The time begins when
 * the event was due, not when the generator sent it, so that a stalled server cannot hide behind a
 * generator that waits for it (coordinated omission).
 */
import { build, type Histogram } from 'hdr-histogram-js'

const microsecondsMax = 120_000_000
const curvePercents = [
  ...Array.from({ length: 49 }, (_, at) => at * 2),
  ...Array.from({ length: 18 }, (_, at) => 98 + at / 10),
  ...Array.from({ length: 10 }, (_, at) => 99.8 + at / 50),
  99.99,
  99.999,
  100,
]
  .map(percent => Number(percent.toFixed(3)))
  .sort((a, b) => a - b)

export class Latency {
  readonly #histogram: Histogram = build({
    lowestDiscernibleValue: 1,
    highestTrackableValue: microsecondsMax,
    numberOfSignificantValueDigits: 3,
    bitBucketSize: 32,
  })

  get count(): number {
    return this.#histogram.totalCount
  }

  record(ms: number): void {
    this.#histogram.recordValue(Math.min(microsecondsMax, Math.max(1, Math.round(ms * 1000))))
  }

  /** Milliseconds; NaN when nothing was recorded. */
  percentile(percent: number): number {
    return this.count === 0 ? Number.NaN : this.#histogram.getValueAtPercentile(percent) / 1000
  }
  get maxMs(): number {
    return this.percentile(100)
  }

  /** Adds the values of another histogram. */
  add(other: Latency): void {
    this.#histogram.add(other.#histogram)
  }

  /**
   * `[percent, ms]` at a hundred places, denser towards the end, for a report to draw. Empty when
   * nothing was recorded.
   */
  curve(): [number, number][] {
    return this.count === 0 ? [] : curvePercents.map(percent => [percent, this.percentile(percent)])
  }

  reset(): void {
    this.#histogram.reset()
  }

  /** `p50 1.2  p90 …  p99 …  p99.9 …  max … ms  (n)`. */
  line(): string {
    if (this.count === 0) return 'none measured'
    const parts = [50, 90, 99, 99.9].map(p => `p${p} ${shown(this.percentile(p))}`)
    return `${parts.join('  ')}  max ${shown(this.maxMs)} ms  (n ${this.count})`
  }
}

/** A time in ms with three digits; `-` for NaN. */
export const shown = (ms: number): string =>
  Number.isNaN(ms) ? '-' : ms >= 100 ? ms.toFixed(0) : ms >= 10 ? ms.toFixed(1) : ms.toFixed(2)

/**
 * Joins the start of a request with its arrivals at terminals. A terminal usually hears of a
 * request before the customer has the answer with its id, so either side may come first. Bounded:
 * the oldest entries are dropped.
 */
export class RequestClock {
  readonly latency: Latency
  readonly #began = new Map<string, number>()
  readonly #early = new Map<string, number[]>()
  readonly #keptMax: number

  constructor(latency: Latency, keptMax = 10_000) {
    this.latency = latency
    this.#keptMax = keptMax
  }

  began(requestId: string, atMs: number): void {
    this.#began.set(requestId, atMs)
    drop(this.#began, this.#keptMax)
    for (const heardMs of this.#early.get(requestId) ?? []) this.latency.record(heardMs - atMs)
    this.#early.delete(requestId)
  }

  heard(requestId: string, atMs: number): void {
    const beganMs = this.#began.get(requestId)
    if (beganMs !== undefined) {
      this.latency.record(atMs - beganMs)
      return
    }
    const early = this.#early.get(requestId)
    if (early === undefined) this.#early.set(requestId, [atMs])
    else early.push(atMs)
    drop(this.#early, this.#keptMax)
  }
}

function drop(map: Map<string, unknown>, max: number): void {
  if (map.size <= max) return
  for (const oldest of map.keys()) {
    map.delete(oldest)
    return
  }
}
