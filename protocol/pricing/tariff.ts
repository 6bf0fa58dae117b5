/**
 * The delivery fee: a base, a rate per kilometre by distance band, and a minimum. All money is in
 * minor units (cents), so that sums are exact. The edge that quotes and the engine that decides
 * share this pure function, so that they never differ by a cent.
 *
 * Rejected: a table of whole fees by distance. Its fee jumps at each edge, so a pharmacy two houses
 * further would cost a euro more.
 */

import { currencyOf } from './money.ts'

export interface TariffBand {
  /** The end of the band, km by road; null for the last band. */
  up_to_km: number | null
  per_km_minor: number
}
export interface Tariff {
  /** The currency of all its amounts. A tariff that an older release stored names none. */
  currency?: string
  base_minor: number
  minimum_minor: number
  /** In ascending order. Exactly the last band has no end. */
  bands: TariffBand[]
}

/**
 * The tariff of a pharmacy that has set none, and of a quote for no particular pharmacy. In minor
 * units of any currency.
 */
const defaultTerms = {
  base_minor: 250,
  minimum_minor: 300,
  bands: [
    { up_to_km: 2, per_km_minor: 0 },
    { up_to_km: null, per_km_minor: 120 },
  ],
}

/** The default tariff in a currency. */
export const defaultTariff = (currency: string): Tariff => ({ currency, ...defaultTerms })

/**
 * The tariff of a pharmacy for fees in `currency`; without one `fallback`, which administrators
 * chose, then the default. A tariff in another currency is not converted: it counts as none until
 * somebody sets a new one.
 */
export const tariffIn = (
  currency: string,
  tariff: Tariff | null,
  fallback: Tariff | null = null,
): Tariff =>
  [tariff, fallback].find(one => one !== null && currencyOf(one) === currency) ??
  defaultTariff(currency)

/** Fees are whole multiples of this, in minor units. */
const stepMinor = 5

export interface FeePart {
  from_km: number
  to_km: number
  per_km_minor: number
  amount_minor: number
}

/** The amount of each band for a distance in km by road, not rounded. */
export function feeParts(tariff: Tariff, kmByRoad: number): FeePart[] {
  const parts: FeePart[] = []
  let from_km = 0
  for (const { up_to_km, per_km_minor } of tariff.bands) {
    const to_km = Math.min(kmByRoad, up_to_km ?? Infinity)
    if (to_km <= from_km) break
    parts.push({ from_km, to_km, per_km_minor, amount_minor: (to_km - from_km) * per_km_minor })
    from_km = to_km
  }
  return parts
}

/** Fee in minor units for a distance in km by road, rounded to 5. */
export function feeMinor(tariff: Tariff, kmByRoad: number): number {
  const raw = feeParts(tariff, kmByRoad).reduce(
    (sum, part) => sum + part.amount_minor,
    tariff.base_minor,
  )
  return Math.max(tariff.minimum_minor, Math.round(raw / stepMinor) * stepMinor)
}

/** Null when the bands are valid; otherwise the rule that they break. */
export function bandsProblem(bands: readonly { up_to_km: number | null }[]): string | null {
  if (bands.at(-1)?.up_to_km !== null) return 'must end with a band whose up_to_km is null'
  let before = 0
  for (const { up_to_km } of bands.slice(0, -1)) {
    if (up_to_km === null || up_to_km <= before) return 'must have ascending up_to_km'
    before = up_to_km
  }
  return null
}
