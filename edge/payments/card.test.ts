/**
 * Payments by card on a whole server, with the SDK of Stripe and a double behind it: the contract of
 * both methods, and what goes wrong between a request, its answer and the messages.
 */
import { randomUUID } from 'node:crypto'
import t from 'tap'
import { CaduceusError } from '../../protocol/kernel/errors.ts'
import { eventually, http } from '../acceptance/people.ts'
import { StripeDouble } from './card/fixture-stripe.ts'
import { methodContract } from './contract.ts'
import { payingWorld } from './fixture-paying.ts'
import { findStranded } from './requests.ts'
import { orderMoney } from './said.ts'

const double = new StripeDouble()
const stripeUrl = await double.start()
t.teardown(() => double.stop())
const world = await payingWorld(t, {
  PAYMENT_METHODS: 'cash,card',
  STRIPE_SECRET_KEY: 'sk_test_double',
  STRIPE_PUBLISHABLE_KEY: 'pk_test_double',
  STRIPE_WEBHOOK_SECRET: double.webhookSecret,
  STRIPE_URL: stripeUrl,
})
const { url, call, placed, accepted, assign, payment, paymentOf, balances, pickUp, deliver } = world
const { pool } = world.parts.database
const visa = { payment_method: 'card', payment_token: 'pm_card_visa', tip: 1 }
const price = { goods_amount: 10 }

const send = ({ payload, signature }: { payload: string; signature: string }) =>
  http(url, 'POST', '/api/webhooks/stripe', {
    body: payload,
    headers: { 'content-type': 'application/json', 'stripe-signature': signature },
  })
/** Sends all messages that wait, in the order that the test wants. */
const sendMessages = async (order = (all: string[]) => all): Promise<void> => {
  for (const payload of order(double.messages.splice(0))) await send(double.signed(payload))
}
const asked = (end: string) => double.asked.filter(one => one.path.endsWith(end))
/** In minor units: what the ledger says that Stripe holds. */
const held = async (): Promise<number> => {
  const { rows } = await pool.query<{ held: string }>(
    `select sum(debits_posted - credits_posted)::text as held from ledger_accounts where code = 'processor_clearing'`,
  )
  return Number(rows[0]?.held ?? 0)
}
t.afterEach(async () => {
  if ((await held()) !== double.balance('usd'))
    throw new Error(`the ledger says ${await held()}, Stripe ${double.balance('usd')}`)
})

/** The last word of a row of the outbox, once it has ended. */
async function ended(column: 'about' | 'order_id', id: string, kind: string): Promise<string> {
  for (;;) {
    const { rows } = await pool.query<{ answer: string }>(
      `select answer from payment_requests
       where ${column} = $1 and kind = $2 and ended_at is not null`,
      [id, kind],
    )
    if (rows.length === 1) return rows[0]!.answer
    await new Promise(resolve => {
      setTimeout(resolve, 25)
    })
  }
}
/** Another program makes a payment at Stripe. Returns its id. */
async function create(amount: number, metadata: Record<string, string>): Promise<string> {
  const fields = Object.entries(metadata).map(([name, value]) => [`metadata[${name}]`, value])
  const created = await fetch(`${stripeUrl}/v1/payment_intents`, {
    method: 'POST',
    body: new URLSearchParams([['amount', `${amount}`], ['currency', 'usd'], ...fields]),
  })
  return ((await created.json()) as { id: string }).id
}

await methodContract(t, world, {
  method: 'cash',
  order: {},
  ready: async (_world, id) => void (await payment(id, one => one.due > 0)),
  handOver: due => ({ cash_taken: due }),
  held: async ({ driver }) => -((await balances(driver.driverId))['driver_cash'] ?? 0),
})
await methodContract(t, world, {
  method: 'card',
  order: { payment_token: 'pm_card_visa' },
  ready: async (_world, id) => void (await payment(id, one => one.status === 'authorised')),
  handOver: () => ({}),
  held: async () => (await held()) / 100,
})

