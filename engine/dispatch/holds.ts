/**
 * Two questions between an order and its driver's actor that are not journaled: does the driver
 * hold the offer, and does the order still know an offer that is held. Only the order releases a
 * hold, so a hold that exists now still exists when the order decides. Together they make the hold
 * the ticket of an assignment: there is no assignment without it, and it lasts until it is used.
 */
import { uuidV7 } from '../../protocol/kernel/ids.ts'
import type { Env } from '../../protocol/kernel/env.ts'
import type { OrderEvent } from '../../protocol/dispatch/events.ts'
import type { DriverFact } from '../../protocol/dispatch/facts.ts'
import type { Driver } from '../drivers/state.ts'
import { holdDoubtMs } from '../drivers/wake.ts'
import type { ActorCommand } from '../actors/effects.ts'
import type { Store } from '../journal/journal.ts'
import { evolve } from '../orders/evolve.ts'
import { absentOrder, deliveryOf, type Order } from '../orders/state.ts'
import type { AnyKind, AttendedActor, EngineParts } from '../actors/kind.ts'
import type { TellReply } from '../actors/letter.ts'
import { orderKind } from '../orders/kind.ts'
import { decodeSnapshot } from '../actors/snapshot.ts'
import { toDriver } from '../saga/commands.ts'

export interface HoldsDeps {
  env: Env
  journal: Pick<Store, 'loadActor' | 'claimProofs'>
  actors: EngineParts['actors']
  /** Asks the engine that owns the actor; the answer has the actor's state. */
  ask(command: ActorCommand): Promise<TellReply>
}

const system = { role: 'system', id: 'engine' } as const

/**
 * May the order get this acceptance, and who is the driver? The driver's actor must hold the offer;
 * otherwise the result is 'not yet'. A driver can read the id of an offer from a list before the
 * actor was asked, and the actor may refuse (invariant 8). The result is 'no member' for a driver
 * who has left the pharmacy. It is null for an acceptance of any other offer, which the order
 * itself answers.
 */
export async function askHolder(
  { env, actors, ask }: HoldsDeps,
  orderId: string,
  offerId: string,
): Promise<DriverFact | null | 'not yet' | 'no member'> {
  const order = actors.peek(orderId)?.state as Order | undefined
  if (
    order?.kind !== 'accepted' ||
    order.search.kind !== 'offering' ||
    order.search.offer.offerId !== offerId
  )
    return null
  // Use a new id each time, because "not yet" must not be remembered.
  const asked = toDriver(order.search.offer.driverId, uuidV7(env.nowMs(), env.random), {
    verb: 'confirm_hold',
    by: system,
    offerId,
  })
  const reply = await ask(asked).catch((): TellReply => ({
    ok: false,
    code: 'unavailable',
    detail: 'nobody answered',
  }))
  const driver = reply.ok ? (reply.state as Driver | null) : null
  if (!reply.ok && reply.code === 'driver_not_member') return 'no member'
  if (driver === null || driver.kind === 'absent') return 'not yet'
  return {
    driver_id: driver.driverId,
    name: driver.fullName,
    phone: driver.phone,
    vehicle_type: driver.vehicleType,
  }
}

/**
 * The driver holds an offer past its time: does the order still know the offer? The journal is
 * asked, not the memory of an engine, because this alone ends a hold without the order's release.
 * An engine that wrongly believes that it owns the order would take away the hold that an
 * assignment on its way needs. See drivers/wake.ts.
 */
export function doubtHold({ env, actors, journal }: HoldsDeps, cell: AttendedActor): void {
  const driver = cell.state as Driver
  if (driver.kind === 'absent' || driver.hold === null) return
  const { offer_id: offerId, order_id: orderId } = driver.hold
  const nowMs = env.nowMs()
  actors.wakeAt(cell.actorId, nowMs + holdDoubtMs)
  orderOf(journal, orderId).then(
    // An offer that is over never comes back, so this stays true.
    order => {
      if (!isOut(order, offerId))
        void actors.tell(
          toDriver(cell.actorId, `${offerId}:doubt:${nowMs}`, {
            verb: 'release_hold',
            by: system,
            offerId,
            outcome: 'withdrawn',
          }),
        )
    },
    () => {
      /** The journal cannot be read: the next look asks again. */
    },
  )
}

/** The offer is open, or the driver has accepted it: the order itself will end such a hold. */
const isOut = (order: Order, offerId: string): boolean =>
  (order.kind === 'accepted' &&
    order.search.kind === 'offering' &&
    order.search.offer.offerId === offerId) ||
  deliveryOf(order)?.assignmentId === offerId

async function orderOf(journal: HoldsDeps['journal'], orderId: string): Promise<Order> {
  const { snapshot, events } = await journal.loadActor(orderId)
  const from =
    snapshot === null
      ? absentOrder
      : (decodeSnapshot(orderId, snapshot.bytes, orderKind as AnyKind).state as Order)
  return events
    .filter(stored => stored.version > (snapshot?.version ?? 0))
    .reduce((order, stored) => evolve(order, stored.event as OrderEvent, stored.atMs), from)
}
