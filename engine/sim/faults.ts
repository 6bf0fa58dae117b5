/**
 * What goes wrong, and how often it did. A fault happens when its die says so, and each kind has a
 * die of its own: see chance.ts. Each seed plays a part of the kinds, some of them much and some a little, because
 * where everything goes wrong a bit, nothing goes wrong for long (swarm testing: Groce and others 2012). After `heal`
 * nothing goes wrong any more, so that liveness can be asked for.
 */
import { Chance } from '../../protocol/kernel/chance.ts'

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

export class Faults {
  readonly #dice = new Map<FaultKind, Chance>()
  readonly #without: ReadonlySet<FaultKind>
  readonly #counts = new Map<FaultKind, number>()
  #healed = false
  /** How hostile this seed is: some are calm with rare disasters, some are noise all the time. */
  readonly intensity: number
  /** How much of each kind this seed has; 0 for those that it does not play. */
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
  heal(): void {
    this.#healed = true
  }

  /** Is this kind played at all? */
  plays(kind: FaultKind): boolean {
    return !this.#healed && !this.#without.has(kind) && this.weight(kind) > 0
  }
  weight(kind: FaultKind): number {
    return this.#weights.get(kind)!
  }

  /** True: it happens now, and is counted. */
  happens(kind: FaultKind, probability: number): boolean {
    const hit = this.#dice.get(kind)!.happens(probability * this.intensity * this.weight(kind))
    if (!hit || !this.plays(kind)) return false
    this.count(kind)
    return true
  }

  /** The accident of a kind is due. */
  strikes(kind: FaultKind): boolean {
    if (this.plays(kind)) this.count(kind)
    return this.plays(kind)
  }

  count(kind: FaultKind): void {
    this.#counts.set(kind, (this.#counts.get(kind) ?? 0) + 1)
  }

  /** The die of a kind, for how long and how much. */
  die(kind: FaultKind): Chance {
    return this.#dice.get(kind)!
  }

  /** By kind, in the order of `faultKinds`. */
  counts(): [FaultKind, number][] {
    return faultKinds.map(kind => [kind, this.#counts.get(kind) ?? 0])
  }
}
