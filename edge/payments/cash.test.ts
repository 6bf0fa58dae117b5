/**
 * Cash on delivery on a whole server: from the order to the cash in the pharmacy, with what is
 * refused on the way. Nothing changes for an order that names no way to pay.
 */
import t from 'tap'
import { Check } from 'typebox/value'
import type { PublishedEvent } from '../../protocol/dispatch/events.ts'
import { paymentEvents } from '../../protocol/dispatch/money-events.ts'
import { eventually, http, Listener, newDriver, upload, type Answer } from '../acceptance/people.ts'
import { payingWorld } from './fixture-paying.ts'
import { orderMoney } from './said.ts'
import { takeOrders } from './take.ts'

const paying = await payingWorld(t, { PAYMENT_METHODS: 'cash', CASH_LIMIT: '40' })
const { url, parts, call, vendor, driver, secondAdmin } = paying
const { paymentOf, payment, accountsOf, byCode, balances, deliver, heard, older } = paying
const { pool } = parts.database
const placed = (more: object = { payment_method: 'cash', tip: 1 }) => paying.placed(more)
/** An accepted cash order on its way. */
async function underWay(
  goods: object = { goods_amount: 12.5, tax_amount: 0.5 },
  order: object = { payment_method: 'cash', tip: 1 },
): Promise<string> {
  const id = await paying.accepted(order, goods)
  await paying.pickUp(id)
  return id
}

t.test('a pharmacy tells everybody how it can be paid', async t => {
  const cash = { currency: 'USD', methods: [{ method: 'cash', publishable_key: null }] }
  const methodsOf = (id: string) => http(url, 'GET', `/api/vendors/${id}/payment-methods`)
  t.match(await methodsOf(vendor.pharmacyId), { status: 200, body: cash })
  t.match(await http(url, 'GET', '/api/payments/methods'), { status: 200, body: cash })
  t.match(await methodsOf(driver.driverId), { status: 404, body: { code: 'vendor_not_found' } })
})

t.test('an order without a way to pay is as before', async t => {
  const id = await underWay({}, {})
  t.match(await deliver(id, { cash_taken: 3 }), { status: 400, body: { code: 'invalid_request' } })
  t.match(await deliver(id, {}), { status: 200, body: { status: 'delivered' } })
  t.match(await paymentOf(id), { code: 'payment_not_found' })
  // The next test compares with what this delivery has earned.
  await eventually(
    () => accountsOf(driver.driverId),
    ({ body }) => (byCode(body.accounts)['driver_payable'] ?? 0) > 0,
  )
})

