/** When a driver must be looked at again without anybody asking. */
import type { Driver } from './state.ts'

/**
 * A hold that outlives its offer by this is doubted: what does the journal say of the order? The order's
 * release normally comes long before; but a sender that was paused may bring its hold only after its
 * successor's release, and a driver with a hold nobody remembers would never be asked again.
 */
export const holdDoubtMs = 10_000

/** Null: nothing will happen by itself. */
export const wakeAtMs = (driver: Driver): number | null =>
  driver.kind === 'absent' || driver.hold === null ? null : driver.hold.expires_at_ms + holdDoubtMs
