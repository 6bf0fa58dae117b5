/**
 * The pharmacies: who they are, and who is near and open. Rows live in the database and are written by
 * edges; every engine keeps them all, by message for speed and by re-reading for certainty.
 */
import { kmToHundredMetres } from '../../protocol/kernel/kilometres.ts'
import { firstCurrency } from '../../protocol/pricing/money.ts'
import { searchPolicyOf, type SearchPolicy } from '../../protocol/drivers/policies.ts'
import { pharmacyStatusTable } from '../../protocol/pharmacies/statuses.ts'
import type { CandidateFact, PharmacyFact } from '../../protocol/dispatch/facts.ts'
import { distanceKm } from '../../protocol/river/geo.ts'
import { limits } from '../../protocol/kernel/limits.ts'
import {
  localMinuteOfWeek,
  openInWeek,
  weekOf,
  type Week,
} from '../../protocol/pharmacies/opening-hours.ts'
import { areaOf } from '../../protocol/orders/area.ts'
import type { DirectoryPharmacy } from '../../protocol/dispatch/directory.ts'
import { tariffIn, type Tariff } from '../../protocol/pricing/tariff.ts'
import { GeohashIndex } from '../geo/geohash-index.ts'

export class Directory {
  readonly #vendors = new Map<string, DirectoryPharmacy>()
  /** Places of the active pharmacies. */
  readonly #index = new GeohashIndex()
  /** Opening hours as they are compared, of those that have any. */
  readonly #weeks = new Map<string, { week: Week; timeZone: string }>()

  /** `currency`: of the fees of new orders. */
  constructor(readonly currency: string = firstCurrency) {}

  get size(): number {
    return this.#vendors.size
  }

  /**
   * Takes what is said of a pharmacy, unless something newer is known. Pharmacies that wait for a decision, or were
   * refused one, are not kept: anybody can make them, and they are asked nothing.
   */
  put(vendor: DirectoryPharmacy): void {
    const known = this.#vendors.get(vendor.vendor_id)
    if (
      known === undefined
        ? !pharmacyStatusTable[vendor.status].approvedOnce
        : known.revision > vendor.revision
    )
      return
    this.#vendors.set(vendor.vendor_id, vendor)
    if (vendor.is_active) this.#index.set(vendor.vendor_id, vendor.latitude, vendor.longitude)
    else this.#index.remove(vendor.vendor_id)
    if (vendor.opening_hours === null) this.#weeks.delete(vendor.vendor_id)
    else
      this.#weeks.set(vendor.vendor_id, {
        week: weekOf(vendor.opening_hours),
        timeZone: vendor.time_zone,
      })
  }

  get(vendorId: string): DirectoryPharmacy | undefined {
    return this.#vendors.get(vendorId)
  }

  /** Whether it takes requests at that moment; one without hours always does. */
  isOpen(vendorId: string, nowMs: number): boolean {
    const hours = this.#weeks.get(vendorId)
    return hours === undefined || openInWeek(hours.week, localMinuteOfWeek(hours.timeZone, nowMs))
  }

  /**
   * Active and open pharmacies within the radius, nearest first, at most limits.broadcastCandidatesMax. What each is told of
   * the distance is measured from the area of the door: exact distances to three pharmacies are the door itself.
   */
  near(latitude: number, longitude: number, radiusKm: number, nowMs: number): CandidateFact[] {
    const accept =
      this.#weeks.size === 0 ? null : (slot: number) => this.isOpen(this.#index.idOf(slot)!, nowMs)
    const found = this.#index.within(
      latitude,
      longitude,
      radiusKm,
      limits.broadcastCandidatesMax,
      accept,
    )
    const candidates: CandidateFact[] = Array.from({ length: found.count })
    const area = areaOf({ latitude, longitude })
    for (let i = 0; i < found.count; i++) {
      const vendor = this.#vendors.get(this.#index.idOf(found.numbers[i]!)!)!
      candidates[i] = {
        vendor_id: vendor.vendor_id,
        distance_km: found.distanceKm[i]!,
        area_km: kmToHundredMetres(
          distanceKm(area.latitude, area.longitude, vendor.latitude, vendor.longitude),
        ),
      }
    }
    return candidates
  }

  /** What orders keep of an active pharmacy; null when there is none. */
  fact(vendorId: string): PharmacyFact | null {
    const vendor = this.#vendors.get(vendorId)
    if (vendor === undefined || !vendor.is_active) return null
    return {
      vendor_id: vendor.vendor_id,
      name: vendor.name,
      phone: vendor.phone,
      latitude: vendor.latitude,
      longitude: vendor.longitude,
      address: vendor.address,
      proof_required: vendor.proof_required,
    }
  }

  /** False for one that an administrator has suspended or refused: whatever it asks, the answer is no. Of one that is not known nothing is said. */
  mayAct(vendorId: string): boolean {
    return (this.#vendors.get(vendorId)?.status ?? 'active') === 'active'
  }

  /** How drivers are looked for as soon as this pharmacy accepts; null where it picks one by hand. */
  searchPolicy(vendorId: string): SearchPolicy | null {
    return searchPolicyOf(this.#vendors.get(vendorId)?.dispatch_policy)
  }

  tariff(vendorId: string): Tariff {
    return tariffIn(this.currency, this.#vendors.get(vendorId)?.tariff ?? null)
  }
}
