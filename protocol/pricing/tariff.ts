/**
 * The delivery fee: a base, a rate per kilometre by distance band, never below a minimum. All money is
 * in minor units (cents), so that sums are exact. One pure function for the edge that quotes and the
 * engine that decides; two would differ by a cent some day, and the customer would be right.
 *
 * Rejected: a table of whole fees by distance. Its fee jumps at each edge, and a pharmacy two houses
 * further along the road would cost a euro more.
 */

import { currencyOf } from './money.ts'

export interface TariffBand {
  /** Where the band ends, km by road; null for the last one, which has no end. */
  up_to_km: number | null
  per_km_minor: number
}
export interface Tariff {
  /** Of all its amounts; a tariff that an older release stored names none. */
  currency?: string
  base_minor: number
  minimum_minor: number
  /** Ascending; exactly the last has no end. */
  bands: TariffBand[]
}

/** Of a pharmacy that has set none, and of a quote that is for no pharmacy in particular. In minor units of whichever currency. */
const defaultTerms = {
  base_minor: 250,
  minimum_minor: 300,
  bands: [
    { up_to_km: 2, per_km_minor: 0 },
    { up_to_km: null, per_km_minor: 120 },
  ],
}

export const defaultTariff = (currency: string): Tariff => ({ currency, ...defaultTerms })

/**
 * The tariff of a pharmacy for fees in `currency`. One that was set in another currency is not counted over: its
 * pharmacy has the default until it sets one anew.
 */
export const tariffIn = (currency: string, tariff: Tariff | null): Tariff =>
  tariff !== null && currencyOf(tariff) === currency ? tariff : defaultTariff(currency)

/** Fees are whole multiples of this. */
const stepMinor = 5

export interface FeePart {
  from_km: number
  to_km: number
  per_km_minor: number
  amount_minor: number
}

/** What each band contributes for a distance in km by road; amounts are not rounded. */
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

/** Null when the bands make a tariff; otherwise the rule that they break. */
export function bandsProblem(bands: readonly { up_to_km: number | null }[]): string | null {
  if (bands.at(-1)?.up_to_km !== null) return 'must end with a band whose up_to_km is null'
  let before = 0
  for (const { up_to_km } of bands.slice(0, -1)) {
    if (up_to_km === null || up_to_km <= before) return 'must have ascending up_to_km'
    before = up_to_km
  }
  return null
}
