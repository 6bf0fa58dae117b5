/**
 * Bounds so small that the few orders of a simulation reach them: actors leave memory between two
 * commands, queues are full, a batch holds one item. For each bound it is drawn separately whether
 * it is small or normal.
 */
import type { AppenderEnv } from '../../engine/journal/appender.ts'
import { engineBounds, type EngineBounds } from '../../engine/actors/bounds.ts'
import type { Chance } from '../../protocol/kernel/chance.ts'

export interface SmallBounds {
  engine: EngineBounds
  journal: Pick<AppenderEnv, 'queueEventsMax' | 'batchEventsMax'>
}

/**
 * Range of each small bound. Those of live actors leave room for actors with a deadline, which do
 * not leave memory.
 */
const small: Record<keyof EngineBounds, readonly [number, number]> = {
  mailboxDepthMax: [1, 4],
  commandsInFlightMax: [3, 20],
  liveActorsMax: [25, 60],
  openRequestsPerCustomerMax: [2, 6],
  awakeActorsMax: [12, 30],
  actorSleepMs: [200, 5_000],
  actorSleepMsPressed: [100, 500],
  actorLeaveMs: [500, 30_000],
  passivateRestMs: [100, 2_000],
  passivateLooksMax: [2, 20],
  passivatePackedMax: [1, 5],
  snapshotBatchMax: [1, 4],
  snapshotBatchBytesMax: [200, 4_000],
  outboxPendingMax: [3, 30],
  rosterRowsPerMessageMax: [1, 3],
}

/** The bounds of one seed. */
export function smallBounds(chance: Chance): SmallBounds {
  const engine: Record<string, number> = { ...engineBounds }
  for (const [name, [from, to]] of Object.entries(small))
    if (chance.happens(0.6)) engine[name] = chance.whole(from, to)
  return {
    engine: engine as EngineBounds,
    journal: { queueEventsMax: chance.whole(6, 60), batchEventsMax: chance.whole(1, 8) },
  }
}