t.test('cash goes from the customer to the driver and on to the pharmacy', async t => {
  const before = await balances(driver.driverId)
  const id = await underWay()
  const { due, delivery_fee } = await payment(id, one => one.due > 0)
  const short = Math.round((due - 1) * 100) / 100
  t.equal(due, Math.round((12.5 + 0.5 + 1 + delivery_fee) * 100) / 100)
  t.match(await paymentOf(id, 'driver'), { due, status: 'none' }, 'the driver knows what to take')
  t.match(await paymentOf(id, 'otherCustomer'), { code: 'payment_not_found' })

  t.match(await deliver(id, {}), { status: 422, body: { code: 'cash_statement_required' } })
  t.match(await deliver(id, { cash_taken: due - 1 }), {
    status: 400,
    body: { fields: [{ field: 'cash_reason' }] },
  })
  t.match(await deliver(id, { cash_taken: 0.001 }), {
    status: 400,
    body: { fields: [{ field: 'cash_taken' }] },
  })
  t.match(await deliver(id, { cash_taken: -1 }), { status: 400 })
  const refused = await call('driver', 'PATCH', `/api/orders/${id}`, {
    status: 'delivered',
    cash_taken: 1,
    cash_reason: 'words of a delivery without a proof',
  })
  t.equal(refused.status, 422, JSON.stringify(refused.body))
  t.match(await paymentOf(id), { status: 'none' }, 'words of a refused command count for nothing')

  const cash = { cash_taken: short, cash_reason: 'the customer had no more' }
  t.match(await deliver(id, cash), { status: 200 })
  await deliver(id, { ...cash, cash_taken: 1 })
  const paid = await payment(id, one => one.status === 'captured')
  t.match(paid, { taken: short, cash_reason: 'the customer had no more', refunded: 0 })
  t.same(
    paid.history.map((one: any) => one.type),
    ['opened', 'priced', 'captured'],
  )
  t.same(await balances(id), { order_clearing: 0 }, 'nothing stays on the order')
  const earned = 1 + delivery_fee
  await eventually(
    () => accountsOf(driver.driverId),
    ({ body }) =>
      Math.abs(
        (byCode(body.accounts)['driver_payable'] ?? 0) - (before['driver_payable'] ?? 0) - earned,
      ) < 0.001,
  )
  const now = await balances(driver.driverId)
  t.equal(now['driver_cash'], -short)
  t.equal(now['cash_difference'], -1)
  t.match(await balances(vendor.pharmacyId), { pharmacy_payable: 12.5, pharmacy_tax: 0.5 })

  const remit = (amount: number) =>
    call('driver', 'POST', '/api/payments/remittances', { amount, currency: 'USD' })
  t.match(await remit(due), { status: 409, body: { code: 'ledger_conflict' } }, 'more than in hand')
  const stated = await remit(short)
  t.match(stated, { status: 201, body: { status: 'stated', vendor_id: vendor.pharmacyId } })
  t.match(await remit(0.01), { status: 409 }, 'what is on its way is not handed over again')
  const decide = (who: 'vendor' | 'otherPharmacy') =>
    call(who, 'POST', `/api/payments/remittances/${stated.body.id}/decision`, {
      decision: 'received',
    })
  t.equal((await decide('otherPharmacy')).status, 404)
  t.match(await decide('vendor'), { status: 200, body: { status: 'received' } })
  t.equal((await balances(driver.driverId))['driver_cash'], 0)

  const refund = (parts: object) =>
    call('admin', 'POST', `/api/orders/${id}/payment/refund`, {
      ...parts,
      reason: 'one was missing',
    })
  t.match(await refund({}), { status: 400 })
  t.match(await refund({ goods_amount: 12.51 }), {
    status: 409,
    body: { code: 'refund_exceeds_payment' },
  })
  const refundId = (await refund({ goods_amount: 2.5, tip: 0.25 })).body.refunds[0].id
  const path = `/api/orders/${id}/payment/refunds/${refundId}/decision`
  t.match(await call('admin', 'POST', path, { decision: 'approved' }), {
    status: 403,
    body: { code: 'second_person_required' },
  })
  const approve = () =>
    http(url, 'POST', path, { token: secondAdmin, body: { decision: 'approved' } })
  const held = (await balances(vendor.pharmacyId))['pharmacy_payable']!
  const owed = (await balances(driver.driverId))['driver_payable']!
  await Promise.all([approve(), approve(), approve()])
  t.match(await paymentOf(id), { status: 'partly_refunded', refunded: 2.75 })
  t.match(await paymentOf(id), { refunds: [{ reason: 'one was missing', tip: 0.25 }] })
  t.match(await paymentOf(id, 'driver'), { refunds: [{ reason: null }] })
  t.equal((await balances(vendor.pharmacyId))['pharmacy_payable'], held - 2.5, 'once')
  t.equal((await balances(driver.driverId))['driver_payable'], owed - 0.25)

  await t.test('the receipt says what was paid and given back', async t => {
    const path = `/api/orders/${id}/receipt`
    const receipt = (await call('customer', 'GET', path)).body
    t.match(receipt, {
      order_id: id,
      pharmacy: { name: String },
      currency: 'USD',
      lines: [
        { kind: 'goods', amount: 12.5 },
        { kind: 'tax', amount: 0.5 },
        { kind: 'delivery', amount: delivery_fee },
        { kind: 'tip', amount: 1 },
      ],
      total: due,
      method: 'cash',
      paid: short,
      refunds: [{ amount: 2.75 }],
      refunded: 2.75,
    })
    t.equal(receipt.number, `R-${receipt.order_number}`)
    t.notMatch(JSON.stringify(receipt), /Paracetamol|Side St/)
    t.same((await call('vendor', 'GET', path)).body, receipt)
    for (const who of ['otherCustomer', 'otherPharmacy'] as const)
      t.match(await call(who, 'GET', path), { status: 404, body: { code: 'payment_not_found' } })
    const unpaid = (await placed()).body.id
    await payment(unpaid, one => one.status === 'none')
    t.match(await call('customer', 'GET', `/api/orders/${unpaid}/receipt`), {
      status: 409,
      body: { code: 'payment_state_conflict' },
    })

    const page = await fetch(`${url}${path}?format=html`, {
      headers: { authorization: `Bearer ${secondAdmin}` },
    })
    t.match(page.headers.get('content-security-policy'), /default-src 'none'.*sandbox/)
    const html = await page.text()
    t.match(html, `<h1>Receipt ${receipt.number}</h1>`)
    t.match(html, /<th scope="row">Total<\/th><td>\$\d+\.\d\d<\/td>/)
    t.match(await call('customer', 'GET', `${path}?format=pdf`), {
      status: 400,
      body: { fields: [{ field: 'format' }] },
    })
  })

  await t.test('others hear of it on the bus, each step once', async t => {
    const of = (actor: string): PublishedEvent[] =>
      heard.filter(
        one => one.actor === actor && (one.data as { order_id?: string }).order_id === id,
      )
    await eventually(
      async () => ({ status: 200, body: [...of('payment'), ...of('driver')] }) as Answer,
      ({ body }) =>
        ['refunded', 'earned'].every(type => body.some((one: PublishedEvent) => one.type === type)),
    )
    const facts = of('payment')
    t.same(
      facts.map(({ type, order_seq }) => [type, order_seq]),
      [
        ['opened', 1],
        ['priced', 2],
        ['captured', 3],
        ['refunded', 4],
      ],
    )
    for (const { type, data } of facts)
      t.ok(Check(paymentEvents[type as keyof typeof paymentEvents].data, data), type)
    t.match(facts[3]!.data, {
      vendor_id: vendor.pharmacyId,
      driver_id: driver.driverId,
      method: 'cash',
      status: 'partly_refunded',
      taken_minor: Math.round(100 * short),
      refunded_minor: 275,
      amount_minor: 275,
    })
    t.notMatch(JSON.stringify(facts), /Paracetamol|Side St/)
    t.match(
      older.filter(one => (one.data as { trip_id: string }).trip_id === id),
      [{ type: 'payment.processed', data: { amount_minor: Math.round(100 * short) } }],
    )
    t.match(
      of('driver').filter(({ type }) => type === 'earned'),
      [{ actor_id: driver.driverId, data: { amount_minor: Math.round(100 * delivery_fee) } }],
    )
  })
})

