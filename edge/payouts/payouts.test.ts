/**
 * Payouts on a whole server: once for each period and party, with four eyes, with the cash of a
 * driver set off, and with a statement whose sums are those of the ledger.
 */
import { randomUUID } from 'node:crypto'
import t from 'tap'
import fc from '../../protocol/testing/properties.ts'
import { http, password } from '../acceptance/people.ts'
import { createAccount } from '../accounts/accounts.ts'
import { accountOf, transferId, type AccountCode } from '../ledger/chart.ts'
import { expirePending } from '../ledger/housekeeping.ts'
import { record } from '../ledger/store.ts'
import { payingWorld } from '../payments/fixture-paying.ts'
import { payoutLimits } from './limits.ts'
import { claimPayout, decidePayout } from './payouts.ts'
import { sharesOf } from './shares.ts'

const world = await payingWorld(t, { PAYMENT_METHODS: 'cash' })
const { url, parts, call, driver, otherDriver, vendor, secondAdmin, balances } = world
const { kysely: db } = parts.database
const january = { from: '2020-01-01T00:00:00Z', to: '2020-02-01T00:00:00Z' }
const february = { from: '2020-02-01T00:00:00Z', to: '2020-03-01T00:00:00Z' }

/** Books an amount in cents on that day of 2020. */
async function booked(
  code: string,
  [debit, debitOwner]: [AccountCode, string | null],
  [credit, creditOwner]: [AccountCode, string | null],
  amount: number,
  day: string,
): Promise<void> {
  const debited = accountOf(debit, debitOwner, 'USD')
  const credited = accountOf(credit, creditOwner, 'USD')
  const [outcome] = await db.transaction().execute(tx =>
    record(
      tx,
      [
        {
          opens: [debited, credited],
          transfers: [
            {
              id: transferId('test', randomUUID()),
              code,
              phase: 'direct',
              debitId: debited.id,
              creditId: credited.id,
              currency: 'USD',
              amount: BigInt(amount),
            },
          ],
        },
      ],
      Date.parse(`${day}T12:00:00Z`),
    ),
  )
  if (!outcome!.ok) throw new Error(outcome!.refusal)
}
const propose = (party: 'driver' | 'pharmacy', party_id: string, period: object, more = {}) =>
  call('admin', 'POST', '/api/payouts', { party, party_id, currency: 'USD', ...period, ...more })
const decide = (id: string, decision: 'paid' | 'refused') =>
  http(url, 'POST', `/api/payouts/${id}/decision`, { token: secondAdmin, body: { decision } })

const idOf = async (token: string): Promise<string> =>
  (await http(url, 'GET', '/api/auth/me', { token })).body.id
async function newAdmin(email: string): Promise<{ id: string; token: string }> {
  const account = { email, full_name: 'Another', phone: '', role: 'admin' as const, password }
  await createAccount(db, parts, account, async () => null)
  const { body } = await http(url, 'POST', '/api/auth/login', { body: { email, password } })
  const token: string = body.access_token
  return { id: await idOf(token), token }
}
const secondAdminId = await idOf(secondAdmin)

t.test('the earnings of a driver are paid once, less the cash in hand', async t => {
  const { driverId } = driver
  await booked(
    'delivery_earned',
    ['world', null],
    ['driver_payable', driverId],
    1_000,
    '2020-01-10',
  )
  await booked('tip', ['world', null], ['driver_payable', driverId], 250, '2020-01-11')
  await booked('cash_taken', ['driver_cash', driverId], ['world', null], 400, '2020-01-12')
  await booked('delivery_earned', ['world', null], ['driver_payable', driverId], 70, '2020-02-01')

  const both = await Promise.all([
    propose('driver', driverId, january),
    propose('driver', driverId, january),
  ])
  const { id } = both[0]!.body
  t.equal(both[1]!.body.id, id, 'the same period has one payout')
  t.match(both[0], { status: 201, body: { amount: 8.5, set_off: 4, status: 'proposed' } })
  t.match(await call('admin', 'POST', `/api/payouts/${id}/decision`, { decision: 'paid' }), {
    status: 403,
    body: { code: 'second_person_required' },
  })
  t.match(await balances(driverId), { driver_payable: 13.2, driver_cash: -4 }, 'only reserved')
  const paid = await Promise.all([decide(id, 'paid'), decide(id, 'paid'), decide(id, 'paid')])
  t.match(paid[0]!.body.status ?? paid[1]!.body.status ?? paid[2]!.body.status, 'paid')
  t.match(await balances(driverId), { driver_payable: 0.7, driver_cash: 0 })
  const third = (await newAdmin('third-admin@example.org')).token
  t.match(
    await http(url, 'POST', `/api/payouts/${id}/decision`, {
      token: third,
      body: { decision: 'paid' },
    }),
    { status: 409, body: { code: 'ledger_conflict' } },
    'two people do not both send the money',
  )
  t.match(await decide(id, 'refused'), { status: 409, body: { code: 'ledger_conflict' } })
  t.match(await propose('driver', driverId, january), { body: { id, status: 'paid' } })
  const within = { from: '2020-01-05T00:00:00Z', to: '2020-01-20T00:00:00Z' }
  t.match(
    await propose('driver', driverId, within),
    { status: 409, body: { code: 'ledger_conflict' } },
    'another period pays nothing of it again',
  )

  const path = `/api/payouts/${id}/statement`
  const { body: statement } = await call('driver', 'GET', path)
  t.match(statement, {
    brought_forward: 0,
    lines_total: 8.5,
    paid: 8.5,
    carried_forward: 0,
    lines: [
      { reason: 'delivery_earned', amount: 10 },
      { reason: 'tip', amount: 2.5 },
      { reason: 'cash_taken', amount: -4 },
    ],
  })
  const first = (await call('driver', 'GET', `${path}?limit=2`)).body
  const rest = (await call('driver', 'GET', `${path}?limit=2&cursor=${first.next_cursor}`)).body
  t.same([...first.lines, ...rest.lines], statement.lines)
  const csv = await fetch(new URL(`${path}/export?bom=false`, url), {
    headers: { authorization: `Bearer ${driver.token}` },
  })
  const [heading, ...lines] = (await csv.text()).trim().split('\r\n')
  t.equal(heading, '"at","account","reason","about_id","amount","id"')
  const amounts = lines.map(line => Math.round(Number(line.split(',')[4]) * 100))
  t.equal(
    amounts.reduce((sum, one) => sum + one, 0),
    850,
    'the lines of the CSV sum to the total',
  )
  t.equal((await call('vendor', 'GET', path)).status, 404)
  t.equal((await call('otherDriver', 'GET', path)).status, 404)
})

