/**
 * The river: batches of frames come in, pins move, and watchers are told at a pace. Every engine of
 * a deployment sees every frame. The engine that owns the order or the driver does the rest:
 * arrivals, fan-out and saving.
 */
import { kmToMetre } from '../../protocol/kernel/kilometres.ts'
import { decodeBody } from '../../protocol/bus/codec.ts'
import type { Bus } from '../../protocol/bus/bus.ts'
import { publishList } from '../../protocol/bus/lists.ts'
import { distanceKm } from '../../protocol/river/geo.ts'
import { limits } from '../../protocol/kernel/limits.ts'
import { LocationBatchReader } from '../../protocol/river/location-batch.ts'
import type {
  FleetLocation,
  LocationPush,
  OrderLocation,
  PositionAnswer,
  PositionQuery,
} from '../../protocol/tracking/positions.ts'
import type { InterestMessage } from '../../protocol/tracking/interest.ts'
import { subjects } from '../../protocol/bus/subjects.ts'
import type { Positions } from '../journal/positions.ts'
import { etaMinutes } from '../fleet/eta.ts'
import type { Roster } from '../fleet/roster.ts'
import type { Order } from '../orders/state.ts'
import type { Env } from '../../protocol/kernel/env.ts'
import { repeat } from '../actors/repeat.ts'
import { followed, suspected, unsaved, watched, DriverTable } from '../fleet/driver-table.ts'
import { Following, type FollowedOrder } from './following.ts'
import { Interest } from './interest.ts'
import { Pace } from './pace.ts'
import { accepted, applyFrame, verdicts, type Verdict } from './late-data.ts'
import { locationBytes, trackingLimits } from './limits.ts'
import { Saving } from './saving.ts'

export interface TrackingDeps {
  env: Env
  bus: Bus
  positions: Positions
  roster: Roster
  /** Seeds of the driver table: 32 random bits each. */
  seeds: readonly [number, number]
  ownsActor(actorId: string): boolean
  arrived(order: FollowedOrder, at: 'pickup' | 'dropoff'): void
  log(level: 'warn' | 'error', message: string, detail?: unknown): void
}

/** Age beyond which a stored position no longer shows where the driver is at start, ms. */
const restoreWindowMs = 60 * 60_000

export class Tracking {
  readonly table: DriverTable
  readonly following: Following
  readonly interest = new Interest()
  readonly frames: Record<Verdict | 'refused' | 'unplaced', number> = {
    accepted: 0,
    late: 0,
    duplicate: 0,
    future: 0,
    impossible: 0,
    refused: 0,
    unplaced: 0,
  }
  readonly #deps: TrackingDeps
  readonly #reader = new LocationBatchReader()
  /** Drivers of watched fleets that have news, by number. */
  readonly #fleetNews = new Set<number>()
  readonly #pace: Pace<FollowedOrder>
  readonly #saving: Saving
  readonly #verdictCounts = new Uint32Array(verdicts.length)
  #cancelTick: (() => void) | null = null
  #tickedAtMs = -Infinity
  /** Number where the next round looks for drivers who are gone. */
  #sweepAt = 0
  #stops: (() => void)[] = []

  constructor(deps: TrackingDeps) {
    this.#deps = deps
    this.table = new DriverTable(...deps.seeds)
    this.following = new Following(this.table, deps.arrived)
    this.#saving = new Saving(deps, this.table, this.following)
    this.#pace = new Pace(deps.env, orders => this.#tellOrders(orders))
  }