t.test("cards are offered with the key of Stripe's library", async t => {
  const { body } = await http(url, 'GET', `/api/vendors/${world.vendor.pharmacyId}/payment-methods`)
  t.same(body.methods, [
    { method: 'cash', publishable_key: null },
    { method: 'card', publishable_key: 'pk_test_double' },
  ])
})

t.test('a token confirms no higher price than the customer has seen', async t => {
  const seen = async (amount_max: number) => {
    const id = await accepted({ ...visa, amount_max }, price)
    return { id, ...(await payment(id, one => one.card !== null && one.status !== 'none')) }
  }
  t.match(await placed({ ...visa, payment_token: undefined, amount_max: 5 }), {
    status: 400,
    body: { fields: [{ field: 'amount_max' }] },
  })
  t.match(await seen(100), { status: 'authorised' })
  const higher = await seen(10.99)
  t.match(higher, { status: 'requires_action' }, 'the own device is asked for the new price')
  const [intent] = double.intentsOf(higher.id)
  t.equal(intent!.amount, Math.round(higher.due * 100))
  double.confirm(intent!.id, 'pm_card_visa')
  await sendMessages()
  await payment(higher.id, one => one.status === 'authorised')
})

t.test('cards under way are paid when no further order may name a card', async t => {
  const id = await accepted({ payment_method: 'card' }, price)
  await payment(id, one => one.status === 'requires_action')
  const none = orderMoney({
    ...world.parts,
    config: { ...world.parts.config, paymentMethods: [] },
  } as never)
  const teller = { role: 'admin', pharmacyId: null, driverId: null } as const
  await t.rejects(none.seeking(id, teller), { code: 'payment_not_authorised' })
  const stranger = { role: 'vendor', pharmacyId: randomUUID(), driverId: null } as const
  await t.resolves(none.seeking(id, stranger), 'a stranger learns nothing of the payment')
  const log: object[] = []
  const kept = { database: world.parts.database, log: { error: (line: object) => log.push(line) } }
  t.match(await findStranded({ ...kept, processor: null } as never), { stranded: /[1-9]/ })
  t.equal(log.length, 1, 'keys that are missing are reported')
  t.same(await findStranded({ ...kept, processor: {} } as never), { stranded: 0 })
})

t.test('no driver is found before the customer has paid', async t => {
  const id = await accepted({ payment_method: 'card' }, price)
  const refused = { status: 409, body: { code: 'payment_not_authorised' } }
  t.match(await assign(id), refused)
  t.match(await call('vendor', 'POST', `/api/orders/${id}/find-driver`, {}), refused)
  const waiting = await payment(id, one => one.status === 'requires_action')
  const isTold = (body: any): boolean =>
    body.notifications.some(
      (one: any) => one.kind === 'payment.action_required' && one.about.id === id,
    )
  const inbox = await eventually(
    () => call('customer', 'GET', '/api/notifications?limit=5'),
    ({ body }) => isTold(body),
  )
  t.ok(isTold(inbox.body), 'the customer is told to confirm the payment')
  t.match(waiting.action, { publishable_key: 'pk_test_double', declined: null })
  for (const who of ['vendor', 'admin'] as const)
    t.equal((await paymentOf(id, who)).action, null, 'only the customer pays')
  const [intent] = double.intentsOf(id)
  t.equal(waiting.action.client_secret, intent!.client_secret)
  double.confirm(intent!.id, 'pm_card_chargeDeclined')
  await sendMessages()
  await payment(id, one => one.action?.declined === 'generic_decline')
  double.confirm(intent!.id, 'pm_card_authenticationRequired')
  double.authenticate(intent!.id)
  await sendMessages(all => [...all, ...all].reverse())
  await payment(id, one => one.status === 'authorised')
  t.match(await assign(id), { status: 200 })
  t.match(await call('customer', 'DELETE', `/api/orders/${id}`), { status: 200 })
  await payment(id, one => one.history.at(-1).type === 'released')
  t.equal(double.intentsOf(id)[0]!.status, 'canceled')
})

