/**
 * A deliberate bug proves that the simulator can fail. None is in the product. Each is put between
 * the engine and one of its ports, or in place of a behaviour, so that the product has no switch
 * for being wrong.
 */
import type { Engine } from '../../../engine/engine.ts'
import { calendarKind } from '../../../engine/appointments/kind.ts'
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
  /** The rule that the bug must break. */
  rule: string
  /** A seed that showed it; null when it shows too seldom for a test. */
  seed: number | null
  /** It shows in appointments, so people book them. */
  visits?: true
  /** It shows in conversations, so people write to each other. */
  talks?: true
  database?(database: SimDatabase): void
  claims?(server: ClaimServer): void
  /** Changes the journal of one engine. */
  journal?(journal: Store, database: SimDatabase): Store
  /** Changes the kinds of one incarnation of an engine. */
  kinds?(): readonly AnyKind[]
  edgeBus?(bus: Bus): Bus
  engineBus?(bus: Bus): Bus
  /** Changes the rows that a socket reads when it opens. */
  firstRows?: Amend
  /** Changes the messages from an edge to one socket. */
  socket?(listener: Listener): Listener
  engine?(engine: Engine): void
}

/** Orders as in the product. */
export const orders: AnyKind = orderKind
export const drivers: AnyKind = driverKind
/** These kinds, with a change of one of them. */
export const changed = (
  list: readonly AnyKind[],
  name: string,
  change: Partial<AnyKind>,
): readonly AnyKind[] => list.map(kind => (kind.name === name ? { ...kind, ...change } : kind))
/** The kinds of the product, with a change of orders. */
export const withOrder = (change: Partial<AnyKind>): readonly AnyKind[] =>
  changed(kinds, orders.name, change)
/** Calendars as in the product. */
export const calendars: AnyKind = calendarKind
/** The kinds of the product, with a change of calendars. */
export const withCalendar = (change: Partial<AnyKind>): readonly AnyKind[] =>
  changed(kinds, calendars.name, change)
/** The kinds of the product, with a change of drivers. */
export const withDriver = (change: Partial<AnyKind>): readonly AnyKind[] =>
  changed(kinds, drivers.name, change)