  async start(): Promise<void> {
    const { env, positions } = this.#deps
    for (const row of await positions.loadPositions(env.nowMs() - restoreWindowMs)) {
      const number = this.table.ensure(row.driverId)
      if (number >= 0)
        this.table.place(
          number,
          row.latitude,
          row.longitude,
          row.atMs,
          row.headingDeg ?? Number.NaN,
          row.speedMps ?? Number.NaN,
        )
    }
    const failed = (error: unknown): void => this.#deps.log('error', 'tracking round failed', error)
    this.#stops = [
      repeat(
        env,
        trackingLimits.positionSaveIntervalMs,
        async () => {
          this.interest.lapse(env.nowMs())
          await this.#saving.save()
          this.#forgetGone()
        },
        failed,
      ),
    ]
  }

  async stop(): Promise<void> {
    for (const stop of this.#stops) stop()
    this.#cancelTick?.()
    this.#pace.stop()
    await this.#saving.save()
  }

  /**
   * Takes one bus message of frames. The bytes come from edges and other services, so the reader
   * expects malice.
   */
  ingest(body: Uint8Array): void {
    const { table, following } = this
    const nowMs = this.#deps.env.nowMs()
    const reader = this.#reader
    const counts = this.#verdictCounts.fill(0)
    let unplaced = 0
    let number = -1
    /** The orders of this run of frames of one driver, once a frame was accepted. */
    let orders: readonly FollowedOrder[] | null = null
    reader.open(body, nowMs)
    while (reader.next()) {
      if (!reader.sameDriver) {
        number = table.numberOf(reader.id0, reader.id1, reader.id2, reader.id3)
        orders = null
      }
      if (number < 0) {
        unplaced++
        continue
      }
      const verdict = applyFrame(
        table,
        number,
        nowMs,
        reader.seq,
        reader.timestampMs,
        reader.latitude,
        reader.longitude,
        reader.headingDeg,
        reader.speedMps,
      )
      counts[verdict]!++
      if (verdict !== accepted) continue
      const flags = table.flags[number]!
      // Nearly every frame is of a driver whose position already waits to be saved and whom nobody
      // watches.
      if (flags === unsaved) continue
      if ((flags & unsaved) === 0) this.#saving.note(number)
      if (flags & followed)
        following.moved(
          (orders ??= following.stirred(number)),
          reader.latitude,
          reader.longitude,
          reader.timestampMs,
        )
      if (flags & watched) this.#fleetMoved(number)
    }
    // Counted here and added once per message: adding by name for each frame takes 10 ns.
    for (const [verdict, name] of verdicts.entries()) this.frames[name] += counts[verdict]!
    this.frames.unplaced += unplaced
    this.frames.refused += reader.refused + (reader.broken ? 1 : 0)
    this.#paceNews()
  }

  takeInterest(body: Uint8Array): void {
    const fresh = this.interest.take(decodeBody(body) as InterestMessage, this.#deps.env.nowMs())
    for (const orderId of fresh.orders) {
      const order = this.following.get(orderId)
      if (order !== undefined && this.table.hasPosition(order.driverNumber))
        this.following.news.add(order)
    }
    this.#paceNews()
    for (const pharmacyId of fresh.pharmacies) this.#watchFleet(pharmacyId)
  }

  /**
   * Called after a transition of an order. An order under way has news for its watchers then,
   * without a frame.
   */
  observe(order: Order): void {
    this.following.observe(order)
    if (this.following.news.size > 0) this.#tickSoon()
  }

  /** A driver joined or changed. The driver's fleet may be watched. */
  rosterChanged(driverId: string, pharmacyId: string): void {
    if (this.interest.edgesOfPharmacy(pharmacyId).size === 0) return
    const number = this.table.ensure(driverId)
    if (number < 0) return
    this.table.flags[number]! |= watched
    if (this.table.hasPosition(number)) this.#fleetMoved(number)
  }

  position(query: PositionQuery): PositionAnswer {
    const number = this.table.find(query.driver_id)
    if (number < 0 || !this.table.hasPosition(number))
      return { position: null, distance_km: null, eta_minutes: null }
    const position = this.#pin(number)
    if (query.target === undefined) return { position, distance_km: null, eta_minutes: null }
    const km = wayKm(position, query.via ?? null, query.target)
    return {
      position,
      distance_km: kmToMetre(km),
      eta_minutes: etaMinutes(km, this.#deps.roster.get(query.driver_id)?.vehicleType ?? ''),
    }
  }

  #pin(number: number) {
    const { table } = this
    return {
      latitude: table.latitude(number),
      longitude: table.longitude(number),
      heading: table.headingDeg(number),
      speed: table.speedMps(number),
      at_ms: table.atMs(number),
    }
  }

  #watchFleet(pharmacyId: string): void {
    for (const { driverId } of this.#deps.roster.fleet(pharmacyId))
      this.rosterChanged(driverId, pharmacyId)
  }

  #paceNews(): void {
    const { news } = this.following
    if (news.size === 0) return
    this.#pace.news(news)
    news.clear()
  }

  /** Tells the edges that watch these orders. */
  #tellOrders(orders: readonly FollowedOrder[]): void {
    const pushes = new EdgePushes()
    for (const order of orders) {
      const edges = this.interest.edgesOfOrder(order.orderId)
      // Meanwhile the order may have ended, or another engine may own it.
      if (
        edges.size === 0 ||
        this.following.get(order.orderId) !== order ||
        !this.#deps.ownsActor(order.orderId)
      )
        continue
      const location = this.#orderLocation(order)
      for (const edgeId of edges) pushes.to(edgeId).orders.push(location)
    }
    pushes.publish(this.#deps.bus)
  }

  #fleetMoved(number: number): void {
    this.#fleetNews.add(number)
    this.#tickSoon()
  }

  /**
   * Ticks soon after the first news, and not within limits.pushIntervalMs of the last tick; never
   * later than that, whatever the clock does.
   */
  #tickSoon(): void {
    if (this.#cancelTick !== null) return
    const restMs = this.#tickedAtMs + limits.pushIntervalMs - this.#deps.env.nowMs()
    this.#cancelTick = this.#deps.env.after(
      Math.max(limits.pushGatherMs, Math.min(restMs, limits.pushIntervalMs)),
      () => this.#tick(),
    )
  }

  /**
   * Tells each edge in one message of the fleets that it watches and the drivers that moved. Also
   * tells the orders that have news without a frame.
   */
  #tick(): void {
    this.#cancelTick = null
    this.#tickedAtMs = this.#deps.env.nowMs()
    this.#paceNews()
    const pushes = new EdgePushes()
    for (const number of this.#fleetNews) {
      const driverId = this.table.idOf(number)
      const row = this.#deps.roster.get(driverId)
      const edges = this.interest.edgesOfPharmacy(row?.vendorId ?? '')
      if (row === undefined || edges.size === 0) {
        this.table.flags[number]! &= ~watched
        continue
      }
      if (!this.#deps.ownsActor(driverId)) continue
      const location: FleetLocation = {
        vendor_id: row.vendorId,
        driver_id: driverId,
        status: row.status,
        ...this.#pin(number),
      }
      for (const edgeId of edges) pushes.to(edgeId).fleet.push(location)
    }
    this.#fleetNews.clear()
    pushes.publish(this.#deps.bus)
  }

  #orderLocation(order: FollowedOrder): OrderLocation {
    const pin = this.#pin(order.driverNumber)
    const km = wayKm(pin, order.leg === 'pickup' ? order : null, order.dropoff)
    return {
      order_id: order.orderId,
      ...pin,
      distance_km: kmToMetre(km),
      eta_minutes: etaMinutes(km, order.vehicleType),
    }
  }

  /**
   * Drivers without news for long, and ids that never had a place, leave the table. Each round
   * looks at a part of it.
   */
  #forgetGone(): void {
    const { table } = this
    const beforeMs = this.#deps.env.nowMs() - trackingLimits.driverForgetMs
    const count = Math.min(trackingLimits.driversSweptMax, table.ids.numberEnd)
    for (let looked = 0; looked < count; looked++) {
      const number = this.#sweepAt
      this.#sweepAt = (number + 1) % table.ids.numberEnd
      // The driver is followed or watched, or the position is not stored yet.
      if ((table.flags[number]! & ~suspected) !== 0 || table.atMs(number) >= beforeMs) continue
      if (table.ids.has(number)) table.forget(number)
    }
  }
}

