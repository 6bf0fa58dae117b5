/**
 * Deliberate bugs in what is recorded: folds, rows, fees, earnings, places and arrivals, each wrong
 * in the same way at every engine. None of them is in the product.
 */
import type { Driver } from '../../../engine/drivers/state.ts'
import type { DriverCommand } from '../../../engine/drivers/commands.ts'
import type { Effect } from '../../../engine/actors/effects.ts'
import type { OrderWrite } from '../../../engine/orders/tables.ts'
import type { OrderCommand } from '../../../engine/orders/commands.ts'
import type { Order } from '../../../engine/orders/state.ts'
import type { OrderEvent } from '../../../protocol/dispatch/events.ts'
import { drivers, orders, withDriver, withOrder, type Bug } from './bug.ts'

/** Changes events of an order as they are decided. */
const deciding = (change: (event: OrderEvent) => OrderEvent[]) =>
  withOrder({
    decide(state, command, nowMs) {
      const decision = orders.decide(state, command, nowMs)
      return decision.ok
        ? { ok: true, events: decision.events.flatMap(event => change(event as OrderEvent)) }
        : decision
    },
  })

type Complete = Extract<DriverCommand, { verb: 'complete' }>
/** Changes the command to a driver's actor at the end of its order. */
const completing = (change: (command: Complete, order: Order) => DriverCommand) =>
  withOrder({
    react: (event, state, atMs, source) =>
      orders.react(event, state, atMs, source).map((effect): Effect => {
        if (effect.do !== 'command' || effect.to.command.verb !== 'complete') return effect
        const command = change(effect.to.command as Complete, state as Order)
        return { ...effect, to: { ...effect.to, command } }
      }),
  })

export const bookBugs: Readonly<Record<string, Bug>> = {
  'fold-loses-arrival': {
    about: 'the fold of an order forgets that the driver arrived at the pharmacy',
    rule: '[4]',
    seed: 20,
    kinds: () =>
      withOrder({
        evolve(state, event, atMs) {
          const next = orders.evolve(state, event, atMs) as Order
          return event.type === 'arrived_at_pickup' && next.kind === 'driver_assigned'
            ? { ...next, delivery: { ...next.delivery, arrivedAtPickupMs: null } }
            : next
        },
      }),
  },
  'fold-forgets-pharmacy': {
    about: 'the fold of a cancelled order forgets which pharmacy had it',
    rule: '[4]',
    seed: 7,
    kinds: () =>
      withOrder({
        evolve(state, event, atMs) {
          const next = orders.evolve(state, event, atMs) as Order
          return next.kind === 'cancelled' ? { ...next, vendor: null } : next
        },
      }),
  },
  'row-of-another-fee': {
    about: 'the column of the fee says five cents more than the order',
    rule: '[4]',
    seed: 1,
    kinds: () =>
      withOrder({
        row(state, version, atMs, isBorn): OrderWrite {
          const row = orders.row(state, version, atMs, isBorn) as OrderWrite
          return row.order.feeMinor !== null
            ? { ...row, order: { ...row.order, feeMinor: row.order.feeMinor + 5 } }
            : row
        },
      }),
  },
  'earnings-not-booked': {
    about: 'the fold of a driver counts deliveries and forgets what they earned',
    rule: '[4]',
    seed: 1,
    kinds: () =>
      withDriver({
        evolve(state, event, atMs) {
          const next = drivers.evolve(state, event, atMs) as Driver
          return next.kind === 'registered' && event.type === 'order_completed'
            ? { ...next, totalEarningsMinor: (state as typeof next).totalEarningsMinor }
            : next
        },
      }),
  },
  'return-is-paid': {
    about: 'a driver is paid for an order that went back',
    rule: '[pay]',
    seed: 1,
    kinds: () =>
      completing((command, order) =>
        order.kind === 'returned' ? { ...command, earningsMinor: order.deal.feeMinor } : command,
      ),
  },
  'cancelled-counts-as-delivered': {
    about: 'an order that was called off under way counts as delivered',
    rule: '[pay]',
    seed: 15,
    kinds: () =>
      completing(command =>
        command.outcome === 'cancelled' ? { ...command, outcome: 'delivered' } : command,
      ),
  },
  'fee-is-flat': {
    about: 'an acceptance asks the same of every customer, whatever the tariff says',
    rule: '[fee]',
    seed: 1,
    kinds: () =>
      deciding(event => [
        event.type === 'order_accepted'
          ? { ...event, data: { ...event.data, fee_minor: 400 } }
          : event,
      ]),
  },
  'notes-are-dropped': {
    about: 'what a customer wrote for the driver is lost at the beginning',
    rule: '[said]',
    seed: 1,
    kinds: () =>
      deciding(event => [
        event.type === 'broadcast_opened'
          ? { ...event, data: { ...event.data, notes: null } }
          : event,
      ]),
  },
  'arrival-anywhere': {
    about: 'whoever picks up has arrived, wherever the device is',
    rule: '[7]',
    seed: 1,
    kinds: () =>
      withOrder({
        decide(state, command, nowMs) {
          const decision = orders.decide(state, command, nowMs)
          const order = state as Order
          const late =
            decision.ok &&
            decision.events.length > 0 &&
            (command as OrderCommand).verb === 'pick_up' &&
            order.kind === 'driver_assigned' &&
            order.delivery.arrivedAtPickupMs === null
          return late
            ? { ok: true, events: [{ type: 'arrived_at_pickup', data: {} }, ...decision.events] }
            : decision
        },
      }),
  },
  'nearest-left-out': {
    about: 'the pharmacy next door is not asked',
    rule: '[place]',
    seed: 4,
    engine({ directory }) {
      const near = directory.near.bind(directory)
      directory.near = (...where) => near(...where).slice(1)
    },
  },
}
