/**
 * The price of a delivery in the API: money as decimal numbers, and the tariff in minor units that
 * it becomes. Pharmacies and the configuration have it.
 */
import Type from 'typebox'
import { limits } from '../../protocol/kernel/limits.ts'
import { currencyOf, decimalOfMinor, minorOfDecimal } from '../../protocol/pricing/money.ts'
import { bandsProblem, type Tariff } from '../../protocol/pricing/tariff.ts'
import { closedObject, nullable } from './shapes.ts'
import { invalid } from './validate.ts'

const tariffBandsMax = 10

/** The highest amount is that of a currency without decimals; the exact bound is in minor units. */
const Money = Type.Number({ minimum: 0, maximum: limits.feeMinorMax })
/** The price in an answer. */
export const PricingView = Type.Object({
  base_fee: Money,
  minimum_fee: Money,
  currency: Type.String(),
  bands: Type.Array(Type.Object({ up_to_km: nullable(Type.Number()), per_km: Money })),
})
/** The price in a body. */
export const Pricing = closedObject({
  base_fee: Money,
  minimum_fee: Money,
  bands: Type.Array(
    closedObject({
      up_to_km: nullable(Type.Number({ exclusiveMinimum: 0, maximum: limits.routeKmMax })),
      per_km: Money,
    }),
    { minItems: 1, maxItems: tariffBandsMax },
  ),
})
/** A tariff in the shape of `PricingView`, with amounts as decimal numbers. */
export function pricingOf(tariff: Tariff) {
  const currency = currencyOf(tariff)
  return {
    base_fee: decimalOfMinor(tariff.base_minor, currency),
    minimum_fee: decimalOfMinor(tariff.minimum_minor, currency),
    currency,
    bands: tariff.bands.map(({ up_to_km, per_km_minor }) => ({
      up_to_km,
      per_km: decimalOfMinor(per_km_minor, currency),
    })),
  }
}

/**
 * The tariff of a price. Throws `invalid_request` for bands with a gap and for fractions of a minor
 * unit.
 */
export function tariffOf(
  { base_fee, minimum_fee, bands }: Type.Static<typeof Pricing>,
  currency: string,
): Tariff {
  const problem = bandsProblem(bands)
  if (problem !== null) throw invalid([{ field: 'pricing.bands', rule: problem }])
  const minor = (field: string, decimal: number): number => {
    const amount = minorOfDecimal(decimal, currency)
    if (amount === null || amount > limits.feeMinorMax)
      throw invalid([
        {
          field: `pricing.${field}`,
          rule:
            amount === null
              ? `must be whole in the smallest unit of ${currency}`
              : `must be at most ${decimalOfMinor(limits.feeMinorMax, currency)}`,
        },
      ])
    return amount
  }
  return {
    currency,
    base_minor: minor('base_fee', base_fee),
    minimum_minor: minor('minimum_fee', minimum_fee),
    bands: bands.map(({ up_to_km, per_km }, i) => ({
      up_to_km,
      per_km_minor: minor(`bands.${i}.per_km`, per_km),
    })),
  }
}
