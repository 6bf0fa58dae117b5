/** The counters of the live map: drivers by status, and the positions that arrive in a second. */
import { byId, el, setText } from '../shared/elements.ts'
import type { FleetMap } from './fleet-map.ts'
import { driverLooks } from './statuses.ts'

const everyMs = 500
const rateWindowMs = 3_000

export class Counters {
  readonly #map: FleetMap
  #updates: { atMs: number; count: number }[] = []

  constructor(map: FleetMap) {
    this.#map = map
    byId('legend').replaceChildren(
      ...Object.entries(driverLooks).flatMap(([status, { words, color }]) => {
        const dot = el('span', { class: 'dot', 'aria-hidden': 'true' })
        dot.style.background = color
        const count = el('span', { class: 'count', id: `count-${status}` }, '0')
        return [dot, el('span', {}, words), count]
      }),
    )
    setInterval(() => this.#show(), everyMs)
  }

  /** Counts positions that arrived now. */
  note(count: number): void {
    this.#updates.push({ atMs: performance.now(), count })
  }

  #show(): void {
    const { statuses } = this.#map
    for (const status of Object.keys(driverLooks)) {
      const count = statuses.filter(one => one === status).length
      setText(byId(`count-${status}`), count.toLocaleString())
    }
    const sinceMs = performance.now() - rateWindowMs
    this.#updates = this.#updates.filter(({ atMs }) => atMs >= sinceMs)
    const arrived = this.#updates.reduce((sum, { count }) => sum + count, 0)
    setText(byId('total'), this.#map.seen.toLocaleString())
    setText(byId('rate'), Math.round(arrived / (rateWindowMs / 1000)).toLocaleString())
  }
}
