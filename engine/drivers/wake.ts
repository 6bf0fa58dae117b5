/** When a driver must be looked at again without a command. */
import type { Driver } from './state.ts'

/**
 * Time after the end of its offer when a hold is doubted and the journal is asked for the order,
 * ms. The order's release normally comes long before. But a sender that was paused may deliver its
 * hold after its successor's release, and a driver with such a hold would never be asked again.
 */
export const holdDoubtMs = 10_000

/** Null when nothing happens without a command. */
export const wakeAtMs = (driver: Driver): number | null =>
  driver.kind === 'absent' || driver.hold === null ? null : driver.hold.expires_at_ms + holdDoubtMs
