/**
 * Compares the journal with the actions of customers, pharmacies and drivers. It finds an event
 * that nobody asked for, a payment that was not agreed, and an arrival of a driver who is
 * elsewhere.
 */
import type { DriverEvent, OrderEvent } from '../../protocol/dispatch/events.ts'
import type { DriverModel } from './model/driver.ts'
import { Evidence, fenceSlackKm, frameMemoryMs, type Fail } from './evidence.ts'
import { crowKm, type Point } from './model/money.ts'
import type { OrderModel } from './model/order.ts'
import { Terms } from './terms.ts'
import { trackingLimits } from '../tracking/limits.ts'

/**
 * The commands that may cause each event. Events that are not here are made by the engine itself.
 */
const causes: Partial<Record<OrderEvent['type'] | DriverEvent['type'], readonly string[]>> = {
  broadcast_opened: ['broadcast'],
  order_placed: ['create'],
  response_recorded: ['respond'],
  order_accepted: ['respond', 'accept'],
  order_rejected: ['reject'],
  order_cancelled: ['cancel'],
  tracking_reissued: ['reissue_tracking'],
  driver_assigned: ['accept_offer', 'assign_driver'],
  picked_up: ['pick_up'],
  out_for_delivery: ['out_for_delivery'],
  delivered: ['deliver'],
  delivery_failed: ['fail'],
  return_started: ['return'],
  returned: ['complete_return'],
  driver_registered: ['register'],
  driver_updated: ['update'],
  status_changed: ['set_status'],
  duty_barred: ['set_status'],
  membership_changed: ['register', 'approve_membership', 'end_membership', 'ask_membership'],
}

/** The record of a simulation, with the checks of the journal against it. */
export class Witness extends Evidence {
  readonly #fail: Fail
  readonly #terms: Terms

  constructor(fail: Fail) {
    super()
    this.#fail = fail
    this.#terms = new Terms(this, fail)
  }

