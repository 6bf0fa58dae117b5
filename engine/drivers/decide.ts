/**
 * Decides whether a command may happen to this driver now. Invariant 8 (capacity, one offer at a
 * time) is kept here, in the state of the driver.
 */
import { currencyOf } from '../../protocol/pricing/money.ts'
import type { DriverEvent } from '../../protocol/dispatch/events.ts'
import type { Membership } from '../../protocol/drivers/statuses.ts'
import type { Principal } from '../../protocol/kernel/principal.ts'
import { type Decision, emit, reject, unreachable } from '../actors/decision.ts'
import { concerns } from '../actors/decision-scope.ts'
import type { DriverCommand } from './commands.ts'
import {
  isMember,
  membershipOf,
  placesTaken,
  wasHeld,
  type Driver,
  type RegisteredDriver,
} from './state.ts'

type Of<V extends DriverCommand['verb']> = Extract<DriverCommand, { verb: V }>
type DriverDecision = Decision<DriverEvent>

/** `nowMs`: time of the decision, ms since the epoch. Never throws. */
export function decide(driver: Driver, command: DriverCommand, nowMs: number): DriverDecision {
  const pharmacyId =
    driver.kind === 'registered'
      ? driver.vendorId
      : command.verb === 'register'
        ? command.data.vendor_id
        : null
  if (!concerns(command, pharmacyId)) return reject('driver_not_found', 'no such driver')
  if (command.verb === 'register') return register(driver, command)
  if (driver.kind === 'absent') return reject('driver_not_found', 'no such driver')
  switch (command.verb) {
    case 'update':
      return update(driver, command)
    case 'set_status':
      return setStatus(driver, command)
    case 'approve_membership':
      return approveMembership(driver, command)
    case 'end_membership':
      return endMembership(driver, command)
    case 'ask_membership':
      return askMembership(driver, command)
    case 'hold_offer':
      return holdOffer(driver, command, nowMs)
    case 'release_hold':
      return releaseHold(driver, command)
    case 'confirm_hold':
      return confirmHold(driver, command)
    case 'assign':
      return assign(driver, command)
    case 'complete':
      return complete(driver, command)
    default:
      return unreachable(command)
  }
}

function register(driver: Driver, { driverId, currency, data }: Of<'register'>): DriverDecision {
  if (driver.kind === 'registered')
    return driver.vendorId === data.vendor_id
      ? emit()
      : reject('driver_already_exists', 'this driver belongs to another pharmacy')
  return emit<DriverEvent>(
    {
      type: 'driver_registered',
      data: {
        driver_id: driverId,
        vendor_id: data.vendor_id,
        full_name: data.full_name,
        phone: data.phone,
        vehicle_type: data.vehicle_type,
        capacity: data.capacity,
        currency,
      },
    },
    ...(data.membership === 'pending' ? [membershipChanged('pending')] : []),
  )
}

const mayManage = (driver: RegisteredDriver, by: Principal): boolean =>
  by.role === 'admin' ||
  by.role === 'system' ||
  by.role === 'service' ||
  (by.role === 'driver' && by.id === driver.driverId) ||
  (by.role === 'vendor' && by.id === driver.vendorId)

function update(driver: RegisteredDriver, { by, data }: Of<'update'>): DriverDecision {
  if (!mayManage(driver, by)) return reject('driver_not_found', 'no such driver')
  const {
    full_name = driver.fullName,
    phone = driver.phone,
    vehicle_type = driver.vehicleType,
  } = data
  if (
    full_name === driver.fullName &&
    phone === driver.phone &&
    vehicle_type === driver.vehicleType
  )
    return emit()
  return emit({ type: 'driver_updated', data: { full_name, phone, vehicle_type } })
}

function setStatus(driver: RegisteredDriver, { by, data }: Of<'set_status'>): DriverDecision {
  if (!mayManage(driver, by)) return reject('driver_not_found', 'no such driver')
  const goesOff = data.status === 'offline'
  const changes = driver.availability !== data.status
  if (!goesOff && !isMember(driver)) return reject('driver_not_member', notMember(driver))
  if (!goesOff && driver.barred === true && by.role === 'driver')
    return reject(
      'driver_taken_off_duty',
      'your pharmacy took you off duty; it can put you on duty again',
    )
  if (changes && data.status !== 'available' && driver.activeOrderIds.length > 0)
    return reject('driver_has_active_orders', 'finish the deliveries under way first')
  // Off duty by the pharmacy lasts until the pharmacy takes it back. The driver may change only
  // their own choice.
  const employs = by.role === 'vendor' || by.role === 'admin'
  const barred = employs ? goesOff : driver.barred === true
  return emit<DriverEvent>(
    ...(changes ? [{ type: 'status_changed' as const, data: { availability: data.status } }] : []),
    ...(barred === (driver.barred === true)
      ? []
      : [{ type: 'duty_barred' as const, data: { barred } }]),
  )
}

