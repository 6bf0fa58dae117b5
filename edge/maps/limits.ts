/** Bounds of asking services that know places. */
import { limits, relation } from '../../protocol/kernel/limits.ts'

export const mapsLimits = {
  mapsTimeoutMs: 3_000,
  mapsInFlightMax: 64,
  mapsAnswerBytesMax: 256 * 1024,
  mapsCacheEntriesMax: 10_000,
  mapsCacheMs: 24 * 3_600_000,
  /** A router that failed is left alone for this long. */
  routerPauseMs: 10_000,
} as const

relation(
  mapsLimits.mapsTimeoutMs < limits.commandTimeoutMs,
  'a map that is slow holds no order up for longer than an engine may',
)