  /** An event of an order; `before` and `after` come from the simulator's own fold. */
  ofOrder(event: OrderEvent, before: OrderModel | null, after: OrderModel, atMs: number): void {
    const fail = (what: string): void => this.#fail('[said]', `${event.type}: ${what}`, after.id)
    const verbs = causes[event.type]
    if (verbs !== undefined && !verbs.some(verb => this.given(after.id, verb).length > 0))
      return fail(`nobody asked for it (${verbs.join(', ')})`)
    switch (event.type) {
      case 'broadcast_opened':
        return this.#terms.opened(event.data, after, atMs)
      case 'order_placed':
        return this.#terms.placed(event.data, after, atMs)
      case 'response_recorded': {
        const { vendor_id, text_message } = event.data
        if (
          !this.given(after.id, 'respond').some(
            ({ id, data }) =>
              id === vendor_id &&
              data['response_type'] === 'REJECTED' &&
              (data['text_message'] ?? null) === text_message,
          )
        )
          fail(`pharmacy ${vendor_id} did not say ${text_message}`)
        return
      }
      case 'order_accepted':
        return this.#terms.accepted(event.data, before!, after, atMs)
      case 'order_cancelled':
        if (
          !this.given(after.id, 'cancel').some(
            ({ role, data }) =>
              role === event.data.by && (data['reason'] ?? null) === event.data.reason,
          )
        )
          fail(`not by ${event.data.by}`)
        return
      case 'order_rejected':
        if (
          !this.given(after.id, 'reject').some(
            ({ id, data }) =>
              id === event.data.vendor_id && (data['reason'] ?? null) === event.data.reason,
          )
        )
          fail('in other words')
        return
      case 'offer_made': {
        const { driver_id, mode } = event.data
        if (
          mode === 'assign' &&
          !this.given(after.id, 'assign_driver').some(({ data }) => data['driver_id'] === driver_id)
        )
          fail(`nobody chose driver ${driver_id}`)
        return
      }
      case 'delivered': {
        const { earnings_minor, driver_id, signature_url } = event.data
        if (earnings_minor !== after.yes!.fee_minor)
          this.#fail(
            '[pay]',
            `delivered for ${earnings_minor}, agreed for ${after.yes!.fee_minor}`,
            after.id,
          )
        if (driver_id !== after.driver!.driver_id)
          fail(`by ${driver_id}, assigned to ${after.driver!.driver_id}`)
        if (
          !this.given(after.id, 'deliver').some(
            ({ data }) => (data['signature_url'] ?? null) === signature_url,
          )
        )
          fail('with another proof than was sent')
        return this.#driven(event.data.actual_distance_km, after)
      }
      case 'delivery_failed':
        if (!this.given(after.id, 'fail').some(({ data }) => data['reason'] === event.data.reason))
          fail(`nobody said ${event.data.reason}`)
        return
      case 'arrived_at_pickup':
        return this.#arrived(after, after.vendor!, atMs)
      case 'arrived_at_dropoff':
        return this.#arrived(after, after.wish.dropoff, atMs)
      default:
    }
  }

  /** An event of a driver. `orderOf` gives an order of the simulator's own fold. */
  ofDriver(
    event: DriverEvent,
    after: DriverModel,
    orderOf: (orderId: string) => OrderModel | null,
  ): void {
    const fail = (what: string): void => this.#fail('[said]', `${event.type}: ${what}`, after.id)
    const verbs = causes[event.type]
    if (verbs !== undefined && !verbs.some(verb => this.given(after.id, verb).length > 0))
      return fail(`nobody asked for it (${verbs.join(', ')})`)
    switch (event.type) {
      case 'driver_registered': {
        const { driver_id: _, currency, ...profile } = event.data
        if (currency !== 'USD') fail(`paid in ${currency}, which no engine was told`)
        if (
          !this.given(after.id, 'register').some(({ data }) =>
            Object.entries(profile).every(([key, value]) => data[key] === value),
          )
        )
          fail(`with a profile that nobody gave: ${JSON.stringify(profile)}`)
        return
      }
      case 'status_changed':
        if (
          !this.given(after.id, 'set_status').some(
            ({ data }) => data['status'] === event.data.availability,
          )
        )
          fail(`nobody said ${event.data.availability}`)
        return
      case 'offer_held': {
        const order = orderOf(event.data.order_id)
        if (order?.yes == null)
          return fail(`of order ${event.data.order_id}, which no pharmacy has accepted`)
        const { pickup, dropoff, fee_minor, currency, distance_km } = event.data
        const { vendor, distance_km: agreedKm, fee_minor: agreed } = order.yes
        if (!samePlace(pickup, vendor) || !samePlace(dropoff, order.wish.dropoff))
          fail("with places that are not the order's")
        if (fee_minor !== agreed || currency !== 'USD' || distance_km !== agreedKm)
          this.#fail('[pay]', `offered for ${fee_minor}, agreed for ${agreed}`, after.id)
        return
      }
      case 'order_completed': {
        const { order_id, outcome, earnings_minor } = event.data
        const order = orderOf(order_id)
        // The order was taken from this driver, and searches or has another driver.
        if (
          outcome === 'cancelled' &&
          earnings_minor === 0 &&
          order != null &&
          order.driver?.driver_id !== after.id
        )
          return
        if (order?.state !== outcome)
          return this.#fail(
            '[pay]',
            `order ${order_id} is booked as ${outcome} and is ${order?.state}`,
            after.id,
          )
        const due = outcome === 'delivered' ? order.yes!.fee_minor : 0
        if (earnings_minor !== due)
          this.#fail(
            '[pay]',
            `${earnings_minor} earned by order ${order_id}, which is ${outcome} and pays ${due}`,
            after.id,
          )
        return
      }
      default:
    }
  }

  /** An arrival needs a frame of the device within the geofence. */
  #arrived(order: OrderModel, place: Point, atMs: number): void {
    const driverId = order.driver!.driver_id
    const near = this.framesOf(driverId).some(
      frame =>
        frame.atMs > atMs - frameMemoryMs &&
        crowKm(frame, place) * 1000 <= trackingLimits.arrivalRadiusM + fenceSlackKm * 1000,
    )
    if (!near) this.#fail('[7]', `driver ${driverId} arrived where the device never was`, order.id)
  }

  /** A driver has driven at most as far as the device has moved. */
  #driven(km: number | null, order: OrderModel): void {
    if (km === null) return
    const all = this.framesOf(order.driver!.driver_id).filter(
      frame => frame.atMs >= order.at.picked_up! - slackMs,
    )
    const frames = all.filter(frame => frame.genuine)
    // A frame of a fault can be accepted: a late frame is the first frame of a new engine.
    let pathKm = slackKm + strayKm * (all.length - frames.length)
    for (let i = 1; i < frames.length; i++) pathKm += crowKm(frames[i - 1]!, frames[i]!)
    if (km > pathKm) this.#fail('[said]', `${km} km driven, the device says ${pathKm}`, order.id)
  }
}

/** Frames from before the pick-up that may count to the way, ms. */
const slackMs = 120_000
/** Kilometres that the product may count beyond the way of the device. */
const slackKm = 0.5
/** Kilometres that one stray frame adds at most, there and back. */
const strayKm = 2.5
const samePlace = (
  one: Point & { address: string | null },
  other: Point & { address: string | null },
): boolean =>
  one.latitude === other.latitude &&
  one.longitude === other.longitude &&
  one.address === other.address
