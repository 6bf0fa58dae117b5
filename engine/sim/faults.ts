/**
 * What goes wrong, and how often it did. A fault happens when its die says so, and each kind has a
 * die of its own: see chance.ts. After `heal` nothing goes wrong any more, so that liveness can be asked for.
 */
import { Chance } from '../../protocol/chance.ts'

export const faultKinds = [
  'bus slow', 'bus drop', 'bus duplicate', 'bus reorder', 'bus partition', 'bus cut', 'bus loses facts',
  'claims lost request', 'claims lost reply', 'claims slow', 'claims down', 'claims flushed', 'claims failover',
  'journal slow', 'journal fails before', 'journal fails after', 'journal commits late', 'journal down', 'journal loses unsynced',
  'engine crash', 'engine crash at await', 'engine crash loop', 'engine pause', 'engine leaves', 'edge crash',
  'clock skew', 'clock jump',
  'client request lost', 'client reply lost', 'client repeats', 'socket drop', 'frame late', 'frame duplicate', 'frame future', 'frame jump',
] as const
export type FaultKind = typeof faultKinds[number]

export class Faults {
  readonly #dice = new Map<FaultKind, Chance>()
  readonly #without: ReadonlySet<FaultKind>
  readonly #counts = new Map<FaultKind, number>()
  #healed = false
  /** How hostile this seed is: some are calm with rare disasters, some are noise all the time. */
  readonly intensity: number

  constructor(chance: Chance, without: ReadonlySet<FaultKind>, hostile: boolean) {
    for (const kind of faultKinds) this.#dice.set(kind, chance.fork(kind))
    this.#without = without
    this.intensity = hostile ? 3 : chance.fork('intensity').pick([0.3, 1, 1, 3])
  }

  get healed(): boolean { return this.#healed }
  heal(): void { this.#healed = true }

  /** Is this kind played at all? */
  plays(kind: FaultKind): boolean { return !this.#healed && !this.#without.has(kind) }

  /** True: it happens now, and is counted. */
  happens(kind: FaultKind, probability: number): boolean {
    const hit = this.#dice.get(kind)!.happens(probability * this.intensity)
    if (!hit || !this.plays(kind)) return false
    this.count(kind)
    return true
  }

  /** The accident of a kind is due. */
  strikes(kind: FaultKind): boolean {
    if (this.plays(kind)) this.count(kind)
    return this.plays(kind)
  }

  count(kind: FaultKind): void { this.#counts.set(kind, (this.#counts.get(kind) ?? 0) + 1) }

  /** The die of a kind, for how long and how much. */
  die(kind: FaultKind): Chance { return this.#dice.get(kind)! }

  /** By kind, in the order of `faultKinds`. */
  counts(): [FaultKind, number][] { return faultKinds.map(kind => [kind, this.#counts.get(kind) ?? 0]) }
}