t.test('a card that is refused at once leaves the customer another try', async t => {
  const id = await accepted({ ...visa, payment_token: 'pm_card_chargeDeclined' }, price)
  t.match(await payment(id, one => one.status === 'requires_action'), {
    action: { declined: 'generic_decline' },
  })
  double.confirm(double.intentsOf(id)[0]!.id, 'pm_card_visa')
  double.messages.splice(0)
  // The message is lost: the outbox looks again by itself.
  await pool.query(
    `update payment_requests set due_at = now() where kind = 'watch' and order_id = $1`,
    [id],
  )
  t.match(await payment(id, one => one.status === 'authorised'), { status: 'authorised' })
  await call('customer', 'DELETE', `/api/orders/${id}`)
  await payment(id, one => one.status === 'none')
})

t.test('a capture whose answer is lost charges once', async t => {
  const id = await accepted(visa, price)
  await payment(id, one => one.status === 'authorised')
  await pickUp(id)
  double.loses.push('/capture')
  await deliver(id, {})
  const { taken, due } = await payment(id, one => one.status === 'captured')
  t.equal(taken, due)
  const captures = asked(`${double.intentsOf(id)[0]!.id}/capture`)
  t.equal(new Set(captures.map(one => one.key)).size, 1, 'with one key')
  t.equal(double.intentsOf(id)[0]!.amount_received, Math.round(due * 100))
  t.same(await balances(id), { order_clearing: 0 })
})

t.test('an authorisation whose answer is lost is made once', async t => {
  double.loses.push('/payment_intents')
  const id = await accepted(visa, price)
  await payment(id, one => one.status === 'authorised')
  t.equal(double.intentsOf(id).length, 1)
  const keys = asked('/payment_intents').map(one => one.key)
  t.equal(keys.at(-1), keys.at(-2), 'the same key')
})

t.test('messages may come before the answer', async t => {
  double.messages.splice(0)
  double.beforeAnswer = () => sendMessages()
  const id = await accepted(visa, price)
  await payment(id, one => one.status === 'authorised')
  await pickUp(id)
  await deliver(id, {})
  t.match(await payment(id, one => one.status === 'captured'), { status: 'captured' })
  double.beforeAnswer = async () => {}
  t.equal(double.intentsOf(id).length, 1)
  t.same(await balances(id), { order_clearing: 0 })
})

t.test('an edge that dies between the answer and its facts asks again', async t => {
  await pool.query(
    `create function card_crash() returns trigger language plpgsql as $$ begin
       if new.type = 'authorised' then raise 'the edge died'; end if; return new; end $$;
     create trigger crash before insert on payment_facts for each row execute function card_crash()`,
  )
  const tries = asked('/payment_intents').length
  const id = await accepted(visa, price)
  while (asked('/payment_intents').length < tries + 2)
    await new Promise(resolve => {
      setTimeout(resolve, 25)
    })
  t.match(await paymentOf(id), { status: 'none' })
  await pool.query('drop trigger crash on payment_facts')
  await payment(id, one => one.status === 'authorised')
  t.equal(double.intentsOf(id).length, 1)
})

t.test('an authorisation that ran out is asked for again', async t => {
  const once = { ...visa, payment_token: 'pm_of_one_customer' }
  const id = await accepted(once, price)
  await payment(id, one => one.status === 'authorised')
  double.expire(double.intentsOf(id)[0]!.id)
  await sendMessages()
  await payment(id, one => one.status === 'requires_action')
  t.equal(
    double.asked.filter(one => one.fields.get('payment_method') === once.payment_token).length,
    1,
  )
  double.confirm(double.intentsOf(id)[1]!.id, 'pm_card_visa')
  await sendMessages()
  await payment(
    id,
    one =>
      one.status === 'authorised' &&
      one.history.filter((f: any) => f.type === 'authorised').length === 2,
  )
  t.equal(double.intentsOf(id).length, 2)

  const next = await accepted(once, price)
  t.match(
    await payment(next, one => one.status === 'requires_action'),
    { status: 'requires_action' },
    'a card that was used before is left to the customer',
  )
  for (const one of [id, next]) await call('customer', 'DELETE', `/api/orders/${one}`)
})

