/**
 * The ledger on a real edge: from deliveries in the journal to accounts, once and only
 * once, who sees which account, and corrections with four eyes.
 */
import t from 'tap'
import { newId, startFixture } from '../acceptance/fixture-edge.ts'
import { doAllJobs } from '../kernel/fixture-jobs.ts'
import { journalWriter } from '../orders/fixture-journal.ts'
import { features } from '../features.ts'
import { accountOf } from './chart.ts'
import { takeFacts } from './follow.ts'
import { ledgerLimits } from './limits.ts'

const edge = await startFixture({ RATE_LIMIT_AUTH_PER_ADDRESS: '10000' })
t.teardown(() => edge.stop())
const { call, database, clock } = edge
const { parts } = edge.edge
const { happen } = journalWriter(database)
const pharmacy = await edge.pharmacy()
const [admin, otherAdmin] = [await edge.admin(), await edge.admin()]
type Token = { token: string }

const get = async (who: Token, path: string) => (await call('GET', path, { token: who.token })).body
const completed = (driverId: string, orderId: string, data: object = {}) =>
  happen(
    driverId,
    'order_completed',
    { order_id: orderId, outcome: 'delivered', earnings_minor: 300, currency: 'USD', ...data },
    { kind: 'driver' },
  )
/** Takes batches until nothing is left; the edge's own follower may take some of them. */
async function settled(): Promise<void> {
  for (;;) {
    const more = await takeFacts(parts as never)
    const { rows } = await database.pool.query(
      `select 1 from events e where seq > coalesce((select p.seq from ledger_positions p where p.slot = e.slot), 0) limit 1`,
    )
    if (!more && rows.length === 0) return
  }
}
const payableOf = async (who: Token, currency = 'USD') =>
  (await get(who, `/api/ledger/accounts?code=driver_payable&currency=${currency}`)).accounts[0]

t.test('a delivery is earned once, in its own currency, whatever happens to the edge', async t => {
  const driver = await edge.driver(pharmacy.id)
  const [first, second, yen, cancelled] = [newId(), newId(), newId(), newId()]
  await completed(driver.id, first)
  await database.pool.query(
    `create function ledger_crash() returns trigger language plpgsql as $$ begin raise 'the edge died'; end $$;
     create trigger crash before insert or update on ledger_positions for each row execute function ledger_crash()`,
  )
  await takeFacts(parts as never).catch(() => {})
  await database.pool.query('drop trigger crash on ledger_positions')
  await settled()
  await completed(driver.id, first)
  await completed(driver.id, second, { earnings_minor: 125 })
  await completed(driver.id, yen, { earnings_minor: 125, currency: 'JPY' })
  await completed(driver.id, cancelled, { outcome: 'cancelled', earnings_minor: 0 })
  await Promise.all(Array.from({ length: 6 }, () => takeFacts(parts as never)))
  await settled()
  t.match(await payableOf(driver), { balance: 4.25, credits: 4.25, debits: 0, owner_id: driver.id })
  t.match(await payableOf(driver, 'JPY'), { balance: 125 }, 'yen have no smaller unit')
  const { id } = await payableOf(driver)
  const { transfers, next_cursor } = await get(
    driver,
    `/api/ledger/accounts/${id}/transfers?limit=1`,
  )
  t.match(transfers, [{ code: 'delivery_earned', phase: 'direct', credit_account_id: id }])
  const rest = await get(driver, `/api/ledger/accounts/${id}/transfers?cursor=${next_cursor}`)
  t.same(
    [...transfers, ...rest.transfers].map(one => one.about_id).toSorted(),
    [first, second].toSorted(),
  )
})

t.test('a person sees the own accounts and no other', async t => {
  const [driver, other] = [await edge.driver(pharmacy.id), await edge.driver(pharmacy.id)]
  await completed(driver.id, newId())
  await completed(other.id, newId())
  await settled()
  const { id } = await payableOf(driver)
  t.equal((await get(driver, '/api/ledger/accounts')).accounts.length, 1)
  t.same(
    (await get(driver, `/api/ledger/accounts?owner_id=${other.id}`)).accounts,
    [],
    'also not by its name',
  )
  for (const who of [other, pharmacy])
    t.match(await get(who, `/api/ledger/accounts/${id}/transfers`), { code: 'not_found' })
  t.equal((await get(admin, `/api/ledger/accounts/${id}/transfers`)).transfers.length, 1)
  t.ok((await get(admin, '/api/ledger/accounts')).accounts.length > 2)
})