t.test('nobody accepts an order that is to be paid without a price', async t => {
  const { id } = (await placed()).body
  const refused = { status: 422, body: { code: 'price_required' } }
  const field = { fields: [{ field: 'goods_amount' }] }
  t.match(await call('vendor', 'POST', `/api/orders/${id}/accept`, {}), {
    ...refused,
    body: { ...refused.body, ...field },
  })
  const patch = (more: object) => call('vendor', 'PATCH', `/api/orders/${id}`, more)
  t.match(await patch({ status: 'accepted' }), refused)
  t.match(await patch({ status: 'rejected', goods_amount: 3 }), { status: 400, body: field })
  t.match(await patch({ status: 'accepted', goods_amount: 3.001 }), { status: 400, body: field })
  t.match(await patch({ status: 'accepted', goods_amount: -1 }), { status: 400, body: field })
  t.match(await patch({ status: 'accepted', goods_amount: 3 }), { status: 200 })
  t.match(await payment(id, one => one.due > 0), { goods_amount: 3 })

  const request = async () =>
    (
      await call('customer', 'POST', '/api/requests', {
        latitude: 27.7172,
        longitude: 85.324,
        radius_km: 5,
        quantity: 1,
        payment_method: 'cash',
      })
    ).body.request_id as string
  const answer = (requestId: string, more: object) =>
    call('vendor', 'POST', `/api/requests/${requestId}/responses`, {
      response_type: 'ACCEPTED',
      ...more,
    })
  const first = await request()
  t.match(await answer(first, {}), refused)
  t.match(await answer(first, { goods_amount: 4, tax_amount: 0.4 }), { status: 201 })
  t.match(await payment(first, one => one.due > 0), { goods_amount: 4, tax_amount: 0.4 })

  const second = await request()
  const terminal = new Listener(url, `/ws/pharmacy/?token=${vendor.token}`)
  await terminal.next('connection')
  const respond = (more: object, requestId = second) =>
    terminal.socket.send(
      JSON.stringify({
        type: 'respond',
        request_id: requestId,
        response_type: 'ACCEPTED',
        ...more,
      }),
    )
  respond({ id: 'a' })
  t.match(await terminal.next('response_result'), { outcome: 'error', code: 'price_required' })
  respond({ id: 'b', goods_amount: 5 })
  t.match(await terminal.next('response_result'), { outcome: 'won' })
  t.match(await payment(second, one => one.due > 0), { goods_amount: 5 })
  const third = await request()
  respond({ id: 'b', goods_amount: 6 }, third)
  t.match(await terminal.next('response_result'), { outcome: 'won' })
  t.match(
    await payment(third, one => one.due > 0),
    { goods_amount: 6 },
    'an id that is used for another request loses no price',
  )
  terminal.socket.close()

  const plain = (await placed({})).body.id
  t.match(await call('vendor', 'PATCH', `/api/orders/${plain}`, { status: 'accepted' }), {
    status: 200,
  })
})

