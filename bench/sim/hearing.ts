/**
 * Once all faults are healed, every connected client must hear its messages, word for word and
 * within seconds, because nothing can be lost any more. pins.ts checks terminals and their
 * requests, also after reconnections.
 */
import type { Told } from '../../engine/sim/audience.ts'
import { underWay } from '../../engine/sim/model/order.ts'
import type { SocketHolder, Surroundings } from './clients.ts'
import type { Customer } from './customer.ts'
import type { Driver } from './driver.ts'

/** The connected people, and the time since which nothing is broken. */
export type HearingWorld = Pick<Surroundings, 'schedule' | 'checker'> & {
  readonly calmSinceMs: number
  readonly customers: readonly Customer[]
  readonly drivers: readonly Driver[]
  connected(): readonly SocketHolder[]
}

/** Time after healing in which slots still find their owners. */
export const settlingMs = 60_000
/** Longest time from an event to the socket. */
const tellingMs = 10_000
/** Longest time until a position is seen. A driver here sends one in five seconds. */
const locatingMs = 40_000

/** Checks later that the clients connected now have heard the message. */
export function mustHear(world: HearingWorld, { topic, text, actorId }: Told): void {
  const { schedule, checker, calmSinceMs } = world
  if (schedule.nowMs - calmSinceMs < settlingMs) return
  const listeners = world
    .connected()
    .filter(one => one.topic === topic && one.connectedSinceMs < schedule.nowMs)
    .map(one => ({ one, sinceMs: one.connectedSinceMs }))
  schedule.after(tellingMs, () => {
    for (const { one, sinceMs } of listeners)
      if (one.connectedSinceMs === sinceMs && !one.heard.has(text))
        checker.fail('[heard]', `${one.name} is connected and was not told ${text}`, actorId)
  })
}

/** Customers of orders under way must see the driver's position. */
export function mustLocate(world: HearingWorld): void {
  const {
    schedule: { nowMs },
    checker,
    calmSinceMs,
  } = world
  if (nowMs - calmSinceMs < settlingMs + locatingMs) return
  for (const customer of world.customers)
    for (const [orderId, { locatedMs }] of customer.open) {
      const order = checker.orders.get(orderId)?.order
      // A failed delivery is not followed.
      if (
        order === undefined ||
        !underWay.has(order.state) ||
        order.state === 'failed' ||
        order.state === 'returning'
      )
        continue
      const driver = world.drivers.find(({ driverId }) => driverId === order.driver?.driver_id)
      const sinceMs = Math.max(
        customer.connectedSinceMs,
        order.at.assigned!,
        locatedMs,
        driver?.impossibleAtMs ?? 0,
      )
      if (nowMs - sinceMs > locatingMs)
        checker.fail(
          '[heard]',
          `${customer.name} has not seen the driver of ${orderId} for ${Math.round((nowMs - sinceMs) / 1000)} s`,
          orderId,
        )
    }
}
