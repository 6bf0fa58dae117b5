/**
 * The bounds of one engine's memory: the number of actors, commands and events it holds, and how
 * long an idle actor stays. The values come from protocol/kernel/limits.ts. The simulator gives an
 * engine smaller bounds, because a simulated hour would never reach the bounds of a city.
 *
 * Rejected: a writable table of limits. Every module of a process would see the change.
 */
import { limits } from '../../protocol/kernel/limits.ts'
import { openRequestsPerCustomerMax } from '../allowance/limits.ts'

/** The bounds of a deployment. */
export const engineBounds = {
  mailboxDepthMax: limits.mailboxDepthMax,
  commandsInFlightMax: limits.commandsInFlightMax,
  liveActorsMax: limits.liveActorsMax,
  awakeActorsMax: limits.awakeActorsMax,
  actorSleepMs: limits.actorSleepMs,
  actorSleepMsPressed: limits.actorSleepMsPressed,
  actorLeaveMs: limits.actorLeaveMs,
  passivateRestMs: limits.passivateRestMs,
  passivateLooksMax: limits.passivateLooksMax,
  passivatePackedMax: limits.passivatePackedMax,
  snapshotBatchMax: limits.snapshotBatchMax,
  snapshotBatchBytesMax: limits.snapshotBatchBytesMax,
  outboxPendingMax: limits.outboxPendingMax,
  rosterRowsPerMessageMax: limits.rosterRowsPerMessageMax,
  openRequestsPerCustomerMax,
}
export type EngineBounds = Readonly<Record<keyof typeof engineBounds, number>>