t.test('what is refused is free again, and what is left is carried forward', async t => {
  const { driverId } = driver
  const refused = await propose('driver', driverId, february)
  t.match(refused, { status: 201, body: { amount: 0.7, set_off: 0 } })
  t.match(await decide(refused.body.id, 'refused'), { body: { status: 'refused' } })
  const again = await propose('driver', driverId, february)
  t.not(again.body.id, refused.body.id)
  t.match(await decide(again.body.id, 'paid'), { body: { status: 'paid', amount: 0.7 } })
  t.match((await call('driver', 'GET', `/api/payouts/${again.body.id}/statement`)).body, {
    brought_forward: 0,
    lines_total: 0.7,
    carried_forward: 0,
  })
  const { body } = await call('driver', 'GET', '/api/payouts?limit=2')
  t.same(
    body.payouts.map((one: { id: string }) => one.id),
    [again.body.id, refused.body.id],
    'newest first',
  )
  const next = await call('driver', 'GET', `/api/payouts?limit=2&cursor=${body.next_cursor}`)
  t.equal(next.body.payouts.length, 1)
})

t.test('a pharmacy gets goods and tax, less what it holds of others', async t => {
  const { pharmacyId } = vendor
  await booked('goods', ['world', null], ['pharmacy_payable', pharmacyId], 500, '2020-01-10')
  await booked('remittance', ['pharmacy_payable', pharmacyId], ['world', null], 650, '2020-01-11')
  await booked('tax', ['world', null], ['pharmacy_tax', pharmacyId], 300, '2020-01-12')
  const { body } = await propose('pharmacy', pharmacyId, january)
  t.match(body, { amount: 1.5, set_off: 1.5 })
  t.match(await decide(body.id, 'paid'), { body: { status: 'paid' } })
  t.match(await balances(pharmacyId), { pharmacy_payable: 0, pharmacy_tax: 0 })
  t.equal((await call('otherPharmacy', 'GET', `/api/payouts/${body.id}/statement`)).status, 404)
  t.match((await call('vendor', 'GET', `/api/payouts/${body.id}/statement`)).body, {
    lines_total: 1.5,
    paid: 1.5,
    carried_forward: 0,
  })
})

t.test('cash that a driver is handing over is not set off', async t => {
  const { driverId } = driver
  await booked('delivery_earned', ['world', null], ['driver_payable', driverId], 500, '2020-03-02')
  await booked('cash_taken', ['driver_cash', driverId], ['world', null], 300, '2020-03-03')
  t.match(
    await call('driver', 'POST', '/api/payments/remittances', { amount: 2, currency: 'USD' }),
    { status: 201 },
  )
  const march = { from: '2020-03-01T00:00:00Z', to: '2020-04-01T00:00:00Z' }
  t.match((await propose('driver', driverId, march)).body, { amount: 4, set_off: 1 })
})

