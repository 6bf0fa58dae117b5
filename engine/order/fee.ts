/**
 * The delivery fee: a base that covers the first kilometres, then a rate per kilometre, never below
 * a minimum. In minor units (cents), so that sums are exact.
 */
const baseMinor = 250
const baseCoversKm = 2
const perKmMinor = 120
const minimumMinor = 300

/** Fee in cents for a great-circle distance in km, rounded to 5 cents. */
export function deliveryFeeMinor(distanceKm: number): number {
  const raw = baseMinor + Math.max(0, distanceKm - baseCoversKm) * perKmMinor
  return Math.max(minimumMinor, Math.round(raw / 5) * 5)
}
