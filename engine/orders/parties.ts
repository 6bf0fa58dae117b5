/**
 * Relates the sender of a command to an order: its customer, its pharmacy, its driver, or a
 * stranger. For a stranger the order does not exist.
 */
import type { OrderEvent } from '../../protocol/dispatch/events.ts'
import type { Principal } from '../../protocol/kernel/principal.ts'
import { reject, type Decision } from '../actors/decision.ts'
import type { OrderCommand } from './commands.ts'
import { deliveryOf, pharmacyOf, type Order } from './state.ts'

export type Of<V extends OrderCommand['verb']> = Extract<OrderCommand, { verb: V }>
export type OrderDecision = Decision<OrderEvent>

/** May the sender act for everybody? */
export const privileged = (by: Principal): boolean =>
  by.role === 'admin' || by.role === 'system' || by.role === 'service'
/** Is the sender the order's customer, or privileged? */
export const isCustomer = (order: Exclude<Order, { kind: 'absent' }>, by: Principal): boolean =>
  privileged(by) || (by.role === 'customer' && by.id === order.core.customerId)
/** Is the sender the order's pharmacy, or privileged? An open request has no pharmacy. */
export const isPharmacy = (order: Order, by: Principal): boolean =>
  privileged(by) || (by.role === 'vendor' && by.id === pharmacyOf(order)?.vendor_id)
/** Is the sender the order's driver, or privileged? */
export const isDriver = (order: Order, by: Principal): boolean =>
  privileged(by) || (by.role === 'driver' && by.id === deliveryOf(order)?.driver.driver_id)

/**
 * For people the role is enough, because an order has one customer and one pharmacy. Services are
 * many, so the id is added.
 */
export const nameOf = (by: Principal): string =>
  by.role === 'service' ? `service:${by.id}` : by.role

/**
 * Customers order for themselves. Edges and services order for the customers that they vouch for.
 */
export const mayOrder = (by: Principal, customerId: string): boolean =>
  privileged(by) || (by.role === 'customer' && by.id === customerId)

/** The answer for a stranger. */
export const notFound = () => reject('order_not_found', 'no such order')
/** The refusal of a step that does not fit the state. `wanted` completes "cannot be". */
export const conflict = (order: Order, wanted: string) =>
  reject(
    'order_state_conflict',
    `an order that is ${order.kind === 'broadcast' ? 'an open request' : order.kind} cannot be ${wanted}`,
  )