t.test('what came after the period is set off too, and own accounts move nothing', async t => {
  const { driverId } = otherDriver
  const own = (code: AccountCode): [AccountCode, string] => [code, driverId]
  await booked('delivery_earned', ['world', null], own('driver_payable'), 1_000, '2020-05-02')
  await booked('cash_taken', own('driver_cash'), ['world', null], 400, '2020-06-03')
  await booked('correction', own('driver_payable'), own('driver_cash'), 100, '2020-05-03')
  const may = { from: '2020-05-01T00:00:00Z', to: '2020-06-01T00:00:00Z' }
  const { body } = await propose('driver', driverId, may)
  t.match(body, { amount: 6, set_off: 3 }, 'nobody is paid who holds the cash')
  t.match((await call('otherDriver', 'GET', `/api/payouts/${body.id}/statement`)).body, {
    lines_total: 10,
    lines: [{ reason: 'delivery_earned', amount: 10 }],
    carried_forward: 4,
  })
})

t.test('one claims a payout before its money is sent, and then it does not expire', async t => {
  const { driverId } = otherDriver
  await booked('delivery_earned', ['world', null], ['driver_payable', driverId], 900, '2020-07-02')
  const july = { from: '2020-07-01T00:00:00Z', to: '2020-08-01T00:00:00Z' }
  const { id, amount } = (await propose('driver', driverId, july)).body
  const path = `/api/payouts/${id}/decision`
  const own = await call('admin', 'POST', path, { decision: 'sending' })
  t.match(own, { status: 403, body: { code: 'second_person_required' } })
  const claim = (headers: Record<string, string> = {}) =>
    http(url, 'POST', path, { token: secondAdmin, body: { decision: 'sending' }, headers })
  const keys = [1, 2, 3].map(() => ({ 'idempotency-key': randomUUID() }))
  const claims = await Promise.all(keys.map(claim))
  t.same(
    claims.map(({ status }) => status).toSorted((a, b) => a - b),
    [200, 409, 409],
    'of many workers one sends it, also under one account',
  )
  const won = claims.findIndex(({ status }) => status === 200)
  t.match(claims[won]!.body, { status: 'sending', amount })
  t.match(await claim(keys[won]), { status: 200 }, 'the winner may have lost the answer')
  const conflict = { status: 409, body: { code: 'ledger_conflict' } }
  t.match(await call('admin', 'POST', path, { decision: 'refused' }), conflict, 'not taken back')
  const another = await newAdmin('fourth-admin@example.org')
  await t.rejects(decidePayout(parts, another.id, id, true), { code: 'ledger_conflict' })

  const laterMs = Date.now() + (payoutLimits.decisionHours + 1) * 3_600_000
  const later = { ...parts, nowMs: () => laterMs }
  await expirePending(later, { fence: async () => {} })
  t.match((await call('otherDriver', 'GET', `/api/payouts/${id}/statement`)).body, {
    payout: { status: 'sending' },
    paid: amount,
  })
  await decidePayout(later, secondAdminId, id, true)
  t.match(await claim(), conflict, 'what was paid is not sent again')
  t.match((await propose('driver', driverId, july)).body, { id, status: 'paid' })
})

t.test('what nobody finishes is ended by another one, and a late claim is none', async t => {
  const { driverId } = otherDriver
  await booked('delivery_earned', ['world', null], ['driver_payable', driverId], 50, '2020-08-02')
  const august = { from: '2020-08-01T00:00:00Z', to: '2020-09-01T00:00:00Z' }
  const { id } = (await propose('driver', driverId, august)).body
  await claimPayout(parts, secondAdminId, id)
  const another = await newAdmin('fifth-admin@example.org')
  const laterMs = Date.now() + (payoutLimits.decisionHours + 1) * 3_600_000
  const later = { ...parts, nowMs: () => laterMs }
  await t.rejects(decidePayout(parts, another.id, id, false), { code: 'ledger_conflict' })
  await decidePayout(later, another.id, id, false)
  const again = (await propose('driver', driverId, august)).body.id
  t.not(again, id, 'the amount is free again')
  await t.rejects(claimPayout(later, secondAdminId, again), { code: 'ledger_conflict' })
})

t.test('a period must be over, and somebody must be owed something', async t => {
  const field = { status: 400, body: { fields: [{ field: 'to' }] } }
  const { driverId } = driver
  const [now, later] = [new Date(), new Date(Date.now() + 3_600_000)]
  t.match(await propose('driver', driverId, { ...january, to: january.from }), field)
  t.match(await propose('driver', driverId, { ...january, to: now.toISOString() }), field)
  t.match(await propose('driver', driverId, { from: now, to: later }), field)
  t.match(await propose('driver', randomUUID(), january), { status: 409 })
  t.match(await propose('driver', driverId, january, { currency: 'JPY' }), { status: 409 })
})

t.test('shares take no more than is owed, and leave no debt that could be set off', async () => {
  const balance = fc.bigInt({ min: -1_000n, max: 1_000n })
  fc.assert(
    fc.property(balance, balance, (first, second) => {
      const { setOff, paid } = sharesOf([first, second])
      const total = first + second
      const owed = (first > 0n ? first : 0n) + (second > 0n ? second : 0n)
      return (
        setOff >= 0n &&
        paid.every(one => one >= 0n) &&
        setOff + paid[0] + paid[1] === owed &&
        paid[0] + paid[1] === (total > 0n ? total : 0n)
      )
    }),
  )
})
