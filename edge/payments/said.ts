/**
 * Checks what callers say about money with a command of an order, and keeps it under the id of the
 * command. A caller who has no part in the order is left to the order's actor, which refuses
 * without telling anything.
 */
import { CaduceusError } from '../../protocol/kernel/errors.ts'
import type { OrderStatus } from '../../protocol/orders/statuses.ts'
import { decimalOfMinor, minorOfDecimal } from '../../protocol/pricing/money.ts'
import type { Kernel, WithConfig } from '../kernel/kernel.ts'
import type { OrderMoney, Teller } from '../kernel/order-money.ts'
import { invalid } from '../kernel/validate.ts'
import { cashOf } from './cash.ts'
import type { PaymentsConfig } from './config.ts'
import { dueMinor, type Payment } from './payment.ts'
import { paymentsOf } from './store.ts'
import { keepWords, methodOf, type Words } from './words.ts'

interface OrderRow {
  currency: string
  status: OrderStatus
  vendor_id: string | null
  driver_id: string | null
  candidate_ids: string[] | null
  ended_as: string | null
  offered_driver_id: string | null
}

/** Throws `invalid_request` for an amount with a fraction of a minor unit. */
export function minorOf(field: string, amount: number, currency: string): number {
  const minor = minorOfDecimal(amount, currency)
  if (minor === null)
    throw invalid([{ field, rule: `must be whole in the smallest unit of ${currency}` }])
  return minor
}

/** The port for the rooms of orders. */
export function orderMoney(
  ctx: Pick<Kernel, 'database' | 'nowMs' | 'config'> & WithConfig<PaymentsConfig>,
): OrderMoney {
  const { kysely: db } = ctx.database
  const { config } = ctx
  const keep = async (commandId: string, orderId: string, words: Words): Promise<void> => {
    if (Object.keys(words).length > 0) await keepWords(ctx, commandId, orderId, words)
  }
  const orderOf = (orderId: string): Promise<OrderRow | undefined> =>
    db
      .selectFrom('orders')
      .select([
        'currency',
        'status',
        'vendor_id',
        'driver_id',
        'candidate_ids',
        'ended_as',
        'offered_driver_id',
      ])
      .where('id', '=', orderId)
      .executeTakeFirst()
  const paymentOf = async (orderId: string): Promise<Payment | null> =>
    (await paymentsOf(db, [orderId])).get(orderId)?.payment ?? null
  const acts = ({ role, pharmacyId, driverId }: Teller, order: OrderRow): boolean =>
    role === 'admin' ||
    role === 'service' ||
    (driverId !== null && driverId === order.driver_id) ||
    (pharmacyId !== null &&
      (pharmacyId === order.vendor_id || (order.candidate_ids ?? []).includes(pharmacyId)))

  /** Throws `cash_limit_reached`. */
  const requireRoom = async (orderId: string, driverId: string): Promise<void> => {
    const payment = await paymentOf(orderId)
    if (payment?.method !== 'cash') return
    const { currency } = payment
    const held = await cashOf(ctx, driverId, currency, orderId)
    if (held + BigInt(dueMinor(payment) ?? 0) > BigInt(config.cashLimitMinor!))
      throw new CaduceusError(
        'cash_limit_reached',
        'hand the cash over to the pharmacy first; then cash orders can be taken again',
      )
  }

  return {
    async placing(commandId, orderId, { payment_method, payment_token, amount_max, tip }) {
      if (payment_token !== undefined && payment_method !== 'card')
        throw invalid([{ field: 'payment_token', rule: 'belongs to the payment_method card' }])
      if (amount_max !== undefined && payment_token === undefined)
        throw invalid([{ field: 'amount_max', rule: 'needs a payment_token beside it' }])
      if (payment_method === undefined) {
        if (tip !== undefined)
          throw invalid([{ field: 'tip', rule: 'needs a payment_method beside it' }])
        return
      }
      if (!config.paymentMethods.includes(payment_method))
        throw new CaduceusError(
          'payment_method_not_offered',
          `orders cannot be paid by ${payment_method} here`,
        )
      const tipMinor = tip === undefined ? 0 : minorOf('tip', tip, config.currency)
      await keep(commandId, orderId, {
        method: payment_method,
        tipMinor,
        ...(payment_token !== undefined && { token: payment_token }),
        ...(amount_max !== undefined && {
          amountMaxMinor: minorOf('amount_max', amount_max, config.currency),
        }),
      })
    },

    async accepting(commandId, orderId, teller, { goods_amount, tax_amount }) {
      if ((await methodOf(db, orderId)) === null) return
      const order = await orderOf(orderId)
      // An order that somebody has taken is refused by its actor, with or without a price.
      if (order?.status !== 'pending' || !acts(teller, order)) return
      if (goods_amount === undefined)
        throw new CaduceusError(
          'price_required',
          'this order names a way to pay: say in goods_amount what the goods cost',
          [{ field: 'goods_amount', rule: 'is required for an order that names a way to pay' }],
        )
      const { currency } = order
      await keep(commandId, orderId, {
        goodsMinor: minorOf('goods_amount', goods_amount, currency),
        ...(tax_amount !== undefined && { taxMinor: minorOf('tax_amount', tax_amount, currency) }),
      })
    },

    async delivering(commandId, orderId, teller, { cash_taken, cash_reason }) {
      const isCash = (await methodOf(db, orderId)) === 'cash'
      if (!isCash && cash_taken === undefined && cash_reason === undefined) return
      const order = await orderOf(orderId)
      if (order === undefined || !acts(teller, order) || order.ended_as !== null) return
      if (!isCash)
        throw invalid([{ field: 'cash_taken', rule: 'is for orders that are paid in cash' }])
      const payment = await paymentOf(orderId)
      if (cash_taken === undefined)
        throw new CaduceusError(
          'cash_statement_required',
          'this order is paid in cash: say in cash_taken how much was taken',
        )
      const takenMinor = minorOf('cash_taken', cash_taken, order.currency)
      const reason = cash_reason?.trim() ?? ''
      // Null while the payment has not followed the journal so far.
      const due = payment && dueMinor(payment)
      if (due !== null && takenMinor !== due && reason === '')
        throw invalid([
          {
            field: 'cash_reason',
            rule: `must say why not ${decimalOfMinor(due, order.currency)} ${order.currency} were taken`,
          },
        ])
      await keep(commandId, orderId, { takenMinor, ...(reason !== '' && { reason }) })
    },

    async seeking(orderId, teller) {
      if ((await methodOf(db, orderId)) !== 'card') return
      const order = await orderOf(orderId)
      if (order === undefined || !acts(teller, order)) return
      const payment = await paymentOf(orderId)
      if (payment?.card?.isAuthorised !== true)
        throw new CaduceusError(
          'payment_not_authorised',
          'the customer has not paid yet; a driver is found after that',
        )
    },

    async assigning(orderId, teller, driverId) {
      if (config.cashLimitMinor === null) return
      const order = await orderOf(orderId)
      if (order === undefined || !acts(teller, order)) return
      // Nobody learns what the driver of another pharmacy has in hand.
      const driver = await db
        .selectFrom('drivers')
        .select('vendor_id')
        .where('id', '=', driverId)
        .executeTakeFirst()
      if (driver === undefined || driver.vendor_id !== order.vendor_id) return
      await requireRoom(orderId, driverId)
    },

    async taking(orderId, driverId) {
      if (config.cashLimitMinor === null || driverId === null) return
      // Only the driver who holds the offer learns anything about the order's payment.
      if ((await orderOf(orderId))?.offered_driver_id !== driverId) return
      await requireRoom(orderId, driverId)
    },
  }
}