t.test('a second hold of an order is given back', async t => {
  const id = await accepted(visa, price)
  const { due } = await payment(id, one => one.status === 'authorised')
  double.forgetKeys()
  await pool.query(
    `update payment_requests set ended_at = null, due_at = now(), attempts = 1
     where kind = 'authorise' and order_id = $1`,
    [id],
  )
  t.equal(await ended('order_id', id, 'authorise'), 'over')
  t.equal(double.intentsOf(id).length, 1)
  await create(Math.round(due * 100), { order_id: id, request_id: randomUUID() })
  double.confirm(double.intentsOf(id)[1]!.id, 'pm_card_visa')
  await sendMessages()
  while (double.intentsOf(id)[1]!.status !== 'canceled')
    await new Promise(resolve => {
      setTimeout(resolve, 25)
    })
  t.match(await paymentOf(id), { status: 'authorised' })
  await call('customer', 'DELETE', `/api/orders/${id}`)
})

t.test('a failed delivery gives the amount back', async t => {
  const id = await accepted(visa, price)
  await payment(id, one => one.status === 'authorised')
  await pickUp(id)
  const failed = await call('driver', 'PATCH', `/api/orders/${id}`, {
    status: 'failed',
    reason: 'nobody home',
  })
  t.equal(failed.status, 200)
  const { history } = await payment(id, one => one.status === 'none')
  t.notOk(history.some((one: any) => one.type === 'captured'))
  while (double.intentsOf(id)[0]!.status !== 'canceled')
    await new Promise(resolve => {
      setTimeout(resolve, 25)
    })
})

t.test('who does not pay in time loses the order', async t => {
  const id = await accepted({ payment_method: 'card' }, price)
  await payment(id, one => one.status === 'requires_action')
  const { commands } = world.parts
  const { order } = commands
  let tries = 0
  commands.order = async (...command: Parameters<typeof order>) => {
    tries++
    if (tries === 1) throw new CaduceusError('orders_paused')
    return order.call(commands, ...command)
  }
  await pool.query(
    `update payment_requests set due_at = now() where kind = 'give_up' and order_id = $1`,
    [id],
  )
  await payment(id, one => one.status === 'none')
  commands.order = order
  t.ok(tries > 1, 'it is asked again while no command is taken')
  t.match(await call('customer', 'GET', `/api/orders/${id}`), { body: { status: 'cancelled' } })
  const [intent] = double.intentsOf(id)
  while (intent!.status === 'requires_confirmation' || intent!.status === 'requires_payment_method')
    await new Promise(resolve => {
      setTimeout(resolve, 25)
    })
  t.equal(intent!.status, 'canceled', 'nothing can be paid any more')
})

t.test('a refund that fails gives the money back to its parties', async t => {
  const id = await accepted(visa, price)
  await payment(id, one => one.status === 'authorised')
  await pickUp(id)
  await deliver(id, {})
  await payment(id, one => one.status === 'captured')
  const before = await balances(world.vendor.pharmacyId)
  double.refundsBegin = 'pending'
  await world.refund(id, { goods_amount: 4 })
  await payment(id, one => one.refunds[0]?.status === 'approved')
  t.same(await balances(world.vendor.pharmacyId), before, 'only reserved')
  while (!double.messages.some(one => one.includes('refund.created')))
    await new Promise(resolve => {
      setTimeout(resolve, 25)
    })
  double.endRefunds('failed')
  double.refundsBegin = 'succeeded'
  await sendMessages()
  t.match(await payment(id, one => one.refunds[0]?.status === 'failed'), { status: 'captured' })
  t.same(await balances(world.vendor.pharmacyId), before)
})

