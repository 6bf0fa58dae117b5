/**
 * Accepts of one request that meet on one edge. The first accept leads: it asks the claims and,
 * when it wins there, the actor. The others wait for its end, because until then the claims could
 * only answer `held`. The engine's `request_closed`, which every edge hears after the commit,
 * answers them all at once. So a race of five hundred costs the claims one call instead of a
 * thousand, and a loser hears of the end as soon as it is journaled, without a pause.
 *
 * This is only a shortcut: everything that it tells was committed, and an accept that hears nothing
 * here asks the claims as if this did not exist. Rejected: pauses alone (a loser waited ten
 * milliseconds or more although the answer was known). Rejected: waiting for the leader's own
 * answer (it does not say which pharmacies were asked).
 */

import { limits } from '../../protocol/kernel/limits.ts'
import { AnswersUnderWay } from './answers-under-way.ts'

/**
 * `taken`: the engine says that another pharmacy has the request. `ask`: this edge does not know;
 * the claims may know.
 */
export type RaceEnd = 'taken' | 'ask'

interface Waiter {
  pharmacyId: string
  settle(end: RaceEnd): void
}
interface Race {
  led: boolean
  /** Pharmacies that were asked and did not win; null while this edge has heard of no end. */
  losers: ReadonlySet<string> | null
  waiters: Set<Waiter>
  /**
   * Cancels the timer that ends the race: after the claim of a leader that hears nothing, or
   * `closedDueMs` after a win of the leader.
   */
  cancel: () => void
}

/**
 * Time in ms within which the engine's `request_closed` follows a win of the leader; the message
 * may be lost.
 */
const closedDueMs = 10

/** Parts with the races. */
export interface WithRaces {
  readonly races: Races
}

export class Races {
  /** Kept here, because all handlers of answers share one instance, as they share the races. */
  readonly answers = new AnswersUnderWay()
  readonly #races = new Map<string, Race>()
  readonly #after: (ms: number, run: () => void) => () => void

  constructor(after: (ms: number, run: () => void) => () => void) {
    this.#after = after
  }

  /** Number of races under way. */
  get size(): number {
    return this.#races.size
  }

  /**
   * Null: the caller leads and must call `leave`. Otherwise the end of the present race for this
   * pharmacy.
   */
  enter(requestId: string, pharmacyId: string): Promise<RaceEnd> | null {
    const race = this.#of(requestId)
    if (race.led) return this.#wait(race, pharmacyId)
    race.led = true
    race.cancel = this.#after(limits.claimLeaseMs, () => this.#over(requestId, race))
    return null
  }

  /**
   * Call it when the leader has its answer. Waiting accepts then ask for themselves, unless the
   * leader won; then the engine's `request_closed` follows.
   */
  leave(requestId: string, won: boolean): void {
    const race = this.#races.get(requestId)
    if (race === undefined || !race.led) return
    race.cancel()
    if (won && race.losers === null)
      race.cancel = this.#after(closedDueMs, () => this.#over(requestId, race))
    else this.#over(requestId, race)
  }

  /** Waits like `enter` while another edge holds the claim, until the caller cancels. */
  watch(requestId: string, pharmacyId: string): { end: Promise<RaceEnd>; cancel(): void } {
    const race = this.#of(requestId)
    let settle: Waiter['settle'] = () => undefined
    const end = new Promise<RaceEnd>(resolve => {
      settle = resolve
    })
    const waiter: Waiter = { pharmacyId, settle }
    if (race.losers === null) race.waiters.add(waiter)
    else settle(endFor(race.losers, pharmacyId))
    return {
      end,
      cancel: () => {
        race.waiters.delete(waiter)
        if (!race.led && race.waiters.size === 0 && this.#races.get(requestId) === race)
          this.#races.delete(requestId)
      },
    }
  }

  /**
   * The engine says that a pharmacy has the request. `pharmacyIds` are all other pharmacies that
   * were asked.
   */
  taken(requestId: string, pharmacyIds: readonly string[]): void {
    const race = this.#races.get(requestId)
    if (race === undefined) return
    race.losers = new Set(pharmacyIds)
    for (const waiter of race.waiters) waiter.settle(endFor(race.losers, waiter.pharmacyId))
    race.waiters.clear()
    if (!race.led) this.#races.delete(requestId)
  }

  #of(requestId: string): Race {
    let race = this.#races.get(requestId)
    if (race === undefined)
      this.#races.set(
        requestId,
        (race = { led: false, losers: null, waiters: new Set(), cancel: () => undefined }),
      )
    return race
  }

  #wait(race: Race, pharmacyId: string): Promise<RaceEnd> {
    if (race.losers !== null) return Promise.resolve(endFor(race.losers, pharmacyId))
    return new Promise(settle => race.waiters.add({ pharmacyId, settle }))
  }

  #over(requestId: string, race: Race): void {
    race.cancel()
    if (this.#races.get(requestId) === race) this.#races.delete(requestId)
    for (const waiter of race.waiters) waiter.settle('ask')
  }
}

const endFor = (losers: ReadonlySet<string>, pharmacyId: string): RaceEnd =>
  losers.has(pharmacyId) ? 'taken' : 'ask'
