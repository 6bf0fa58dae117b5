/**
 * Money of the access test: an order that was delivered and paid in cash, a refund that waits for
 * approval, cash that the driver has handed over, and the driver's earnings.
 */
import type { Database } from '../../migrations/database/open.ts'
import { uuidV7 } from '../../protocol/kernel/ids.ts'
import { groupsOf } from '../ledger/book.ts'
import { accountOf } from '../ledger/chart.ts'
import { record } from '../ledger/store.ts'
import { eventually, upload, type Answer, type DriverPerson } from './people.ts'

export interface PaidOrder {
  paidOrder: string
  refund: string
  remittance: string
}
type Caller = 'customer' | 'vendor' | 'driver' | 'admin'
interface Parts {
  url: string
  driver: DriverPerson
  call(who: Caller, method: string, path: string): Promise<Answer>
  done(who: Caller, method: string, path: string, body?: unknown): Promise<Answer['body']>
  pendingOrder(more: object): Promise<string>
}

/** Places, delivers and pays it over HTTP. The driver must hold no offer. */
export async function paidOrder({
  url,
  driver,
  call,
  done,
  pendingOrder,
}: Parts): Promise<PaidOrder> {
  const id = await pendingOrder({ payment_method: 'cash', tip: 1 })
  await done('vendor', 'POST', `/api/orders/${id}/accept`, { goods_amount: 12.5 })
  await done('vendor', 'POST', `/api/orders/${id}/assign-driver`, { driver_id: driver.driverId })
  const payment = () => call('customer', 'GET', `/api/orders/${id}/payment`)
  const { due } = (await eventually(payment, ({ body }) => body.due > 0)).body
  const step = (status: string, more: object = {}) =>
    done('driver', 'PATCH', `/api/orders/${id}`, { status, ...more })
  await step('picked_up')
  await step('out_for_delivery')
  await step('delivered', {
    proof_photo_url: await upload(url, driver.token, 'proof'),
    reason: 'handed over at the gate',
    cash_taken: due,
  })
  await eventually(payment, ({ body }) => body.status === 'captured')
  const { refunds } = await done('admin', 'POST', `/api/orders/${id}/payment/refund`, {
    goods_amount: 1,
    reason: 'one box was missing',
  })
  const remittance = await done('driver', 'POST', '/api/payments/remittances', {
    amount: 1,
    currency: 'USD',
  })
  return { paidOrder: id, refund: refunds[0].id, remittance: remittance.id }
}

/** The body that proposes the payout of January 2020 to a driver. */
export const payoutOf = (driverId: string) => ({
  party: 'driver',
  party_id: driverId,
  currency: 'USD',
  from: '2020-01-01T00:00:00Z',
  to: '2020-02-01T00:00:00Z',
})

/**
 * Books a delivery of the driver at that time, ms since the epoch. Returns the accounts of the driver
 * and of the world.
 */
export async function earningsOf({ kysely }: Database, driverId: string, atMs = Date.now()) {
  const event = {
    type: 'order_completed',
    data: {
      order_id: uuidV7(Date.now(), Math.random),
      outcome: 'delivered',
      earnings_minor: 300,
      currency: 'USD',
    },
  } as const
  await kysely.transaction().execute(tx => record(tx, groupsOf(driverId, event), atMs))
  return {
    ledgerAccount: accountOf('driver_payable', driverId, 'USD').id,
    otherLedgerAccount: accountOf('world', null, 'USD').id,
  }
}
