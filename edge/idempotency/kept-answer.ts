/**
 * The stored first answer of a request with an `Idempotency-Key`: its status, its headers, and only
 * the id of each order in it. A repeat shows the order in its present state and as the caller may
 * see it then. So the table neither grows with people's texts nor keeps for a day what the caller
 * may have lost the right to read.
 */
import { isUuid } from '../../protocol/kernel/ids.ts'
import { OrderView } from '../../protocol/orders/view.ts'
import { orderView } from '../../protocol/orders/view-parts.ts'
import type { Kernel } from '../kernel/kernel.ts'
import type { Identity } from '../kernel/identity.ts'
import { etagOf } from '../http/preconditions.ts'
import type { RouteAnswer } from '../kernel/route.ts'
import type { SigningContext } from '../links/links.ts'
import { shownTo } from './order-shown.ts'

type Answer = Omit<RouteAnswer, 'status'>
/** Stands for an order: its id, and the fields that the answer adds to it. */
interface OrderMark {
  $order: string
  with: Record<string, unknown>
}
/** Reads an order for the caller of the request; null when it does not exist. */
export type OrderAnew = (id: string) => Promise<OrderView | null>

const isOrder = (value: object): value is OrderView =>
  'order_number' in value && 'tracking_token' in value && isUuid((value as { id?: unknown }).id)
const isMark = (value: object): value is OrderMark => '$order' in value

/** The answer without its orders. */
export const kept = ({ headers, body }: Answer): Answer => ({
  ...(headers !== undefined && { headers }),
  body: withoutOrders(body),
})

function withoutOrders(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map(withoutOrders)
  if (!isOrder(value)) return mapped(value, withoutOrders)
  const added = Object.entries(value).filter(([name]) => !(name in OrderView.properties))
  return { $order: value.id, with: Object.fromEntries(added) } satisfies OrderMark
}

/**
 * The answer made again; null when one of its orders does not exist. An answer that is an order has
 * the ETag of the version that it shows.
 */
export async function madeAnew(
  { headers, body }: Answer,
  orderAnew: OrderAnew,
): Promise<Answer | null> {
  const orders = new Map<string, OrderView>()
  for (const id of marksIn(body)) {
    const order = await orderAnew(id)
    if (order === null) return null
    orders.set(id, order)
  }
  const whole = withOrders(body, orders)
  const isWhole = typeof whole === 'object' && whole !== null && isOrder(whole)
  return {
    body: whole,
    headers: {
      ...headers,
      ...(headers?.['etag'] !== undefined && isWhole && { etag: etagOf(whole.version) }),
    },
  }
}

function marksIn(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return []
  return isMark(value) ? [value.$order] : Object.values(value).flatMap(marksIn)
}

function withOrders(value: unknown, orders: ReadonlyMap<string, OrderView>): unknown {
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map(inner => withOrders(inner, orders))
  return isMark(value)
    ? { ...orders.get(value.$order)!, ...value.with }
    : mapped(value, inner => withOrders(inner, orders))
}

const mapped = (value: object, change: (inner: unknown) => unknown): object =>
  Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, change(inner)]))

/**
 * Reads the order from the read model. The journal writes the read model with the events, so a
 * caller who was answered finds the order there.
 */
export const orderFor =
  (ctx: SigningContext & Pick<Kernel, 'database'>, identity: Identity): OrderAnew =>
  async id => {
    const row = await ctx.database.kysely
      .selectFrom('orders')
      .select(['placed', 'progress'])
      .where('id', '=', id)
      .executeTakeFirst()
    return row === undefined ? null : shownTo(ctx, identity, orderView(row))
  }
