/** Who a command comes from, as an order sees it: its customer, its pharmacy, its driver, or a stranger, to whom it does not exist. */
import type { OrderEvent } from '../../protocol/dispatch/events.ts'
import type { Principal } from '../../protocol/kernel/principal.ts'
import { reject, type Decision } from '../actors/decision.ts'
import type { OrderCommand } from './commands.ts'
import { deliveryOf, vendorOf, type Order } from './state.ts'

export type Of<V extends OrderCommand['verb']> = Extract<OrderCommand, { verb: V }>
export type OrderDecision = Decision<OrderEvent>

export const privileged = (by: Principal): boolean =>
  by.role === 'admin' || by.role === 'system' || by.role === 'service'
export const isCustomer = (order: Exclude<Order, { kind: 'absent' }>, by: Principal): boolean =>
  privileged(by) || (by.role === 'customer' && by.id === order.core.customerId)
export const isVendor = (order: Order, by: Principal): boolean =>
  privileged(by) || (by.role === 'vendor' && by.id === vendorOf(order)?.vendor_id)
export const isDriver = (order: Order, by: Principal): boolean =>
  privileged(by) || (by.role === 'driver' && by.id === deliveryOf(order)?.driver.driver_id)

/** Of people the role says enough: an order has one customer and one pharmacy. Services are many. */
export const nameOf = (by: Principal): string =>
  by.role === 'service' ? `service:${by.id}` : by.role

/** A customer orders for themselves; edges and services for whom they vouch. */
export const mayOrder = (by: Principal, customerId: string): boolean =>
  privileged(by) || (by.role === 'customer' && by.id === customerId)

export const notFound = () => reject('order_not_found', 'no such order')
export const conflict = (order: Order, wanted: string) =>
  reject(
    'order_state_conflict',
    `an order that is ${order.kind === 'broadcast' ? 'an open request' : order.kind} cannot be ${wanted}`,
  )
