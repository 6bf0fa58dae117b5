/**
 * The orders under way, by driver, and the consequences of a frame of the driver for them: arrival
 * by geofence, kilometres driven, breadcrumbs, and news for their watchers. A frame of a driver
 * without orders costs one byte test.
 */
import { distanceKm } from '../../protocol/river/geo.ts'
import type { BreadcrumbRow } from '../journal/positions.ts'
import { doorPositionMsMax } from '../orders/limits.ts'
import { deliveryOf, headingOf, type Order } from '../orders/state.ts'
import { followed, type DriverTable } from '../fleet/driver-table.ts'
import { unpaced, type Paced } from './pace.ts'
import { trackingLimits } from './limits.ts'

/** Closer breadcrumbs than this add no distance, only noise and rows. */
const crumbKmMin = 0.02
/**
 * Most frames are metres after the one before and kilometres from the fence. A degree of latitude
 * is 111.2 km, and a degree of longitude is never more. For such a frame two comparisons are
 * enough, where a distance takes 25 ns.
 */
const kmPerDegree = 111.2
/**
 * Two places are closer than a breadcrumb when their differences of latitude and longitude are both
 * below this.
 */
const crumbDegrees = crumbKmMin / kmPerDegree / 1.5
/** One position shows where the driver was, but not the distance driven. */
const heardForDistanceMin = 2
/** A larger difference of latitude is outside of every fence. */
const fenceDegrees = (trackingLimits.arrivalRadiusM / 1000 / kmPerDegree) * 1.01

export interface FollowedOrder extends Paced {
  readonly orderId: string
  readonly customerId: string
  readonly dropoff: { latitude: number; longitude: number }
  driverNumber: number
  driverId: string
  vehicleType: string
  /** The driver's target: the pharmacy before the pick-up, the customer's door after it. */
  leg: 'pickup' | 'dropoff'
  latitude: number
  longitude: number
  arrived: boolean
  /** Kilometres since the pick-up. */
  drivenKm: number
  /** Number of positions since the pick-up. */
  heard: number
  lastLatitude: number
  lastLongitude: number
  lastAtMs: number
}

const none: readonly FollowedOrder[] = []

export class Following {
  readonly #table: DriverTable
  readonly #byOrder = new Map<string, FollowedOrder>()
  readonly #byDriver = new Map<number, FollowedOrder[]>()
  /** Orders with a new position that the pace does not know of yet. */
  readonly news = new Set<FollowedOrder>()
  #crumbs: BreadcrumbRow[] = []
  readonly #arrived: (order: FollowedOrder, at: 'pickup' | 'dropoff') => void

  constructor(
    table: DriverTable,
    arrived: (order: FollowedOrder, at: 'pickup' | 'dropoff') => void,
  ) {
    this.#table = table
    this.#arrived = arrived
  }

  get size(): number {
    return this.#byOrder.size
  }
  orderIds(): IterableIterator<string> {
    return this.#byOrder.keys()
  }
  get(orderId: string): FollowedOrder | undefined {
    return this.#byOrder.get(orderId)
  }

  /**
   * Kilometres driven since the pick-up. Null when the order was not followed, or too few positions
   * came.
   */
  drivenKm(orderId: string): number | null {
    const order = this.#byOrder.get(orderId)
    return order === undefined || order.leg === 'pickup' || order.heard < heardForDistanceMin
      ? null
      : order.drivenKm
  }

