/**
 * Checks the live positions of every engine: a position never goes back in device time, and is
 * never far ahead of the clock [7]. After healing it also checks that terminals hear of open
 * requests [9] and that customers see their drivers.
 */
import { limits } from '../../protocol/kernel/limits.ts'
import type { Engine } from '../../engine/engine.ts'
import { candidatesOf } from '../../engine/sim/model/order.ts'
import { mustLocate, settlingMs } from './hearing.ts'
import type { World } from './world.ts'

/** Steps between two checks, because a check after every step would cost more than the steps. */
const stepsBetweenLooks = 25
const tellingMs = 10_000

export class PinWatch {
  readonly #world: World
  readonly #seen = new WeakMap<Engine, Map<string, number>>()
  #steps = 0

  constructor(world: World) {
    this.#world = world
  }

  look(): void {
    if (this.#steps++ % stepsBetweenLooks !== 0) return
    const { engines, drivers, checker, schedule } = this.#world
    for (const { engine, node } of engines) {
      let seen = this.#seen.get(engine)
      if (seen === undefined) this.#seen.set(engine, (seen = new Map()))
      const { table } = engine.tracking
      for (const driver of drivers) {
        const number = table.find(driver.driverId)
        if (number < 0) continue
        const atMs = table.atMs(number)
        if (atMs < (seen.get(driver.driverId) ?? 0))
          checker.fail(
            '[7]',
            `${node.name}: the pin of ${driver.name} went back in time`,
            driver.driverId,
          )
        if (atMs > schedule.nowMs + 20 * limits.frameFutureMsMax)
          checker.fail(
            '[7]',
            `${node.name}: the pin of ${driver.name} is ahead of its time`,
            driver.driverId,
          )
        seen.set(driver.driverId, atMs)
      }
    }
    this.#terminals()
    mustLocate(this.#world)
  }

  /**
   * Once all works, a connected terminal must hear of an open request within seconds, whether it
   * connected before or after.
   */
  #terminals(): void {
    const { pharmacies, checker, schedule, calmSinceMs } = this.#world
    if (schedule.nowMs - calmSinceMs < settlingMs) return
    for (const pharmacy of pharmacies)
      for (const [orderId, { order }] of checker.orders)
        if (
          order.state === 'broadcast' &&
          schedule.nowMs - Math.max(order.at.created!, pharmacy.connectedSinceMs) > tellingMs &&
          candidatesOf(order).some(one => one.vendor_id === pharmacy.pharmacyId) &&
          !pharmacy.heardOf.has(orderId)
        )
          checker.fail('[9]', `${pharmacy.name} never heard of request ${orderId}`, orderId)
  }
}
