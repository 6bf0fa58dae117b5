/** A position that moves smoothly from report to report, over the time between them. */
import { between, distanceKm, wrapped, type Place } from './projection.ts'

/** A position that the server reports. */
export interface Report extends Place {
  heading?: number | null
}

/** Distance between two reports above which the move is drawn as a jump. */
const jumpKm = 2
const glideMsMin = 100
const glideMsMax = 2_000

export class Glide implements Place {
  latitude: number
  longitude: number
  /** Degrees from north, clockwise; null when the direction is unknown. */
  heading: number | null
  #from: Place
  #to: Place
  #startMs = 0
  #tookMs = 0
  #heardMs: number | null = null
  /** True draws every report as a jump, for people who prefer less motion. */
  readonly #isStill: () => boolean

  constructor(report: Report, isStill: () => boolean = prefersStillness) {
    this.#from = this.#to = report
    this.latitude = report.latitude
    this.longitude = report.longitude
    this.heading = report.heading ?? null
    this.#isStill = isStill
  }

  /** The last reported position. */
  get target(): Place {
    return this.#to
  }

  /** Takes a new report. `nowMs` comes from the clock of animation frames. */
  report(to: Report, nowMs: number = performance.now()): void {
    this.moveTo(nowMs)
    this.#from = { latitude: this.latitude, longitude: this.longitude }
    // The move takes the time between the last two reports, so that the position is never ahead of
    // the truth and not long behind it.
    this.#tookMs =
      this.#heardMs === null || this.#isStill() || distanceKm(this.#from, to) > jumpKm
        ? 0
        : between(nowMs - this.#heardMs, glideMsMin, glideMsMax)
    this.#heardMs = this.#startMs = nowMs
    this.#to = to
    this.heading = to.heading ?? null
  }

  /** Moves to the position of that time; false once it has arrived. */
  moveTo(nowMs: number): boolean {
    const share = this.#tookMs === 0 ? 1 : between((nowMs - this.#startMs) / this.#tookMs, 0, 1)
    const { latitude, longitude } = this.#from
    this.latitude = latitude + (this.#to.latitude - latitude) * share
    this.longitude = longitude + wrapped(this.#to.longitude - longitude) * share
    return share < 1
  }
}

const prefersStillness = (): boolean => matchMedia('(prefers-reduced-motion: reduce)').matches