/** A paid order, whose refunds can be looked at. */
async function captured(): Promise<{ id: string; intentId: string }> {
  const id = await accepted(visa, price)
  await payment(id, one => one.status === 'authorised')
  await pickUp(id)
  await deliver(id, {})
  await payment(id, one => one.status === 'captured')
  return { id, intentId: double.intentsOf(id)[0]!.id }
}
t.test('a refund whose answer is lost for more than a day is made once', async t => {
  const { id, intentId } = await captured()
  // The SDK asks once more by itself when a connection is closed.
  double.loses.push('/refunds', '/refunds')
  double.beforeAnswer = async ({ method, path }) => {
    // Requests of other orders come in between.
    const isRefund = method === 'POST' && path.endsWith('/refunds')
    if (isRefund && double.loses.length === 1) double.forgetKeys()
  }
  await world.refund(id, { goods_amount: 4 })
  const { refunds } = await payment(id, one => one.refunds[0]?.status === 'paid')
  t.equal(double.refundsOf(intentId).length, 1)
  await pool.query(
    'update payment_requests set ended_at = null, due_at = now(), attempts = 0 where about = $1',
    [refunds[0].id],
  )
  t.equal(
    await ended('about', refunds[0].id, 'refund'),
    'over',
    'one that is paid is not sent again',
  )
  t.equal(double.refundsOf(intentId).length, 1)
  double.beforeAnswer = async () => {}
})

t.test('a refund is asked for again when its key was used before', async t => {
  const { id } = await captured()
  double.refuses.push({ end: '/refunds', type: 'idempotency_error' })
  await world.refund(id, { goods_amount: 4 })
  await payment(id, one => one.refunds[0]?.status !== 'approved')
  t.match(await paymentOf(id), { status: 'partly_refunded', refunds: [{ status: 'paid' }] })
})

t.test('a capture that is refused is asked for again', async t => {
  double.refuses.push({ end: '/capture', type: 'invalid_request_error' })
  const { id } = await captured()
  t.same(await balances(id), { order_clearing: 0 })
})

t.test('an object with the id of another program is nobody’s', async t => {
  const id = await create(100, { order_id: 'basket 7' })
  await sendMessages()
  t.equal(await ended('about', id, 'read_payment'), 'strange')
})

t.test('messages that are not from Stripe change nothing', async t => {
  const payload = JSON.stringify({
    id: 'evt_x',
    object: 'event',
    livemode: false,
    data: { object: {} },
  })
  const invalid = { status: 401, body: { code: 'signature_invalid' } }
  t.match(await send({ payload, signature: '' }), invalid)
  t.match(await send(double.signed(payload, 'whsec_other')), invalid)
  const { signature } = double.signed(payload)
  t.match(await send({ payload: `${payload} `, signature }), invalid, 'the bytes are signed')
  t.match(await send(double.signed(payload)), { status: 200, body: { outcome: 'ignored' } })
  for (const more of [{ livemode: true }, { livemode: false, account: 'acct_other' }])
    t.match(await send(double.signed(JSON.stringify({ ...JSON.parse(payload), ...more }))), {
      status: 409,
      body: { code: 'payment_webhook_mismatch' },
    })
  const stranger = { object: 'payment_intent', id: 'pi_of_somebody' }
  t.match(
    await send(
      double.signed(JSON.stringify({ ...JSON.parse(payload), data: { object: stranger } })),
    ),
    { status: 200, body: { outcome: 'kept' } },
  )
})

t.test('no request carries data of a card', async t => {
  t.notOk(double.asked.some(one => /card%5Bnumber|number|cvc/.test(String(one.fields))))
  t.match(await call('customer', 'POST', '/api/orders', { payment_token: '4242424242424242' }), {
    status: 400,
  })
})
