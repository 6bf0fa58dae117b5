/**
 * Sends open requests to terminals that (re)connected. A pharmacy is answered at once, and then at
 * most once in `restMs`: an answer may be megabytes, and a terminal that reconnects in a loop would
 * otherwise keep the engines busy with nothing else. The next answer serves all questions that came
 * meanwhile.
 */
import type { Env } from '../../protocol/kernel/env.ts'
import { limits } from '../../protocol/kernel/limits.ts'

/** Longest wait of a terminal that comes right after another one of its pharmacy, ms. */
export const restMs = 1_000

export interface ResynchronisationDeps {
  env: Env
  /** The newest open requests of a pharmacy, at most `limit`, oldest first. */
  openOf(pharmacyId: string, limit: number): string[]
  /** Tells these pharmacies of the request. */
  tell(orderId: string, pharmacyIds: ReadonlySet<string>): void
}

export class Resynchronisation {
  readonly #deps: ResynchronisationDeps
  /** Pharmacies that were answered less than `restMs` ago; true when one has asked again since. */
  readonly #resting = new Map<string, boolean>()
  readonly #cancels = new Set<() => void>()

  constructor(deps: ResynchronisationDeps) {
    this.#deps = deps
  }

  ask(pharmacyIds: readonly string[]): void {
    const now: string[] = []
    for (const pharmacyId of new Set(pharmacyIds))
      if (this.#resting.has(pharmacyId)) this.#resting.set(pharmacyId, true)
      else now.push(pharmacyId)
    if (now.length > 0) this.#answer(now)
  }

  stop(): void {
    for (const cancel of this.#cancels) cancel()
    this.#cancels.clear()
  }

  #answer(pharmacyIds: readonly string[]): void {
    const pharmaciesOf = new Map<string, Set<string>>()
    const told: string[] = []
    for (const pharmacyId of pharmacyIds) {
      const orderIds = this.#deps.openOf(pharmacyId, limits.openRequestsPerTerminalMax)
      // A pharmacy without open requests costs nothing and need not rest.
      if (orderIds.length > 0) told.push(pharmacyId)
      for (const orderId of orderIds) {
        const pharmacies = pharmaciesOf.get(orderId)
        if (pharmacies === undefined) pharmaciesOf.set(orderId, new Set([pharmacyId]))
        else pharmacies.add(pharmacyId)
      }
    }
    for (const orderId of [...pharmaciesOf.keys()].sort())
      this.#deps.tell(orderId, pharmaciesOf.get(orderId)!)
    if (told.length > 0) this.#rest(told)
  }

  /** One timer for all pharmacies that were answered together. */
  #rest(pharmacyIds: readonly string[]): void {
    for (const pharmacyId of pharmacyIds) this.#resting.set(pharmacyId, false)
    const cancel = this.#deps.env.after(restMs, () => {
      this.#cancels.delete(cancel)
      const again = pharmacyIds.filter(pharmacyId => this.#resting.get(pharmacyId) === true)
      for (const pharmacyId of pharmacyIds) this.#resting.delete(pharmacyId)
      if (again.length > 0) this.#answer(again)
    })
    this.#cancels.add(cancel)
  }
}
