/** The events and commands that the tests of drivers share. */
import type { DriverEvent } from '../../protocol/dispatch/events.ts'
import type { HeldOfferFact, SourceFact } from '../../protocol/dispatch/facts.ts'
import type { DriverCommandData } from '../../protocol/dispatch/commands.ts'
import type { Principal } from '../../protocol/kernel/principal.ts'
import type { Membership } from '../../protocol/drivers/statuses.ts'
import { driverIds, id, offerIds, principal, system, pharmacyIds } from '../orders/fixtures.ts'
import type { DriverCommand } from './commands.ts'
import { evolve } from './evolve.ts'
import { absentDriver, type Driver } from './state.ts'

const driverId = driverIds[0]
/** The order of the n-th offer. */
export const orderOf = (n: number): string => id(0x10 + n)
/** The id of the n-th offer. */
export const offerOf = (n: number): string => offerIds[n] ?? id(0xf00 + n)
/** The time when every offer here ends, ms since the epoch. */
export const offerEndsMs = 30_000

/** The driver, and the driver's pharmacy. */
export const self = principal('driver', driverId)
export const employer = principal('vendor', pharmacyIds[0])

export const heldOffer = (n = 0, mode: HeldOfferFact['mode'] = 'offer'): HeldOfferFact => {
  const place = { latitude: 37.77, longitude: -122.42, address: null }
  return {
    offer_id: offerOf(n),
    order_id: orderOf(n),
    mode,
    expires_at_ms: offerEndsMs,
    pickup: place,
    dropoff: place,
    distance_km: 1,
    fee_minor: 300,
    currency: 'USD',
  }
}

const profile = {
  vendor_id: pharmacyIds[0],
  full_name: 'Dora',
  phone: '2',
  vehicle_type: 'bike' as const,
}
export const registered = (capacity = 1): DriverEvent => ({
  type: 'driver_registered',
  data: { driver_id: driverId, ...profile, capacity, currency: 'USD' },
})
export const updated = (phone = '22'): DriverEvent => ({
  type: 'driver_updated',
  data: { full_name: profile.full_name, phone, vehicle_type: 'scooter' },
})
export const turned = (availability: 'offline' | 'available' | 'on_break'): DriverEvent => ({
  type: 'status_changed',
  data: { availability },
})
/** The place of the event that made the n-th offer. Every third offer comes from the same slot. */
export const sourceOf = (n = 0): SourceFact => ({ slot: 5 * (n % 3), seq: n + 1 })
export const held = (n = 0): DriverEvent => ({
  type: 'offer_held',
  data: { ...heldOffer(n), source: sourceOf(n) },
})
export const released = (n = 0): DriverEvent => ({
  type: 'offer_released',
  data: { offer_id: offerOf(n), order_id: orderOf(n), outcome: 'expired' },
})
export const assigned = (n = 0): DriverEvent => ({
  type: 'order_assigned',
  data: { offer_id: offerOf(n), order_id: orderOf(n) },
})
export const completed = (n = 0): DriverEvent => ({
  type: 'order_completed',
  data: { order_id: orderOf(n), outcome: 'delivered', earnings_minor: 300, currency: 'USD' },
})

export const membership = (to: Membership): DriverEvent => ({
  type: 'membership_changed',
  data: { membership: to },
})
export const barred = (is: boolean): DriverEvent => ({ type: 'duty_barred', data: { barred: is } })

/** The driver after these events. */
export const after = (events: readonly DriverEvent[]): Driver =>
  events.reduce<Driver>(evolve, absentDriver)

/** Commands by name, each of somebody who may give it. */
export const give = {
  register: (
    capacity = 1,
    vendorId: string = pharmacyIds[0],
    by: Principal = system,
  ): DriverCommand => ({
    verb: 'register',
    by,
    driverId,
    currency: 'USD',
    data: { ...profile, vendor_id: vendorId, capacity },
  }),
  update: (
    data: DriverCommandData['update'] = { phone: '22', vehicle_type: 'scooter' },
    by = self,
  ): DriverCommand => ({ verb: 'update', by, data }),
  setStatus: (status: 'offline' | 'available' | 'on_break', by = self): DriverCommand => ({
    verb: 'set_status',
    by,
    data: { status },
  }),
  approve: (by: Principal = employer): DriverCommand => ({ verb: 'approve_membership', by }),
  end: (by: Principal = employer): DriverCommand => ({ verb: 'end_membership', by }),
  ask: (by: Principal = self): DriverCommand => ({ verb: 'ask_membership', by }),
  hold: (
    n = 0,
    vendorId: string = pharmacyIds[0],
    mode: HeldOfferFact['mode'] = 'offer',
  ): DriverCommand => ({
    verb: 'hold_offer',
    by: system,
    vendorId,
    offer: heldOffer(n, mode),
    source: sourceOf(n),
  }),
  release: (n = 0, outcome = 'expired'): DriverCommand => ({
    verb: 'release_hold',
    by: system,
    offerId: offerOf(n),
    outcome,
  }),
  confirmHold: (n = 0): DriverCommand => ({
    verb: 'confirm_hold',
    by: system,
    offerId: offerOf(n),
  }),
  assign: (n = 0): DriverCommand => ({
    verb: 'assign',
    by: system,
    offerId: offerOf(n),
    orderId: orderOf(n),
  }),
  complete: (
    n = 0,
    outcome: 'delivered' | 'returned' | 'cancelled' = 'delivered',
  ): DriverCommand => ({
    verb: 'complete',
    by: system,
    orderId: orderOf(n),
    outcome,
    earningsMinor: outcome === 'delivered' ? 300 : 0,
  }),
}
