/**
 * The contract of a way to pay. Every method passes the same suite: the parties get the same
 * amounts, a called-off order moves nothing, and each part of a refund comes from who got it.
 */
import type { Test } from 'tap'
import type { PaymentMethod } from '../../protocol/orders/said-money.ts'
import type { PayingWorld } from './fixture-paying.ts'

export interface MethodSubject {
  method: PaymentMethod
  /** More words of an order that is paid in this way. */
  order: object
  /** Resolves when a driver may be found. */
  ready(world: PayingWorld, orderId: string): Promise<void>
  /** Words of the hand-over. */
  handOver(due: number): object
  /** The whole amount that this method has brought in so far. */
  held(world: PayingWorld): Promise<number>
}

const cents = (amount: number): number => Math.round(amount * 100)

/** Runs the contract. */
export async function methodContract(
  t: Test,
  world: PayingWorld,
  { method, order, ready, handOver, held }: MethodSubject,
): Promise<void> {
  const { call, vendor, driver, balances, payment } = world
  const price = { goods_amount: 12.5, tax_amount: 0.5 }
  const asked = { payment_method: method, tip: 1, ...order }
  const shares = async () => {
    const [pharmacy, person] = [await balances(vendor.pharmacyId), await balances(driver.driverId)]
    return {
      goods: cents(pharmacy['pharmacy_payable'] ?? 0),
      tax: cents(pharmacy['pharmacy_tax'] ?? 0),
      driver: cents(person['driver_payable'] ?? 0),
      held: cents(await held(world)),
    }
  }

  await t.test(`${method}: what is paid at the hand-over reaches each party once`, async t => {
    const id = await world.accepted(asked, price)
    await ready(world, id)
    const before = await shares()
    await world.pickUp(id)
    const { due, delivery_fee } = await payment(id, one => one.due > 0)
    t.match(await world.deliver(id, handOver(due)), { status: 200 })
    await world.deliver(id, handOver(due))
    const paid = await payment(id, one => one.status === 'captured')
    t.match(paid, { method, status: 'captured', taken: due, refunded: 0 })
    t.same(await balances(id), { order_clearing: 0 }, 'nothing stays on the order')
    const earned = cents(1 + delivery_fee)
    while ((await shares()).driver < before.driver + earned)
      await new Promise(resolve => {
        setTimeout(resolve, 25)
      })
    t.same(await shares(), {
      goods: before.goods + 1_250,
      tax: before.tax + 50,
      driver: before.driver + earned,
      held: before.held + cents(due),
    })

    const after = await shares()
    await world.refund(id, { goods_amount: 2.5, tax_amount: 0.1, tip: 0.25, delivery_fee: 1 })
    t.match(await payment(id, one => one.refunds[0]?.status === 'paid'), {
      status: 'partly_refunded',
      refunded: 3.85,
    })
    t.match(await shares(), {
      goods: after.goods - 250,
      tax: after.tax - 10,
      driver: after.driver - 25,
    })
    t.match(
      await call('admin', 'POST', `/api/orders/${id}/payment/refund`, {
        goods_amount: 10.01,
        reason: 'too much',
      }),
      { status: 409, body: { code: 'refund_exceeds_payment' } },
    )
  })

  await t.test(`${method}: an order that is called off moves nothing`, async t => {
    const before = await shares()
    const id = await world.accepted(asked, price)
    await ready(world, id)
    t.match(await call('customer', 'DELETE', `/api/orders/${id}`), { status: 200 })
    t.match(await payment(id, one => one.status === 'none' && one.history.length > 2), {
      status: 'none',
    })
    t.same(await shares(), before)
    t.same((await balances(id))['order_clearing'] ?? 0, 0)
  })
}
