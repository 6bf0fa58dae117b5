/**
 * Once all works again: whoever is connected hears what is theirs, word for word and in seconds, because nothing
 * that could lose it is left. Terminals and their requests are in pins.ts, which also looks at reconnections.
 */
import type { Told } from '../../engine/sim/audience.ts'
import { underWay } from '../../engine/sim/model/order.ts'
import type { SocketHolder, Surroundings } from './clients.ts'
import type { Customer } from './customer.ts'

/** The people who are connected, and since when nothing is broken. */
export type HearingWorld = Pick<Surroundings, 'schedule' | 'checker'> & {
  readonly calmSinceMs: number
  readonly customers: readonly Customer[]
  connected(): readonly SocketHolder[]
}

/** After all is healed slots still find their owners. */
export const settlingMs = 60_000
/** From the event to the socket. */
const tellingMs = 10_000
/** A position a second is seen within one; a driver here sends one in five seconds. */
const locatingMs = 40_000

/** Asks later whether those who are connected now have heard it. */
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

/** Customers of orders under way see where the driver is. */
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
      const sinceMs = Math.max(customer.connectedSinceMs, order.at.assigned!, locatedMs)
      if (nowMs - sinceMs > locatingMs)
        checker.fail(
          '[heard]',
          `${customer.name} has not seen the driver of ${orderId} for ${Math.round((nowMs - sinceMs) / 1000)} s`,
          orderId,
        )
    }
}
