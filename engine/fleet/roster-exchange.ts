/**
 * How engines tell each other of drivers (ADR 4): rows of own drivers, those with news after some ms,
 * all of them from time to time and when an engine that starts asks.
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
  /** A row of whichever engine says something new. */
  changed(row: RosterRow): void
}

export class RosterExchange {
  readonly #deps: RosterExchangeDeps
  readonly #news = new Set<string>()

  constructor(deps: RosterExchangeDeps) {
    this.#deps = deps
  }

  /** After a transition of an own driver. */
  put(row: RosterRow): void {
    if (!this.#deps.roster.put(row)) return
    // At once but for a few ms: an engine that has not heard of the nearest driver asks one further away.
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
    // First of all: what stays here would keep the next news from being published.
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
    // A piece at a time: a million drivers as objects would take hundreds of megabytes.
    for (const row of rows)
      if (
        this.#deps.ownsActor(row.driverId) &&
        own.push(row) === this.#deps.bounds.rosterRowsPerMessageMax
      )
        send()
    send()
  }
}

/** Two ids and the names of the fields, packed. */
const rowBytes = 160
