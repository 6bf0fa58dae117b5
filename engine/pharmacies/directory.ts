/**
 * The directory of pharmacies: their data, and those that are near and open. The rows live in the
 * database and are written by edges. Every engine keeps all of them, by message for speed and by
 * reading again for certainty.
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
import { KnownConfiguration } from '../../protocol/configuration/configuration.ts'
import { GeohashIndex } from '../geo/geohash-index.ts'

export class Directory {
  readonly #pharmacies = new Map<string, DirectoryPharmacy>()
  /** Places of the active pharmacies. */
  readonly #index = new GeohashIndex()
  /** Opening hours in a form to compare, of the pharmacies that have any. */
  readonly #weeks = new Map<string, { week: Week; timeZone: string }>()

  /** `currency`: the currency of the fees of new orders. */
  constructor(
    readonly currency: string = firstCurrency,
    readonly configuration: KnownConfiguration = new KnownConfiguration(),
  ) {}

  get size(): number {
    return this.#pharmacies.size
  }

  /**
   * Takes the data of a pharmacy, unless newer data is known. Pharmacies that wait for a decision,
   * or were refused, are not kept: anybody can create them, and they are asked nothing.
   */
  put(pharmacy: DirectoryPharmacy): void {
    const known = this.#pharmacies.get(pharmacy.vendor_id)
    if (
      known === undefined
        ? !pharmacyStatusTable[pharmacy.status].approvedOnce
        : known.revision > pharmacy.revision
    )
      return
    this.#pharmacies.set(pharmacy.vendor_id, pharmacy)
    if (pharmacy.is_active)
      this.#index.set(pharmacy.vendor_id, pharmacy.latitude, pharmacy.longitude)
    else this.#index.remove(pharmacy.vendor_id)
    if (pharmacy.opening_hours === null) this.#weeks.delete(pharmacy.vendor_id)
    else
      this.#weeks.set(pharmacy.vendor_id, {
        week: weekOf(pharmacy.opening_hours),
        timeZone: pharmacy.time_zone,
      })
  }

  get(pharmacyId: string): DirectoryPharmacy | undefined {
    return this.#pharmacies.get(pharmacyId)
  }

  /** Does it take requests at that time? A pharmacy without hours always does. */
  isOpen(pharmacyId: string, nowMs: number): boolean {
    const hours = this.#weeks.get(pharmacyId)
    return hours === undefined || openInWeek(hours.week, localMinuteOfWeek(hours.timeZone, nowMs))
  }

  /**
   * Active and open pharmacies within the radius, nearest first, at most
   * limits.broadcastCandidatesMax. The distance that each one is told is measured from the area of
   * the door, because exact distances to three pharmacies would reveal the door.
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
      const pharmacy = this.#pharmacies.get(this.#index.idOf(found.numbers[i]!)!)!
      candidates[i] = {
        vendor_id: pharmacy.vendor_id,
        distance_km: found.distanceKm[i]!,
        area_km: kmToHundredMetres(
          distanceKm(area.latitude, area.longitude, pharmacy.latitude, pharmacy.longitude),
        ),
      }
    }
    return candidates
  }

  /** The facts of an active pharmacy that orders keep; null when there is none. */
  fact(pharmacyId: string): PharmacyFact | null {
    const pharmacy = this.#pharmacies.get(pharmacyId)
    if (pharmacy === undefined || !pharmacy.is_active) return null
    return {
      vendor_id: pharmacy.vendor_id,
      name: pharmacy.name,
      phone: pharmacy.phone,
      latitude: pharmacy.latitude,
      longitude: pharmacy.longitude,
      address: pharmacy.address,
      proof_required: pharmacy.proof_required,
      ...(pharmacy.custody_additions != null && { custody: pharmacy.custody_additions }),
    }
  }

  /**
   * False for a pharmacy that an administrator has suspended or refused; all its commands are
   * refused. True for one that is not known.
   */
  mayAct(pharmacyId: string): boolean {
    return (this.#pharmacies.get(pharmacyId)?.status ?? 'active') === 'active'
  }

  /**
   * The policy of the search that starts when this pharmacy accepts; null where it picks a driver
   * by hand.
   */
  searchPolicy(pharmacyId: string): SearchPolicy | null {
    return searchPolicyOf(this.#pharmacies.get(pharmacyId)?.dispatch_policy)
  }

  /** The tariff of the pharmacy, or the default one, in the currency of new orders. */
  tariff(pharmacyId: string): Tariff {
    return tariffIn(
      this.currency,
      this.#pharmacies.get(pharmacyId)?.tariff ?? null,
      this.configuration.values.tariff,
    )
  }
}