const notMember = (driver: RegisteredDriver): string =>
  membershipOf(driver) === 'pending'
    ? 'the pharmacy has not agreed yet'
    : 'the driver does not belong to the pharmacy any more'

// Membership of a pharmacy

const membershipChanged = (membership: Membership): DriverEvent => ({
  type: 'membership_changed',
  data: { membership },
})

/**
 * The driver's own request is not enough, because the pharmacy answers for the people who visit its
 * patients.
 */
const mayDecide = (driver: RegisteredDriver, by: Principal): boolean =>
  by.role !== 'driver' && mayManage(driver, by)

function approveMembership(
  driver: RegisteredDriver,
  { by }: Of<'approve_membership'>,
): DriverDecision {
  if (!mayDecide(driver, by)) return reject('driver_not_found', 'no such driver')
  return isMember(driver) ? emit() : emit(membershipChanged('active'))
}

function endMembership(driver: RegisteredDriver, { by }: Of<'end_membership'>): DriverDecision {
  if (!mayDecide(driver, by)) return reject('driver_not_found', 'no such driver')
  return membershipOf(driver) === 'ended' ? emit() : emit(membershipChanged('ended'))
}

function askMembership(driver: RegisteredDriver, { by }: Of<'ask_membership'>): DriverDecision {
  if (!mayManage(driver, by)) return reject('driver_not_found', 'no such driver')
  return membershipOf(driver) === 'ended' ? emit(membershipChanged('pending')) : emit()
}

function holdOffer(
  driver: RegisteredDriver,
  { vendorId: pharmacyId, offer, source }: Of<'hold_offer'>,
  nowMs: number,
): DriverDecision {
  if (driver.hold?.offer_id === offer.offer_id || driver.activeOrderIds.includes(offer.order_id))
    return emit()
  // The order's engine was down or paused, so this hold is late. The order has already released the
  // offer and will not release it twice.
  if (nowMs >= offer.expires_at_ms)
    return reject('offer_expired', 'the offer was over before it arrived')
  // This offer was held and released before. If it were held again, a repeated assignment would
  // find the hold, and the driver would be paid twice.
  if (source !== null && wasHeld(driver, source))
    return reject('offer_expired', 'the offer was held before, and is over')
  if (driver.vendorId !== pharmacyId)
    return reject('driver_not_of_vendor', 'the driver belongs to another pharmacy')
  if (!isMember(driver)) return reject('driver_not_member', notMember(driver))
  if (driver.availability !== 'available')
    return reject('driver_unavailable', `the driver is ${driver.availability}`)
  if (driver.hold !== null)
    return reject('driver_holds_offer', 'the driver is considering another offer')
  if (placesTaken(driver) >= driver.capacity)
    return reject(
      'driver_at_capacity',
      `the driver has ${driver.activeOrderIds.length} of ${driver.capacity} deliveries`,
    )
  return emit({ type: 'offer_held', data: { ...offer, source } })
}

function releaseHold(
  driver: RegisteredDriver,
  { offerId, outcome }: Of<'release_hold'>,
): DriverDecision {
  if (driver.hold?.offer_id !== offerId) return emit()
  return emit({
    type: 'offer_released',
    data: { offer_id: offerId, order_id: driver.hold.order_id, outcome },
  })
}

/** The engine asks this before the order gets the driver's acceptance. */
function confirmHold(driver: RegisteredDriver, { offerId }: Of<'confirm_hold'>): DriverDecision {
  if (driver.hold?.offer_id !== offerId)
    return reject('offer_not_found', 'the driver does not hold this offer')
  return isMember(driver) ? emit() : reject('driver_not_member', notMember(driver))
}

function assign(driver: RegisteredDriver, { offerId, orderId }: Of<'assign'>): DriverDecision {
  // The hold is the ticket of an assignment: each offer is held once, there is no assignment
  // without a hold (holds.ts), and the hold ends here. So a repeated assignment finds no hold,
  // whatever else the driver has forgotten.
  if (driver.hold?.offer_id !== offerId) return emit()
  return emit({ type: 'order_assigned', data: { offer_id: offerId, order_id: orderId } })
}

function complete(driver: RegisteredDriver, command: Of<'complete'>): DriverDecision {
  const { orderId, outcome, earningsMinor } = command
  if (!driver.activeOrderIds.includes(orderId)) return emit()
  return emit({
    type: 'order_completed',
    data: {
      order_id: orderId,
      outcome,
      earnings_minor: earningsMinor,
      currency: currencyOf(command),
    },
  })
}