  /**
   * Distance from the driver to the door, m, rounded. Null when the order is not followed or no
   * fresh position is known.
   */
  doorDistanceM(orderId: string, nowMs: number): number | null {
    const order = this.#byOrder.get(orderId)
    if (order === undefined || !this.#table.hasPosition(order.driverNumber)) return null
    if (this.#table.atMs(order.driverNumber) < nowMs - doorPositionMsMax) return null
    const [latitude, longitude] = [
      this.#table.latitude(order.driverNumber),
      this.#table.longitude(order.driverNumber),
    ]
    return Math.round(
      distanceKm(latitude, longitude, order.dropoff.latitude, order.dropoff.longitude) * 1000,
    )
  }

  /** Called after every transition of an order: begins, turns or ends the following. */
  observe(order: Order): void {
    if (order.kind === 'absent') return
    const delivery = deliveryOf(order)
    const leg = headingOf(order)
    if (leg === null || delivery === null || !('deal' in order) || order.deal === null)
      return this.drop(order.core.orderId)
    const target = leg === 'pickup' ? order.deal.vendor : order.core.dropoff
    const arrived =
      leg === 'pickup'
        ? delivery.arrivedAtPickupMs !== null
        : // The drop-off fence is live only on the way there: the next house may be the pharmacy's own.
          delivery.arrivedAtDropoffMs !== null || order.kind !== 'out_for_delivery'
    let entry = this.#byOrder.get(order.core.orderId)
    const { driver } = delivery
    if (entry === undefined || entry.driverId !== driver.driver_id) {
      this.drop(order.core.orderId)
      const number = this.#table.ensure(driver.driver_id)
      if (number < 0) return
      entry = {
        orderId: order.core.orderId,
        customerId: order.core.customerId,
        dropoff: order.core.dropoff,
        driverNumber: number,
        driverId: driver.driver_id,
        vehicleType: driver.vehicle_type,
        leg,
        latitude: target.latitude,
        longitude: target.longitude,
        arrived,
        drivenKm: 0,
        heard: 0,
        lastLatitude: Number.NaN,
        lastLongitude: Number.NaN,
        lastAtMs: 0,
        ...unpaced(),
      }
      this.#byOrder.set(entry.orderId, entry)
      this.#byDriver.set(number, [...(this.#byDriver.get(number) ?? []), entry])
      this.#table.flags[number]! |= followed
    }
    if (entry.leg !== leg) {
      entry.drivenKm = 0
      entry.heard = 0
      entry.lastLatitude = Number.NaN
    }
    entry.leg = leg
    entry.vehicleType = driver.vehicle_type
    entry.latitude = target.latitude
    entry.longitude = target.longitude
    entry.arrived = arrived
    if (this.#table.hasPosition(entry.driverNumber)) {
      this.news.add(entry)
      this.#fence(
        entry,
        this.#table.latitude(entry.driverNumber),
        this.#table.longitude(entry.driverNumber),
      )
    }
  }

  drop(orderId: string): void {
    const entry = this.#byOrder.get(orderId)
    if (entry === undefined) return
    this.#byOrder.delete(orderId)
    this.news.delete(entry)
    const rest = (this.#byDriver.get(entry.driverNumber) ?? []).filter(other => other !== entry)
    if (rest.length > 0) this.#byDriver.set(entry.driverNumber, rest)
    else {
      this.#byDriver.delete(entry.driverNumber)
      this.#table.flags[entry.driverNumber]! &= ~followed
    }
  }

  /**
   * The orders of a driver whose `followed` flag is set, after an accepted frame: they have news.
   * Called once in a run of frames of one driver; each frame goes to `moved`.
   */
  stirred(number: number): readonly FollowedOrder[] {
    const orders = this.#byDriver.get(number) ?? none
    for (const order of orders) this.news.add(order)
    return orders
  }

  /** Takes an accepted frame of the driver of these orders. */
  moved(orders: readonly FollowedOrder[], latitude: number, longitude: number, atMs: number): void {
    for (let i = 0; i < orders.length; i++) {
      const order = orders[i]!
      this.#crumb(order, latitude, longitude, atMs)
      this.#fence(order, latitude, longitude)
    }
  }

  /** The arrival did not reach the journal: the next frame inside the fence raises it again. */
  missed(orderId: string): void {
    const order = this.#byOrder.get(orderId)
    if (order !== undefined) order.arrived = false
  }

  takeCrumbs(): BreadcrumbRow[] {
    const crumbs = this.#crumbs
    this.#crumbs = []
    return crumbs
  }

  /**
   * Takes back breadcrumbs that could not be saved, for the next save. Beyond the bound the newest
   * are dropped.
   */
  putBackCrumbs(crumbs: readonly BreadcrumbRow[]): void {
    this.#crumbs = [...crumbs, ...this.#crumbs].slice(0, trackingLimits.breadcrumbsUnsavedMax)
  }

  /**
   * After a restart: restores the distance driven from stored breadcrumbs in time order. Frames may
   * have come while they were read.
   */
  restore(crumbs: readonly BreadcrumbRow[]): void {
    const stored = new Set(crumbs.map(crumb => crumb.orderId))
    for (const orderId of stored) {
      const order = this.#byOrder.get(orderId)
      if (order === undefined) continue
      order.drivenKm = 0
      order.heard = 0
      order.lastLatitude = Number.NaN
      order.lastAtMs = 0
    }
    for (const crumb of [...crumbs, ...this.#crumbs.filter(crumb => stored.has(crumb.orderId))]) {
      const order = this.#byOrder.get(crumb.orderId)
      if (order !== undefined) this.#drive(order, crumb.latitude, crumb.longitude, crumb.atMs)
    }
  }

  #crumb(order: FollowedOrder, latitude: number, longitude: number, atMs: number): void {
    if (!this.#drive(order, latitude, longitude, atMs)) return
    if (this.#crumbs.length < trackingLimits.breadcrumbsUnsavedMax)
      this.#crumbs.push({
        orderId: order.orderId,
        driverId: order.driverId,
        atMs,
        latitude,
        longitude,
      })
  }

  #drive(order: FollowedOrder, latitude: number, longitude: number, atMs: number): boolean {
    if (order.leg !== 'dropoff' || atMs <= order.lastAtMs) return false
    order.heard++
    if (!Number.isNaN(order.lastLatitude)) {
      if (
        Math.abs(latitude - order.lastLatitude) < crumbDegrees &&
        Math.abs(longitude - order.lastLongitude) < crumbDegrees
      )
        return false
      const km = distanceKm(order.lastLatitude, order.lastLongitude, latitude, longitude)
      if (km < crumbKmMin) return false
      order.drivenKm += km
    }
    order.lastLatitude = latitude
    order.lastLongitude = longitude
    order.lastAtMs = atMs
    return true
  }

  #fence(order: FollowedOrder, latitude: number, longitude: number): void {
    if (order.arrived || Math.abs(latitude - order.latitude) > fenceDegrees) return
    const metres = distanceKm(latitude, longitude, order.latitude, order.longitude) * 1000
    if (metres > trackingLimits.arrivalRadiusM) return
    order.arrived = true
    this.#arrived(order, order.leg)
  }
}
