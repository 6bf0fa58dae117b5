/**
 * Two questions between an order and its driver's actor, asked over the gateway and journaled nowhere.
 * Both answers are stable: only the order lets go of a hold, so what the driver holds now it still
 * holds when the order decides.
 */
import { uuidV7 } from '../protocol/ids.ts'
import type { Env } from '../protocol/env.ts'
import type { DriverFact } from '../protocol/events.ts'
import type { DriverCommand } from './driver/commands.ts'
import type { Driver } from './driver/state.ts'
import { holdDoubtMs } from './driver/wake.ts'
import type { ActorCommand } from './effects.ts'
import type { Order } from './order/state.ts'
import type { Actors } from './runtime/actors.ts'
import type { Cell, TellReply } from './runtime/cell.ts'

export interface HoldsDeps {
  env: Env
  actors: Actors
  deliver(command: ActorCommand): Promise<TellReply>
  /** The same, and the answer has the actor's state. */
  ask(command: ActorCommand): Promise<TellReply>
}

const system = { role: 'system', id: 'engine' } as const

/**
 * May the order hear this acceptance, and who would the driver be? Not before the driver's actor holds
 * the offer: a driver can read an offer's id from a list before its actor was asked, and the actor may
 * refuse (invariant 8). Any other acceptance is for the order to answer, and names nobody: null.
 */
export async function askHolder({ env, actors, ask }: HoldsDeps, orderId: string, offerId: string): Promise<DriverFact | null | 'not yet'> {
  const order = actors.peek(orderId)?.state as Order | undefined
  if (order?.kind !== 'accepted' || order.search.kind !== 'offering' || order.search.offer.offerId !== offerId) return null
  const command: DriverCommand = { verb: 'confirm_hold', by: system, offerId }
  // A new id each time: "not yet" must not be remembered.
  const asked = { kind: 'driver' as const, actorId: order.search.offer.driverId, id: uuidV7(env.nowMs(), env.random), command }
  const reply = await ask(asked).catch((): TellReply => ({ ok: false, code: 'unavailable', detail: 'nobody answered' }))
  const driver = reply.ok ? reply.state as Driver | null : null
  if (driver === null || driver.kind === 'absent') return 'not yet'
  return { driver_id: driver.driverId, name: driver.fullName, phone: driver.phone, vehicle_type: driver.vehicleType }
}

/** The driver holds an offer past its time: does the order still know of it? See driver/wake.ts. */
export function doubtHold({ env, actors, deliver }: HoldsDeps, cell: Cell): void {
  const driver = cell.state as Driver
  if (driver.kind === 'absent' || driver.hold === null) return
  const { offer_id: offerId, order_id: orderId } = driver.hold
  const nowMs = env.nowMs()
  actors.wakeAt(cell.actorId, nowMs + holdDoubtMs)
  const release: DriverCommand = { verb: 'release_hold', by: system, offerId, outcome: 'withdrawn' }
  deliver({ kind: 'order', actorId: orderId, id: `${offerId}:doubt:${nowMs}`, command: { verb: 'confirm_offer', by: system, offerId } }).then(
    reply => { if (!reply.ok && reply.code === 'offer_expired') void actors.tell('driver', cell.actorId, `${offerId}:doubt:${nowMs}`, release) },
    () => { /* Nobody answers: the next look asks again. */ })
}
