/**
 * What a deliberate bug is: proof that the simulator can fail. None is in the product. Each is put between the
 * engine and one of its ports, or in place of a behaviour, so that the product has no switch for being wrong.
 */
import type { Engine } from '../../../engine/engine.ts'
import { driverKind } from '../../../engine/drivers/kind.ts'
import type { Store } from '../../../engine/journal/journal.ts'
import { kinds } from '../../../engine/kinds.ts'
import { orderKind } from '../../../engine/orders/kind.ts'
import type { AnyKind } from '../../../engine/actors/kind.ts'
import type { ClaimServer } from '../../../engine/sim/claim-server.ts'
import type { SimDatabase } from '../../../engine/sim/database.ts'
import type { Bus } from '../../../protocol/bus/bus.ts'
import type { Listener } from '../edge/edge.ts'
import type { Amend } from '../edge/edge-database.ts'

export interface Bug {
  about: string
  /** What must be found broken by it. */
  rule: string
  /** A seed that showed it; null: shown too seldom to be asked of a test. */
  seed: number | null
  database?(database: SimDatabase): void
  claims?(server: ClaimServer): void
  /** One engine's journal. */
  journal?(journal: Store, database: SimDatabase): Store
  /** Of one incarnation of an engine. */
  kinds?(): readonly AnyKind[]
  edgeBus?(bus: Bus): Bus
  engineBus?(bus: Bus): Bus
  /** What a socket that opens reads. */
  firstRows?: Amend
  /** What an edge tells one socket. */
  socket?(listener: Listener): Listener
  engine?(engine: Engine): void
}

/** Orders and drivers as the product has them. */
export const orders: AnyKind = orderKind
export const drivers: AnyKind = driverKind
/** These kinds, but for what is changed of one of them. */
export const changed = (
  list: readonly AnyKind[],
  name: string,
  change: Partial<AnyKind>,
): readonly AnyKind[] => list.map(kind => (kind.name === name ? { ...kind, ...change } : kind))
/** The kinds of the product, but for what is changed of orders. */
export const withOrder = (change: Partial<AnyKind>): readonly AnyKind[] =>
  changed(kinds, orders.name, change)
/** The same of drivers. */
export const withDriver = (change: Partial<AnyKind>): readonly AnyKind[] =>
  changed(kinds, drivers.name, change)
