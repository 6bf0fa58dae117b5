/**
 * Accepts of one request that meet on one edge. The first leads: it asks the claims and, if it wins,
 * the actor. The others wait for how that ends, because until then the claims could tell them nothing
 * but `held`; the engine's `request_closed`, which every edge hears after the commit, answers them all
 * at once. So a race of five hundred costs the claims one call and not a thousand, and a loser hears
 * of it as soon as the journal knows and not at the end of a pause.
 *
 * Only a short cut: what is told here was committed, and who hears nothing here asks the claims as if
 * this did not exist. Rejected: pauses alone (a loser waited ten milliseconds and more for an answer
 * that was there), and waiting for the leader's own answer (it does not say who was asked).
 */

import { limits } from '../../protocol/kernel/limits.ts'
import { AnswersUnderWay } from './answers-under-way.ts'

/** `taken`: another pharmacy has it, by the engine's word. `ask`: nothing is known here, the claims may know. */
export type RaceEnd = 'taken' | 'ask'

interface Waiter {
  vendorId: string
  settle(end: RaceEnd): void
}
interface Race {
  led: boolean
  /** Who was asked and did not win; null while the request is open, as far as this edge has heard. */
  losers: ReadonlySet<string> | null
  waiters: Set<Waiter>
  /** Ends the wait for a leader that hears nothing for as long as its claim may hold. */
  cancel: () => void
}

/** After its leader has won, the engine's word is due; it may be lost. */
const wordDueMs = 10

/** Parts with the races. */
export interface WithRaces {
  readonly races: Races
}

export class Races {
  /** Kept here because all who answer share one of it, as they share the races. */
  readonly answers = new AnswersUnderWay()
  readonly #races = new Map<string, Race>()
  readonly #after: (ms: number, run: () => void) => () => void

  constructor(after: (ms: number, run: () => void) => () => void) {
    this.#after = after
  }

  /** Races under way. */
  get size(): number {
    return this.#races.size
  }

  /** Null: the caller leads and must `leave`. Otherwise how the race that is under way ends for this pharmacy. */
  enter(requestId: string, vendorId: string): Promise<RaceEnd> | null {
    const race = this.#of(requestId)
    if (race.led) return this.#wait(race, vendorId)
    race.led = true
    race.cancel = this.#after(limits.claimLeaseMs, () => this.#over(requestId, race))
    return null
  }

  /** The leader has its answer. Those who wait ask for themselves, unless it won: then the engine's word comes. */
  leave(requestId: string, won: boolean): void {
    const race = this.#races.get(requestId)
    if (race === undefined || !race.led) return
    race.cancel()
    if (won && race.losers === null)
      race.cancel = this.#after(wordDueMs, () => this.#over(requestId, race))
    else this.#over(requestId, race)
  }

  /** While the claim is held elsewhere: as `enter`, for as long as the caller cares. */
  watch(requestId: string, vendorId: string): { end: Promise<RaceEnd>; cancel(): void } {
    const race = this.#of(requestId)
    let settle: Waiter['settle'] = () => undefined
    const end = new Promise<RaceEnd>(resolve => {
      settle = resolve
    })
    const waiter: Waiter = { vendorId, settle }
    if (race.losers === null) race.waiters.add(waiter)
    else settle(endFor(race.losers, vendorId))
    return {
      end,
      cancel: () => {
        race.waiters.delete(waiter)
        if (!race.led && race.waiters.size === 0 && this.#races.get(requestId) === race)
          this.#races.delete(requestId)
      },
    }
  }

  /** From the engine: a pharmacy has the request. `vendorIds` are all who were asked but that one. */
  taken(requestId: string, vendorIds: readonly string[]): void {
    const race = this.#races.get(requestId)
    if (race === undefined) return
    race.losers = new Set(vendorIds)
    for (const waiter of race.waiters) waiter.settle(endFor(race.losers, waiter.vendorId))
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

  #wait(race: Race, vendorId: string): Promise<RaceEnd> {
    if (race.losers !== null) return Promise.resolve(endFor(race.losers, vendorId))
    return new Promise(settle => race.waiters.add({ vendorId, settle }))
  }

  #over(requestId: string, race: Race): void {
    race.cancel()
    if (this.#races.get(requestId) === race) this.#races.delete(requestId)
    for (const waiter of race.waiters) waiter.settle('ask')
  }
}

const endFor = (losers: ReadonlySet<string>, vendorId: string): RaceEnd =>
  losers.has(vendorId) ? 'taken' : 'ask'
