/**
 * From the journal to payments. The facts of orders are commands to their payments; the words that
 * came with the order's own command say the amounts. One transaction stores the facts of the
 * payments, their transfers in the ledger and the position in each slot.
 */
import type { Transaction } from 'kysely'
import type { Tables } from '../../migrations/database/tables.ts'
import type { OrderEvent } from '../../protocol/dispatch/events.ts'
import { Seldom } from '../../protocol/kernel/seldom.ts'
import { currencyOf } from '../../protocol/pricing/money.ts'
import type { Kernel, WithMetrics } from '../kernel/kernel.ts'
import { keepLooking } from '../kernel/looking.ts'
import { takeEvents } from '../orders/following.ts'
import type { JournalRow } from '../orders/journal-positions.ts'
import { paymentLimits } from './limits.ts'
import type { PaymentsMetrics } from './metrics.ts'
import { dueMinor, type Payment, type PaymentCommand } from './payment.ts'
import { ask, givenUpUnpriced } from './requests.ts'
import { LockedPayments, type Opened } from './store.ts'
import { wordsOf, type Words } from './words.ts'

const opening: ReadonlySet<string> = new Set(['broadcast_opened', 'order_placed'])
const ending: ReadonlySet<string> = new Set([
  'order_rejected',
  'request_expired',
  'order_cancelled',
  // It goes back to its pharmacy, so a reserved amount is free again.
  'delivery_failed',
  'returned',
])
const followed: ReadonlySet<string> = new Set([
  ...opening,
  ...ending,
  'order_accepted',
  'delivered',
])

type TakeParts = Pick<Kernel, 'database' | 'log' | 'nowMs' | 'random'> &
  WithMetrics<PaymentsMetrics>

/** Takes the next batch; says whether more waits. Rejects while the database is away. */
export async function takeOrders(parts: TakeParts): Promise<boolean> {
  const { batchEventsMax } = paymentLimits
  const { more, result = [] } = await takeEvents(
    parts,
    'payment_positions',
    batchEventsMax,
    (tx, rows) => applied(parts, tx, rows),
  )
  for (const fact of result) parts.metrics.paymentFacts.inc({ fact })
  return more
}

/** Starts the loop. Returns the function that stops it once the batch under way is done. */
export function followOrders(parts: TakeParts & Pick<Kernel, 'after'>): () => Promise<void> {
  const { log, nowMs } = parts
  const seldom = new Seldom((line, error) => log.warn({ err: error }, line), nowMs)
  return keepLooking(parts, {
    ...paymentLimits,
    look: () => takeOrders(parts),
    onError: error =>
      seldom.say('orders', 'payments: events could not be taken; trying again', error),
  })
}

async function applied(
  { log, nowMs, random }: TakeParts,
  tx: Transaction<Tables>,
  rows: readonly JournalRow[],
): Promise<string[]> {
  const wanted = rows.filter(({ kind, type }) => kind === 'order' && followed.has(type))
  if (wanted.length === 0) return []
  const findWords = await wordsOf(
    tx,
    wanted.flatMap(({ command_id }) => command_id ?? []),
  )
  const payments = await LockedPayments.of(tx, [...new Set(wanted.map(row => row.actor_id))])
  const opened = new Map<string, Opened>()
  for (const row of wanted) {
    const { actor_id: orderId, command_id, type } = row
    if (!opening.has(type) && !payments.has(orderId)) continue
    const { event, at } = row.read()
    const words = findWords(command_id, orderId)
    const command = commandOf(event as OrderEvent, words, payments.get(orderId))
    if (command === null) {
      if (type === 'order_accepted') {
        log.error({ orderId, commandId: command_id }, 'payments: accepted without a price')
        await ask(tx, [givenUpUnpriced(orderId)], nowMs())
      }
      continue
    }
    if (event.type === 'order_placed' || event.type === 'broadcast_opened')
      opened.set(orderId, {
        customer_id: event.data.customer_id,
        vendor_id: event.type === 'order_placed' ? event.data.vendor.vendor_id : null,
      })
    const decision = payments.tell(orderId, command, at)
    if (!decision.ok)
      log.error({ orderId, type, refusal: decision.refusal }, 'payments: a fact was not taken')
  }
  return payments.write(opened, { nowMs, random })
}

/** What an event of an order means for its payment; null for nothing. */
function commandOf(
  event: OrderEvent,
  words: Words,
  payment: Payment | null,
): PaymentCommand | null {
  switch (event.type) {
    case 'broadcast_opened':
    case 'order_placed': {
      const { method, tipMinor = 0 } = words
      const currency = currencyOf(event.data)
      return method === undefined ? null : { do: 'open', method, currency, tipMinor }
    }
    case 'order_accepted': {
      const { fee_minor: feeMinor, vendor } = event.data
      const { goodsMinor, taxMinor = 0 } = words
      // Without a price nothing is taken; goods are never given away for nothing.
      return goodsMinor === undefined
        ? null
        : { do: 'price', goodsMinor, taxMinor, feeMinor, pharmacyId: vendor.vendor_id }
    }
    case 'delivered': {
      const { driver_id: driverId } = event.data
      // A service on the bus delivers without words; then the amount that was due counts as taken.
      const takenMinor = words.takenMinor ?? (payment === null ? 0 : (dueMinor(payment) ?? 0))
      return { do: 'capture', takenMinor, reason: words.reason ?? null, driverId }
    }
    default:
      return ending.has(event.type) ? { do: 'close' } : null
  }
}
