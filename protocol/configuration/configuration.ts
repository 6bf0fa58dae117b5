/**
 * The settings that administrators change while the house runs, and the bounds of each. A process
 * without a stored configuration, and a setting that an older release did not store, have the
 * default.
 */
import { limits } from '../kernel/limits.ts'
import type { Tariff } from '../pricing/tariff.ts'

export interface Configuration {
  /** The tariff of pharmacies that have set none; null: the one of the program. */
  tariff: Tariff | null
  /** How far a request may reach, km. */
  radius_km_min: number
  radius_km_max: number
  /** Time that a driver has to answer an offer, where the pharmacy names none. */
  offer_seconds: number
  /** False: new requests and orders are refused; those under way go on. */
  takes_orders: boolean
  /** False: nobody registers; administrators still make accounts. */
  takes_registrations: boolean
}

/** The bounds of the numbers. */
export const configurationBounds = {
  radiusKm: { min: limits.radiusKmMin, max: limits.radiusKmMax },
  offerSeconds: { min: 5, max: limits.offerTtlMs / 1000 },
} as const

export const configurationDefault: Readonly<Configuration> = {
  tariff: null,
  radius_km_min: limits.radiusKmMin,
  radius_km_max: limits.radiusKmMax,
  offer_seconds: limits.offerTtlMs / 1000,
  takes_orders: true,
  takes_registrations: true,
}

/** A stored configuration. Revisions count from 1. */
export interface StoredConfiguration {
  revision: number
  settings: Partial<Configuration>
}

/** The configuration as one process knows it. */
export class KnownConfiguration {
  #revision = 0
  #values: Readonly<Configuration> = configurationDefault

  /** 0 before anything was stored. */
  get revision(): number {
    return this.#revision
  }
  get values(): Readonly<Configuration> {
    return this.#values
  }

  /** Takes a stored configuration; an older one than is known changes nothing. */
  take(stored: StoredConfiguration | null): void {
    if (stored === null || stored.revision <= this.#revision) return
    this.#revision = stored.revision
    this.#values = { ...configurationDefault, ...stored.settings }
  }
}

/** The radius, or the nearer bound when it is outside of the bounds. */
export const radiusWithin = (
  { radius_km_min: min, radius_km_max: max }: Readonly<Configuration>,
  radiusKm: number,
): number => Math.min(max, Math.max(min, radiusKm))

/** The rule that a radius breaks; null when requests may have it. */
export function radiusProblem(
  { radius_km_min: min, radius_km_max: max }: Readonly<Configuration>,
  radiusKm: number,
): string | null {
  return radiusKm < min || radiusKm > max ? `must be from ${min} to ${max}` : null
}