/** Positions on their way, by edge. */
class EdgePushes {
  readonly #byEdge = new Map<string, LocationPush>()

  to(edgeId: string): LocationPush {
    let push = this.#byEdge.get(edgeId)
    if (push === undefined) this.#byEdge.set(edgeId, (push = { orders: [], fleet: [] }))
    return push
  }

  publish(bus: Bus): void {
    for (const [edgeId, { orders, fleet }] of this.#byEdge) {
      const subject = subjects.pushEdge(edgeId)
      publishList(
        bus,
        subject,
        orders,
        (part): LocationPush => ({ orders: [...part], fleet: [] }),
        () => locationBytes,
      )
      publishList(
        bus,
        subject,
        fleet,
        (part): LocationPush => ({ orders: [], fleet: [...part] }),
        () => locationBytes,
      )
    }
  }
}

interface Point {
  latitude: number
  longitude: number
}
/** The remaining distance in km: to the target, by way of another point if there is one. */
function wayKm(from: Point, via: Point | null, to: Point): number {
  return via === null
    ? distanceKm(from.latitude, from.longitude, to.latitude, to.longitude)
    : distanceKm(from.latitude, from.longitude, via.latitude, via.longitude) +
        distanceKm(via.latitude, via.longitude, to.latitude, to.longitude)
}
