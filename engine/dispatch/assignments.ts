/**
 * Waits for the result when a pharmacy assigns a driver by hand. The driver's actor must agree, and
 * it may live in another engine. The caller gets the final answer, so this waits until the order
 * has it. Waiting callers are only in memory: a caller whose engine dies asks again and finds the
 * order as it is.
 */
import { SetsByKey } from '../../protocol/kernel/sets-by-key.ts'
import { isErrorCode } from '../../protocol/kernel/errors.ts'
import type { OrderEvent } from '../../protocol/dispatch/events.ts'
import type { Env } from '../../protocol/kernel/env.ts'
import { limits } from '../../protocol/kernel/limits.ts'
import { deliveryOf, type Order } from '../orders/state.ts'
import type { AttendedActor } from '../actors/kind.ts'
import type { TellReply } from '../actors/letter.ts'

type Look = (
  cell: Pick<AttendedActor, 'state' | 'version' | 'updatedAtMs'>,
  events: readonly OrderEvent[],
) => void

export class Assignments {
  readonly #env: Env
  readonly #peek: (orderId: string) => AttendedActor | undefined
  readonly #waiting = new SetsByKey<string, Look>()

  constructor(env: Env, peek: (orderId: string) => AttendedActor | undefined) {
    this.#env = env
    this.#peek = peek
  }

  /** Called after each transition of an order. */
  observe(cell: AttendedActor, events: readonly OrderEvent[]): void {
    const looks = this.#waiting.get(cell.actorId)
    if (looks !== undefined) for (const look of looks) look(cell, events)
  }

  /**
   * The order with its driver, or the reason why not; `unavailable` after limits.assignmentWaitMs.
   * `first` is the order at the time of the question.
   */
  settled(orderId: string, driverId: string, first: TellReply & { ok: true }): Promise<TellReply> {
    const now = verdict(this.#peek(orderId) ?? first, [], driverId)
    if (now !== null) return Promise.resolve(now)
    return new Promise(resolve => {
      const done = (reply: TellReply): void => {
        cancel()
        this.#waiting.delete(orderId, look)
        resolve(reply)
      }
      const look: Look = (cell, events) => {
        const reply = verdict(cell, events, driverId)
        if (reply !== null) done(reply)
      }
      this.#waiting.add(orderId, look)
      const cancel = this.#env.after(limits.assignmentWaitMs, () =>
        done({
          ok: false,
          code: 'unavailable',
          detail: 'the driver could not be reached in time; look at the order before trying again',
        }),
      )
    })
  }
}

/**
 * Null while the driver's actor has not answered. When it refused, the refusal has its code and
 * reason.
 */
function verdict(
  cell: Pick<AttendedActor, 'state' | 'version' | 'updatedAtMs'>,
  events: readonly OrderEvent[],
  driverId: string,
): TellReply | null {
  const order = cell.state as Order
  if (
    order.kind === 'accepted' &&
    order.search.kind === 'offering' &&
    order.search.offer.driverId === driverId
  )
    return null
  // This holds also when the order has moved on since: a repeat gets the first answer (invariant
  // 3).
  if (deliveryOf(order)?.driver.driver_id === driverId)
    return { ok: true, state: order, version: cell.version, updatedAtMs: cell.updatedAtMs }
  for (const event of events)
    if (
      event.type === 'offer_closed' &&
      event.data.driver_id === driverId &&
      isErrorCode(event.data.code)
    )
      return {
        ok: false,
        code: event.data.code,
        detail: event.data.reason ?? 'the driver cannot take this order',
      }
  return order.kind === 'accepted'
    ? { ok: false, code: 'driver_unavailable', detail: 'the driver did not take this order' }
    : { ok: false, code: 'order_state_conflict', detail: `the order is ${order.kind} by now` }
}
