/**
 * Which drivers may be asked, in every engine: a replicated, soft view of all drivers' actors. Own
 * actors are written at each transition; those of other engines by their digests. A stale row costs
 * one refused offer, never a wrong assignment: the driver's actor decides.
 */
import type { RosterRow } from '../../protocol/pushes.ts'

export class Roster {
  readonly #rows = new Map<string, RosterRow>()
  readonly #byVendor = new Map<string, Set<string>>()

  get size(): number { return this.#rows.size }

  put(row: RosterRow): void {
    const before = this.#rows.get(row.driverId)
    if (before !== undefined && before.vendorId !== row.vendorId) this.#byVendor.get(before.vendorId)?.delete(row.driverId)
    this.#rows.set(row.driverId, row)
    let fleet = this.#byVendor.get(row.vendorId)
    if (fleet === undefined) this.#byVendor.set(row.vendorId, fleet = new Set())
    fleet.add(row.driverId)
  }

  get(driverId: string): RosterRow | undefined { return this.#rows.get(driverId) }
  rows(): IterableIterator<RosterRow> { return this.#rows.values() }
  fleet(vendorId: string): ReadonlySet<string> { return this.#byVendor.get(vendorId) ?? noDrivers }
}

const noDrivers: ReadonlySet<string> = new Set()