t.test('a correction needs two administrators, and moves money once', async t => {
  const driver = await edge.driver(pharmacy.id)
  await completed(driver.id, newId())
  await settled()
  const payable = accountOf('driver_payable', driver.id, 'USD').id
  const world = accountOf('world', null, 'USD').id
  const propose = (body: object = {}, headers = {}) =>
    call('POST', '/api/ledger/corrections', {
      token: admin.token,
      headers,
      body: {
        debit_account_id: payable,
        credit_account_id: world,
        amount: 1.5,
        currency: 'USD',
        reason: 'paid twice',
        ...body,
      },
    })
  const decide = (who: Token, id: string, decision: string) =>
    call('POST', `/api/ledger/corrections/${id}/decision`, { token: who.token, body: { decision } })

  const twice = { 'idempotency-key': newId() }
  const proposed = await propose({}, twice)
  t.equal(proposed.status, 201)
  t.match(proposed.body, {
    status: 'proposed',
    amount: 1.5,
    proposed_by: admin.id,
    reason: 'paid twice',
  })
  t.equal((await propose({}, twice)).body.id, proposed.body.id, 'a repeat proposes nothing new')
  t.match(await payableOf(driver), { balance: 3, debits_pending: 1.5 })
  t.match(await propose({ amount: 1.51 }), { status: 409, body: { code: 'ledger_conflict' } })

  const { id } = proposed.body
  t.match(await decide(admin, id, 'approved'), {
    status: 403,
    body: { code: 'second_person_required' },
  })
  const answers = await Promise.all(
    ['approved', 'refused', 'approved'].map(one => decide(otherAdmin, id, one)),
  )
  t.ok(answers.filter(one => one.status === 200).length >= 1)
  const [now] = (await get(admin, '/api/ledger/corrections?limit=1')).corrections
  t.match(now, { id, decided_by: otherAdmin.id, status: /approved|refused/ })
  t.match(await payableOf(driver), {
    balance: now.status === 'approved' ? 1.5 : 3,
    debits_pending: 0,
  })
  t.match(await decide(otherAdmin, id, now.status === 'approved' ? 'refused' : 'approved'), {
    status: 409,
  })

  const back = (await propose({ amount: 1 })).body.id
  t.match(await decide(admin, back, 'refused'), { status: 200, body: { status: 'refused' } }, 'own')
  t.match(await decide(otherAdmin, newId(), 'approved'), { status: 404 })
  for (const [body, field] of [
    [{ amount: -1 }, 'amount'],
    [{ amount: 0 }, 'amount'],
    [{ amount: 0.001 }, 'amount'],
    [{ amount: 1e300 }, 'amount'],
    [{ currency: 'EUR' }, 'currency'],
    [{ currency: 'dollar' }, 'currency'],
    [{ credit_account_id: payable }, 'credit_account_id'],
    [{ debit_account_id: newId() }, 'debit_account_id'],
    [{ reason: '' }, 'reason'],
  ] as const)
    t.match(
      await propose(body),
      { status: 400, body: { code: 'invalid_request', fields: [{ field }] } },
      JSON.stringify(body),
    )

  const late = (await propose({ amount: 0.25 })).body.id
  clock.skewMs += ledgerLimits.correctionHours * 3_600_000
  const { email } = otherAdmin
  const later = {
    token: (await call('POST', '/api/auth/login', { body: { email, password: 'password123' } }))
      .body.access_token,
  }
  t.match(await decide(later, late, 'approved'), { status: 409 })
  await doAllJobs(features, parts)
  t.match((await get(later, '/api/ledger/corrections?limit=1')).corrections, [
    { id: late, status: 'expired' },
  ])
  const { accounts } = await get(later, `/api/ledger/accounts?owner_id=${driver.id}`)
  t.match(accounts, [{ debits_pending: 0 }], 'its amount is free again')
})
