/**
 * How engines tell each other of drivers (ADR 4). Each engine publishes rows of its own drivers:
 * rows with news after some milliseconds, and all rows from time to time and when a starting engine
 * asks.
 */
import type { Bus } from '../../protocol/bus/bus.ts'
import { publishList } from '../../protocol/bus/lists.ts'
import type { Env } from '../../protocol/kernel/env.ts'
import type { RosterMessage, RosterRow } from '../../protocol/drivers/roster.ts'
import { subjects } from '../../protocol/bus/subjects.ts'
import type { Roster } from './roster.ts'
import type { EngineBounds } from '../actors/bounds.ts'
import { fleetLimits } from './limits.ts'

export interface RosterExchangeDeps {
  env: Env
  bus: Bus
  engineId: string
  roster: Roster
  ownsActor(actorId: string): boolean
  bounds: EngineBounds
  /** Called when a row of any engine has news. */
  changed(row: RosterRow): void
}

export class RosterExchange {
  readonly #deps: RosterExchangeDeps
  readonly #news = new Set<string>()

  constructor(deps: RosterExchangeDeps) {
    this.#deps = deps
  }

  /**
   * Called after a transition of one of this engine's drivers, and when the driver comes back to
   * memory.
   */
  put(row: RosterRow): void {
    if (!this.#deps.roster.put(row)) return
    // News is published after some milliseconds: an engine that does not know of the nearest driver
    // would ask one farther away.
    if (this.#news.size === 0)
      this.#deps.env.after(fleetLimits.rosterNewsMs, () => this.#publishNews())
    this.#news.add(row.driverId)
    this.#deps.changed(row)
  }

  take(message: RosterMessage): void {
    if (message.engine_id === this.#deps.engineId) return
    for (const row of message.rows)
      if (!this.#deps.ownsActor(row.driverId) && this.#deps.roster.put(row)) this.#deps.changed(row)
  }

  publishAll(): void {
    this.#publish(this.#deps.roster.rows())
  }

  #publishNews(): void {
    const news = [...this.#news]
    // Clear this first: a row that stays here would keep the next news from being published.
    this.#news.clear()
    this.#publish(news.map(id => this.#deps.roster.get(id)).filter(row => row !== undefined))
  }

  #publish(rows: Iterable<RosterRow>): void {
    let own: RosterRow[] = []
    const send = (): void => {
      publishList(
        this.#deps.bus,
        subjects.roster,
        own,
        (part): RosterMessage => ({ engine_id: this.#deps.engineId, rows: [...part] }),
        () => rowBytes,
      )
      own = []
    }
    // Build a piece at a time: a million drivers as objects would take hundreds of megabytes.
    for (const row of rows)
      if (
        this.#deps.ownsActor(row.driverId) &&
        own.push(row) === this.#deps.bounds.rosterRowsPerMessageMax
      )
        send()
    send()
  }
}

/** Size of two ids and the names of the fields when packed, bytes. */
const rowBytes = 160
