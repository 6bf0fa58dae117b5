/** Bounds of requests to map services. */
import { limits, relation } from '../../protocol/kernel/limits.ts'

export const mapsLimits = {
  mapsTimeoutMs: 3_000,
  mapsInFlightMax: 64,
  mapsAnswerBytesMax: 256 * 1024,
  mapsCacheEntriesMax: 10_000,
  mapsCacheMs: 24 * 3_600_000,
  /** Places of one address that are told. */
  placesMax: 5,
  /** Searches of people at once, those that wait too, and those of one account. */
  searches: { atOnceMax: 8, totalMax: 32, perKeyMax: 2 },
  /** Time for which a router that failed is not asked. */
  routerPauseMs: 10_000,
} as const

relation(
  mapsLimits.searches.totalMax < mapsLimits.mapsInFlightMax,
  'people who search leave room for the addresses of orders',
)
relation(
  mapsLimits.mapsTimeoutMs < limits.commandTimeoutMs,
  'a map that is slow holds no order up for longer than an engine may',
)