t.test('a driver who was let go hands over the cash that is left', async t => {
  const { driverId, token } = await newDriver(url, vendor.pharmacyId)
  await http(url, 'PATCH', `/api/drivers/${driverId}/status`, {
    token,
    body: { status: 'available' },
  })
  const { id } = (await placed()).body
  await call('vendor', 'POST', `/api/orders/${id}/accept`, { goods_amount: 2 })
  await call('vendor', 'POST', `/api/orders/${id}/assign-driver`, { driver_id: driverId })
  const step = (status: string, more: object = {}) =>
    http(url, 'PATCH', `/api/orders/${id}`, { token, body: { status, ...more } })
  await step('picked_up')
  await step('out_for_delivery')
  const { due } = await payment(id, one => one.due > 0)
  const proof_photo_url = await upload(url, token, 'proof')
  await step('delivered', { proof_photo_url, reason: 'at the gate', cash_taken: due })
  await payment(id, one => one.status === 'captured')
  t.match(await call('vendor', 'DELETE', `/api/drivers/${driverId}`), { status: /20./ })
  const stated = await http(url, 'POST', '/api/payments/remittances', {
    token,
    body: { amount: due, currency: 'USD' },
  })
  t.match(stated, { status: 201, body: { status: 'stated' } })
})

t.test('an order that is called off closes its payment, and an unknown way is refused', async t => {
  const { id } = (await placed()).body
  await payment(id, one => one.status === 'none')
  await call('customer', 'DELETE', `/api/orders/${id}`)
  const closed = await payment(id, one => one.history?.length === 2)
  t.match(closed, { status: 'none', due: null })
  t.match(await placed({ payment_method: 'shells' }), { status: 400 })
  t.match(await placed({ tip: 3 }), { status: 400, body: { fields: [{ field: 'tip' }] } })
  t.match(await placed({ payment_method: 'cash', tip: 0.001 }), { status: 400 })
})

t.test('an edge that dies in a batch leaves nothing of it and loses nothing', async t => {
  await pool.query(
    `create function payment_crash() returns trigger language plpgsql as $$ begin raise 'the edge died'; end $$;
     create trigger crash before insert or update on payment_positions for each row execute function payment_crash()`,
  )
  const id = await underWay()
  t.match(await deliver(id, { cash_taken: 7, cash_reason: 'no more' }), { status: 200 })
  await takeOrders(parts as never).catch(() => {})
  t.match(await paymentOf(id), { code: 'payment_not_found' })
  await pool.query('drop trigger crash on payment_positions')
  t.match(await payment(id, one => one.status === 'captured'), { taken: 7 })
  t.same(await balances(id), { order_clearing: 0 })
})

t.test('goods without a price are not given away', async t => {
  const { id } = (await placed()).body
  await parts.commands.order({
    id: `accepted on the bus ${id}`,
    actor_id: id,
    verb: 'accept',
    by: { role: 'vendor', id: vendor.pharmacyId },
    data: {},
  })
  const { history } = await payment(id, one => one.history?.length > 1)
  t.match(history, [{ type: 'opened' }, { type: 'closed' }], 'the order is called off by itself')
  const { body } = await call('customer', 'GET', `/api/orders/${id}`)
  t.match(body, { status: 'cancelled' })
})

t.test('a refund is not approved by a second account of the one who proposed it', async t => {
  const id = await underWay()
  const { due } = await payment(id, one => one.due > 0)
  await deliver(id, { cash_taken: due })
  await payment(id, one => one.status === 'captured')
  const { body } = await call('admin', 'POST', `/api/orders/${id}/payment/refund`, {
    goods_amount: 1,
    reason: 'one was missing',
  })
  const path = `/api/orders/${id}/payment/refunds/${body.refunds[0].id}/decision`
  const approve = () =>
    http(url, 'POST', path, { token: secondAdmin, body: { decision: 'approved' } })
  const sponsor = (by: string) =>
    pool.query(
      `update users set sponsored_by = ${by}, sponsored_at = now() where email like 'second-%'`,
    )
  await sponsor(
    `(select (data ->> 'by')::uuid from payment_facts where order_id = '${id}' and type = 'refund_proposed')`,
  )
  t.match(await approve(), { body: { code: 'second_person_required' } })
  await sponsor('null')
  t.match(await approve(), { status: 200, body: { status: 'partly_refunded' } })
})

