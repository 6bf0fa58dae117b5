/**
 * Lists the work that must have ended when nothing fails any more. Numbers in brackets are the
 * invariants of SPEC.md.
 */
import { isOver } from '../../engine/sim/model/order.ts'
import { talkLeft } from './talkers.ts'
import type { World } from './world.ts'
import { requestLimits } from '../../edge/requests/limits.ts'

/**
 * A terminal hears of an end at the latest at its second resynchronisation; see
 * requestLimits.terminalResyncMs.
 */
const terminalPatienceMs = 2.5 * requestLimits.terminalResyncMs

/** An engine does a thing of a calendar at the latest so long after its time, ms. */
const lateMs = 30_000

/** Unfinished work; empty when all is well. */
export function unfinished(world: World): string[] {
  const { checker, database, schedule } = world
  const left: string[] = []
  for (const [orderId, { order }] of checker.orders) {
    if (order.state === 'broadcast') left.push(`[10] request ${orderId} is still open`)
    else if (!isOver(order)) left.push(`order ${orderId} is still ${order.state}`)
  }
  for (const [driverId, { driver, carrying }] of checker.drivers) {
    if (driver.hold !== null)
      left.push(`[8] driver ${driverId} still holds offer ${driver.hold.offer_id}`)
    const books = driver.orderIds.toSorted().join()
    if (books !== [...carrying].sort().join())
      left.push(
        `[8] driver ${driverId} has ${books || 'nothing'} in the books and carries ${[...carrying].join() || 'nothing'}`,
      )
  }
  left.push(...checker.sums())
  left.push(...checker.calendars.overdue(schedule.nowMs - lateMs))
  for (const [number, slot] of database.store.slots) {
    if (slot.cursorSeq !== slot.events.length && !database.cursorsLost.has(number))
      left.push(`[6] the cursor of slot ${number} is at ${slot.cursorSeq} of ${slot.events.length}`)
    if (checker.heardThrough(number) !== slot.events.length)
      left.push(
        `[6] of slot ${number} ${checker.heardThrough(number)} of ${slot.events.length} facts were published`,
      )
  }
  for (const { node, engine } of world.engines) {
    const pending = engine.health().outbox_pending
    if (pending > 0) left.push(`[6] the outbox of ${node.name} holds ${pending}`)
  }
  for (const customer of world.customers)
    for (const orderId of customer.open.keys())
      if (checker.isOpen(orderId) === false && checker.statusOf(orderId) !== undefined)
        left.push(
          `${customer.name} still waits for order ${orderId}, which is ${checker.statusOf(orderId)}`,
        )
  for (const pharmacy of world.pharmacies)
    for (const [requestId, { sinceMs }] of pharmacy.shown) {
      const state = checker.orders.get(requestId)?.order.state
      if (state !== 'broadcast' && schedule.nowMs - sinceMs > terminalPatienceMs)
        left.push(`[9] ${pharmacy.name} still shows request ${requestId}, which is ${state}`)
    }
  left.push(...talkLeft(world))
  return left
}
