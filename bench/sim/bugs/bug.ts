/**
 * What a deliberate bug is: proof that the simulator can fail. None is in the product. Each is put between the
 * engine and one of its ports, or in place of a behaviour, so that the product has no switch for being wrong.
 */
import type { Engine } from '../../../engine/engine.ts'
import type { ActorKind, Journal } from '../../../engine/journal/journal.ts'
import type { AnyBehaviour } from '../../../engine/runtime/actors.ts'
import { behaviours } from '../../../engine/runtime/behaviours.ts'
import type { ClaimServer } from '../../../engine/sim/claim-server.ts'
import type { SimDatabase } from '../../../engine/sim/database.ts'
import type { Bus } from '../../../protocol/bus/bus.ts'
import type { Listener } from '../edge.ts'
import type { Amend } from '../edge-database.ts'

export interface Bug {
  about: string
  /** What must be found broken by it. */
  rule: string
  /** A seed that showed it; null: shown too seldom to be asked of a test. */
  seed: number | null
  database?(database: SimDatabase): void
  claims?(server: ClaimServer): void
  /** One engine's journal. */
  journal?(journal: Journal, database: SimDatabase): Journal
  /** Of one incarnation of an engine. */
  behaviours?(): Record<ActorKind, AnyBehaviour>
  edgeBus?(bus: Bus): Bus
  engineBus?(bus: Bus): Bus
  /** What a socket that opens reads. */
  firstRows?: Amend
  /** What an edge tells one socket. */
  socket?(listener: Listener): Listener
  engine?(engine: Engine): void
}

/** The behaviours of the product, but for what is changed of orders. */
export const withOrder = (change: Partial<AnyBehaviour>): Record<ActorKind, AnyBehaviour> => ({
  ...behaviours,
  order: { ...behaviours.order, ...change },
})
/** The same of drivers. */
export const withDriver = (change: Partial<AnyBehaviour>): Record<ActorKind, AnyBehaviour> => ({
  ...behaviours,
  driver: { ...behaviours.driver, ...change },
})