t.test('a driver with much cash in hand takes no further cash order', async t => {
  const id = await underWay({ goods_amount: 30 })
  const { due } = await payment(id, one => one.due > 0)
  await deliver(id, { cash_taken: due })
  await payment(id, one => one.status === 'captured')
  const offered = async (order?: object) => {
    const next = (await placed(order)).body.id as string
    await call('vendor', 'POST', `/api/orders/${next}/accept`, { goods_amount: 9 })
    if (order === undefined) await payment(next, one => one.due > 0)
    await call('vendor', 'POST', `/api/orders/${next}/find-driver`, { policy: 'offer' })
    const { driver_search } = (
      await eventually(
        () => call('vendor', 'GET', `/api/orders/${next}`),
        ({ body }) => body.driver_search.offer !== null,
      )
    ).body
    return call(
      'driver',
      'POST',
      `/api/orders/${next}/offers/${driver_search.offer.offer_id}/accept`,
      {},
    )
  }
  t.match(await offered(), { status: 409, body: { code: 'cash_limit_reached' } })
  const byHand = await paying.accepted({ payment_method: 'cash' }, { goods_amount: 9 })
  await payment(byHand, one => one.due > 0)
  t.match(await paying.assign(byHand), { status: 409, body: { code: 'cash_limit_reached' } })
  const unpaid = await paying.accepted({}, {})
  const other = (await paying.assign(unpaid)).body.code
  t.equal(other, 'driver_holds_offer', 'the limit is for cash orders alone')
})

t.test('cash that is under way counts for the limit', async t => {
  const other = await newDriver(url, vendor.pharmacyId)
  const asOther = (method: string, path: string, body: object) =>
    http(url, method, path, { token: other.token, body })
  await asOther('PATCH', `/api/drivers/${other.driverId}/status`, { status: 'available' })
  const acceptedAt = async (goods_amount: number): Promise<string> => {
    const id = await paying.accepted({ payment_method: 'cash' }, { goods_amount })
    await payment(id, one => one.due > 0)
    return id
  }
  const assign = (id: string) =>
    call('vendor', 'POST', `/api/orders/${id}/assign-driver`, { driver_id: other.driverId })
  const [first, second] = [await acceptedAt(30), await acceptedAt(9)]
  t.match(await assign(first), { status: 200 })
  t.match(await assign(second), { status: 409, body: { code: 'cash_limit_reached' } })
  t.match(await call('customer', 'DELETE', `/api/orders/${first}`), { status: 200 })
  await payment(first, one => one.history.at(-1).type === 'closed')
  t.match(await assign(second), { status: 200 }, 'what is called off counts no more')
})

t.test('a way to pay that is offered no more does not strand orders under way', async t => {
  const id = await underWay()
  await payment(id, one => one.due > 0)
  const { body: waiting } = await placed()
  await payment(waiting.id, one => one.status === 'none')
  const none = orderMoney({ ...parts, config: { ...parts.config, paymentMethods: [] } } as never)
  const admin = { role: 'admin', pharmacyId: null, driverId: null } as const
  await t.rejects(none.delivering('removed 1', id, admin, {}), { code: 'cash_statement_required' })
  await t.rejects(none.accepting('removed 2', waiting.id, admin, {}), { code: 'price_required' })
  await none.accepting('removed 3', waiting.id, admin, { goods_amount: 3 })
})

t.test("the administrator's list of a status reads an index", async t => {
  const client = await pool.connect()
  await client.query('begin')
  await client.query(
    `insert into payments (order_id, customer_id, status, version, opened_at)
     select gen_random_uuid(), gen_random_uuid(), 'captured', 1, now() from generate_series(1, 20000)`,
  )
  await client.query('analyze payments')
  const { rows } = await client.query(
    `explain select order_id from payments where status = 'failed' order by order_id desc limit 20`,
  )
  await client.query('rollback')
  client.release()
  t.match(JSON.stringify(rows), /payments_status/)
})
