/**
 * Decides the fee of an order, in minor units. A quote that is valid for the pharmacy is honoured.
 * Without a quote the pharmacy's tariff decides, at the moment in which the customer is told: at
 * placement for an order to a known pharmacy, at acceptance for a request.
 * protocol/pricing/tariff.ts does the arithmetic.
 */
import type { FeeTerms } from '../../protocol/dispatch/order-commands.ts'
import type { FeeFact } from '../../protocol/dispatch/facts.ts'
import { defaultTariff, feeMinor, type Tariff } from '../../protocol/pricing/tariff.ts'

const goodFor = <F extends FeeFact>(fee: F | null | undefined, pharmacyId: string): F | null =>
  fee && (fee.vendor_id === null || fee.vendor_id === pharmacyId) ? fee : null

/** The fee of an order to a known pharmacy, at its placement. */
export function feeAtPlacement(
  quoted: FeeTerms | undefined,
  pharmacyId: string,
  tariff: Tariff,
  kmByRoad: number,
): FeeFact {
  return (
    goodFor(quoted, pharmacyId) ?? {
      quote_id: null,
      vendor_id: pharmacyId,
      fee_minor: feeMinor(tariff, kmByRoad),
      distance_km: kmByRoad,
    }
  )
}

/**
 * The fee of a request that this pharmacy accepts. The customer's quote goes before the pharmacy's
 * quote.
 */
export function feeOfResponse(
  told: FeeFact | null,
  quoted: FeeTerms | undefined,
  pharmacyId: string,
  tariff: Tariff,
  kmByRoad: number,
): { fee_minor: number; distance_km: number } {
  const { fee_minor, distance_km } = goodFor(told, pharmacyId) ??
    goodFor(quoted, pharmacyId) ?? { fee_minor: feeMinor(tariff, kmByRoad), distance_km: kmByRoad }
  return { fee_minor, distance_km }
}

/**
 * The fee of an order to a known pharmacy, at its acceptance: never more than the customer was
 * told. An order from a time when events had no fee gets the default tariff.
 */
export function acceptedFee(
  told: FeeFact | null,
  quoted: FeeTerms | undefined,
  pharmacyId: string,
  currency: string,
  kmByRoad: number,
): number {
  const toldMinor = told?.fee_minor ?? feeMinor(defaultTariff(currency), kmByRoad)
  return Math.min(toldMinor, goodFor(quoted, pharmacyId)?.fee_minor ?? toldMinor)
}
