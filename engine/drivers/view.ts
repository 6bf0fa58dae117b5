/** The public view of a driver's live state. */
import { isoTime } from '../../protocol/kernel/iso-time.ts'
import type { DriverView } from '../../protocol/drivers/view.ts'
import { currencyOf, decimalOfMinor } from '../../protocol/pricing/money.ts'
import { membershipOf, statusOf, type RegisteredDriver } from './state.ts'

/** The driver after its `version`-th event. */
export function view(driver: RegisteredDriver, version: number): DriverView {
  return {
    id: driver.driverId,
    vendor_id: driver.vendorId,
    membership: membershipOf(driver),
    full_name: driver.fullName,
    phone: driver.phone,
    vehicle_type: driver.vehicleType,
    status: statusOf(driver),
    capacity: driver.capacity,
    active_order_ids: driver.activeOrderIds,
    offer:
      driver.hold === null
        ? null
        : {
            offer_id: driver.hold.offer_id,
            order_id: driver.hold.order_id,
            expires_at: isoTime(driver.hold.expires_at_ms),
          },
    total_deliveries: driver.totalDeliveries,
    total_earnings: decimalOfMinor(driver.totalEarningsMinor, currencyOf(driver)),
    currency: currencyOf(driver),
    version,
  }
}
