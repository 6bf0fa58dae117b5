/**
 * The faults, and how often each one happened. A fault happens when its die says so, and each kind
 * has its own die: see chance.ts. Each seed plays some of the kinds, each more or less often,
 * because a run in which every kind fails a little never fails for long (swarm testing: Groce and
 * others 2012). After `heal` no fault happens, so that liveness can be checked.
 */
import { Chance } from '../../protocol/kernel/chance.ts'

/** Their names seed their dice: another name gives other runs. */
export const faultKinds = [
  'bus slow',
  'bus drop',
  'bus duplicate',
  'bus reorder',
  'bus partition',
  'bus one way',
  'bus cut',
  'bus deaf',
  'bus link slow',
  'bus loses facts',
  'bus restart',
  'flush spans a break',
  'claims lost request',
  'claims lost reply',
  'claims slow',
  'claims down',
  'claims unreachable',
  'claims flushed',
  'claims failover',
  'journal slow',
  'journal fails before',
  'journal fails after',
  'journal commits late',
  'journal down',
  'journal unreachable',
  'journal link slow',
  'journal loses unsynced',
  'database clock',
  'engine crash',
  'engine crash at await',
  'engine crash loop',
  'engine pause',
  'engine leaves',
  'edge crash',
  'small memory',
  'storm',
  'clock skew',
  'clock jump',
  'client request lost',
  'client reply lost',
  'client repeats',
  'socket drop',
  'frame late',
  'frame duplicate',
  'frame future',
  'frame jump',
] as const
export type FaultKind = (typeof faultKinds)[number]

/** The dice, the weights and the counts of the faults of one run. */
export class Faults {
  readonly #dice = new Map<FaultKind, Chance>()
  readonly #without: ReadonlySet<FaultKind>
  readonly #counts = new Map<FaultKind, number>()
  #healed = false
  /** The factor for all faults in this seed. */
  readonly intensity: number
  /** The weight of each kind in this seed; 0 for a kind that it does not play. */
  readonly #weights = new Map<FaultKind, number>()

  constructor(chance: Chance, without: ReadonlySet<FaultKind>, hostile: boolean) {
    for (const kind of faultKinds) this.#dice.set(kind, chance.fork(kind))
    this.#without = without
    for (const kind of faultKinds) {
      const swarm = chance.fork(`swarm ${kind}`)
      this.#weights.set(
        kind,
        hostile ? swarm.pick([1, 1, 2]) : swarm.happens(0.4) ? 0 : swarm.pick([0.3, 1, 1, 3]),
      )
    }
    this.intensity = hostile ? 3 : chance.fork('intensity').pick([0.3, 1, 1, 3])
  }

  get healed(): boolean {
    return this.#healed
  }
  /** Ends all faults for the rest of the run. */
  heal(): void {
    this.#healed = true
  }

  /** Does this seed play the kind? */
  plays(kind: FaultKind): boolean {
    return !this.#healed && !this.#without.has(kind) && this.weight(kind) > 0
  }
  /** The weight of the kind in this seed; 0 for a kind that it does not play. */
  weight(kind: FaultKind): number {
    return this.#weights.get(kind)!
  }

  /** True when the fault happens now; then it is counted. */
  happens(kind: FaultKind, probability: number): boolean {
    const hit = this.#dice.get(kind)!.happens(probability * this.intensity * this.weight(kind))
    if (!hit || !this.plays(kind)) return false
    this.count(kind)
    return true
  }

  /** An accident of this kind is due. True, and counted, when this seed plays the kind. */
  strikes(kind: FaultKind): boolean {
    if (this.plays(kind)) this.count(kind)
    return this.plays(kind)
  }

  /** Counts a fault that happened. */
  count(kind: FaultKind): void {
    this.#counts.set(kind, (this.#counts.get(kind) ?? 0) + 1)
  }

  /** The die of a kind, for durations and amounts. */
  die(kind: FaultKind): Chance {
    return this.#dice.get(kind)!
  }

  /** The counts by kind, in the order of `faultKinds`. */
  counts(): [FaultKind, number][] {
    return faultKinds.map(kind => [kind, this.#counts.get(kind) ?? 0])
  }
}
