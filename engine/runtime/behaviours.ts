/**
 * The two kinds of actor, as the runtime sees them: one record of pure functions each. The runtime
 * knows nothing else of orders and drivers.
 */
import type { DriverEvent, OrderEvent, SourceFact } from '../../protocol/events.ts'
import type { Principal } from '../../protocol/principal.ts'
import type { Decision } from '../decision.ts'
import type { DriverCommand } from '../driver/commands.ts'
import { decide as decideDriver } from '../driver/decide.ts'
import { evolve as evolveDriver } from '../driver/evolve.ts'
import { react as reactDriver } from '../driver/react.ts'
import { absentDriver, type Driver } from '../driver/state.ts'
import { view as viewDriver } from '../driver/view.ts'
import { wakeAtMs as wakeDriver } from '../driver/wake.ts'
import type { Effect } from '../effects.ts'
import type { ActorKind, ReadModelRow } from '../journal/journal.ts'
import type { OrderCommand } from '../order/commands.ts'
import { decide as decideOrder } from '../order/decide.ts'
import { evolve as evolveOrder } from '../order/evolve.ts'
import { openRequest, react as reactOrder } from '../order/react.ts'
import { absentOrder, headingOf, isEnded, type Order } from '../order/state.ts'
import { row as orderRow } from '../order/row.ts'
import { wake as wakeOrder } from '../order/wake.ts'

export interface Behaviour<State, Command, Event> {
  readonly kind: ActorKind
  readonly absent: State
  /** Is this a command that names a new actor? Then the journal need not be read first. */
  creates(command: Command): boolean
  /** Who acts by it. */
  actorOf(command: Command): Principal
  decide(state: State, command: Command, nowMs: number): Decision<Event>
  evolve(state: State, event: Event, atMs: number): State
  /** After the append is durable. `source`: where the event is in its slot. */
  react(event: Event, state: State, atMs: number, source: SourceFact): Effect[]
  /** Soft effects to repeat when an actor comes back to memory. */
  resume(state: State): Effect[]
  /** When to look again, ms since the epoch; null for never. */
  wakeAtMs(state: State): number | null
  /** What the read model keeps of it after its `version`-th event; `born`: no event of it was written before. */
  row(state: State, version: number, atMs: number, born: boolean): ReadModelRow
  finished(state: State): boolean
  /** Do other parts of the engine keep something of it (open requests, searches, deliveries, the roster)? They see it at recovery. */
  attentive(state: State): boolean
}

export const orderBehaviour: Behaviour<Order, OrderCommand, OrderEvent> = {
  kind: 'order',
  absent: absentOrder,
  creates: command => command.verb === 'broadcast' || command.verb === 'create',
  actorOf: command => command.by,
  decide: decideOrder,
  evolve: evolveOrder,
  react: (event, order, atMs, source) =>
    order.kind === 'absent' ? [] : reactOrder(event, order, atMs, source),
  resume: order => (order.kind === 'broadcast' ? openRequest(order.core, order.broadcast) : []),
  wakeAtMs: order => wakeOrder(order)?.atMs ?? null,
  row(order, version, atMs, born) {
    if (order.kind === 'absent') throw new Error('an absent order has no row')
    return {
      kind: 'order',
      order: orderRow(order, version, atMs, born),
      ...(born &&
        'broadcast' in order &&
        order.broadcast !== null && { candidates: order.broadcast.candidates }),
    }
  },
  finished: isEnded,
  attentive: order =>
    order.kind === 'broadcast' ||
    (order.kind === 'accepted' && order.search.kind === 'searching') ||
    headingOf(order) !== null,
}

export const driverBehaviour: Behaviour<Driver, DriverCommand, DriverEvent> = {
  kind: 'driver',
  absent: absentDriver,
  creates: command => command.verb === 'register',
  actorOf: command => command.by,
  decide: decideDriver,
  evolve: evolveDriver,
  react: (event, driver, _atMs, source) =>
    driver.kind === 'absent' ? [] : reactDriver(event, driver, source),
  resume: () => [],
  wakeAtMs: wakeDriver,
  row(driver, version) {
    if (driver.kind === 'absent') throw new Error('an absent driver has no row')
    return { kind: 'driver', view: viewDriver(driver, version) }
  },
  finished: () => false,
  attentive: driver => driver.kind === 'registered',
}

export const behaviours: Record<
  ActorKind,
  Behaviour<unknown, unknown, OrderEvent | DriverEvent>
> = {
  order: orderBehaviour as Behaviour<unknown, unknown, OrderEvent | DriverEvent>,
  driver: driverBehaviour as Behaviour<unknown, unknown, OrderEvent | DriverEvent>,
}
