/** The order as a kind of actor: everything that the list of kinds knows of orders. */
import { commandSchemas } from '../../protocol/dispatch/commands.ts'
import type { OrderEvent } from '../../protocol/dispatch/events.ts'
import type { Kind } from '../actors/kind.ts'
import { orderName } from '../saga/commands.ts'
import type { OrderCommand } from './commands.ts'
import { decide } from './decide.ts'
import { evolve } from './evolve.ts'
import { orderMachine } from './machine.ts'
import { olderFact } from './older-facts.ts'
import { openRequest, react } from './react.ts'
import { row } from './row.ts'
import { absentOrder, headingOf, isEnded, pharmacyOf, type Order } from './state.ts'
import { orderTables, type OrderWrite } from './tables.ts'
import { wake } from './wake.ts'
import { words } from './words.ts'

export const orderKind: Kind<Order, OrderCommand, OrderEvent, OrderWrite> = {
  name: orderName,
  byte: 0,
  words,
  tables: orderTables,
  commands: commandSchemas.order,
  machine: orderMachine,
  absent: absentOrder,
  creates: command => command.verb === 'broadcast' || command.verb === 'create',
  actorOf: command => command.by,
  decide,
  evolve,
  react: (event, order, atMs, source) =>
    order.kind === 'absent' ? [] : react(event, order, atMs, source),
  resume: order => (order.kind === 'broadcast' ? openRequest(order.core, order.broadcast) : []),
  wakeAtMs: order => wake(order)?.atMs ?? null,
  row(order, version, atMs, isBorn) {
    if (order.kind === 'absent') throw new Error('an absent order has no row')
    return {
      order: row(order, version, atMs, isBorn),
      ...(isBorn &&
        'broadcast' in order &&
        order.broadcast !== null && { candidates: order.broadcast.candidates }),
    }
  },
  finished: isEnded,
  attentive: order =>
    order.kind === 'broadcast' ||
    (order.kind === 'accepted' && order.search.kind === 'searching') ||
    headingOf(order) !== null,
  pharmacyOf: order => pharmacyOf(order)?.vendor_id ?? null,
  olderFact,
}
