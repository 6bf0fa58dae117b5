/** Ratings over HTTP: who may rate whom and when, who reads which part, figures, and appeals. */
import t from 'tap'
import { newId, startFixture, viewOf } from '../acceptance/fixture-edge.ts'
import { deleteOldRatings } from './housekeeping.ts'
import { allReasons, subjectKinds, subjects } from './subjects.ts'

const edge = await startFixture({ RATE_LIMIT_AUTH_PER_ADDRESS: '10000' })
t.teardown(() => edge.stop())
const { call } = edge
const admin = await edge.admin()
const customer = await edge.customer()
const otherCustomer = await edge.customer()
const dayMs = 24 * 3_600_000
type Token = { token: string }

/** A pharmacy and its driver without ratings. */
async function parties() {
  const pharmacy = await edge.pharmacy()
  return { pharmacy, driver: await edge.driver(pharmacy.id) }
}
type Parties = Awaited<ReturnType<typeof parties>>
const { pharmacy, driver } = await parties()

/** Stores an order of the customer that has ended, and returns its id. */
async function ended(
  { pharmacy, driver }: Parties,
  change: Partial<Parameters<typeof viewOf>[0]> = {},
): Promise<string> {
  const at = new Date(Date.now() + edge.clock.skewMs).toISOString()
  const view = viewOf({
    id: newId(),
    user_id: customer.id,
    vendor_id: pharmacy.id,
    driver_id: driver.id,
    status: 'delivered',
    accepted_at: at,
    delivered_at: at,
    ended_at: at,
    ...change,
  })
  await edge.store(view)
  return view.id
}
const rate = (by: Token, body: object, headers = {}) =>
  call('POST', '/api/ratings', { token: by.token, body, headers })
/** Each score is a rating of the subject by one of the customers in turn. */
async function rateAll(
  who: Parties,
  subject: 'vendor' | 'driver',
  scores: readonly number[],
  raters: readonly { id: string; token: string }[] = [customer],
  more: object = {},
): Promise<string[]> {
  const ids: string[] = []
  for (const [i, score] of scores.entries()) {
    const rater = raters[i % raters.length]!
    const order_id = await ended(who, { user_id: rater.id })
    const { body } = await rate(rater, { order_id, subject, score, ...more })
    ids.push(body.id)
  }
  return ids
}
const figureOf = async (path: string, reader: Token) =>
  (await call('GET', path, { token: reader.token })).body.rating
const listOf = async (reader: Token, query = '') =>
  (await call('GET', `/api/ratings${query}`, { token: reader.token })).body.ratings
const five = await Promise.all([1, 2, 3, 4, 5].map(() => edge.customer()))

t.test('each kind of subject has reasons of its own, and all reasons are words', async t => {
  for (const kind of subjectKinds) t.ok(subjects[kind].reasons.length > 5)
  for (const reason of allReasons) t.match(reason, /^[a-z_]+$/)
})

t.test('the customer of a delivered order rates its pharmacy and its driver', async t => {
  const order_id = await ended({ pharmacy, driver })
  const given = {
    order_id,
    subject: 'vendor',
    subject_id: pharmacy.id,
    score: 2,
    reasons: ['slow', 'items_missing'],
    text: 'Half of it was missing.',
  }
  const { status, body, headers } = await rate(customer, given)
  t.equal(status, 201)
  const { order_id: _, ...shown } = given
  t.match(body, { ...shown, order_id, status: 'standing', month: /^\d{4}-\d\d$/ })
  t.equal(headers.get('location'), `/api/ratings/${body.id}`)
  t.equal((await rate(customer, { order_id, subject: 'driver', score: 5 })).status, 201)
  t.same((await listOf(customer, `?order_id=${order_id}`)).length, 2)
})

t.test('a rating that may not be given is refused with its code and field', async t => {
  const delivered = await ended({ pharmacy, driver })
  const open = await ended({ pharmacy, driver }, { status: 'picked_up', ended_at: null })
  const old = await ended(
    { pharmacy, driver },
    { ended_at: new Date(Date.now() - 14 * dayMs - 60_000).toISOString() },
  )
  const cancelled = await ended({ pharmacy, driver }, { status: 'cancelled' })
  const neverAccepted = await ended(
    { pharmacy, driver },
    { status: 'rejected', accepted_at: null, driver_id: null },
  )
  const rated = await ended({ pharmacy, driver })
  await rate(customer, { order_id: rated, subject: 'vendor', score: 4 })
  const good = { order_id: delivered, subject: 'vendor', score: 4 }
  for (const [name, by, change, status, code, field] of [
    ['too early', customer, { order_id: open }, 409, 'rating_too_early', 'order_id'],
    ['too late', customer, { order_id: old }, 410, 'rating_too_late', 'order_id'],
    ['twice', customer, { order_id: rated }, 409, 'rating_already_given', 'subject'],
    ['by a stranger', otherCustomer, {}, 404, 'order_not_found', 'order_id'],
    ['of no order', customer, { order_id: newId() }, 404, 'order_not_found', 'order_id'],
    [
      'of a stranger',
      customer,
      { subject_id: newId() },
      422,
      'rating_subject_mismatch',
      'subject_id',
    ],
    [
      'of a driver who did not deliver',
      customer,
      { order_id: cancelled, subject: 'driver' },
      422,
      'rating_subject_mismatch',
      'subject',
    ],
    [
      'of a pharmacy that did not accept',
      customer,
      { order_id: neverAccepted },
      422,
      'rating_subject_mismatch',
      'subject',
    ],
    ['below the range', customer, { score: 0 }, 400, 'invalid_request', 'score'],
    ['above the range', customer, { score: 6 }, 400, 'invalid_request', 'score'],
    ['a broken score', customer, { score: 3.5 }, 400, 'invalid_request', 'score'],
    ['of no kind', customer, { subject: 'courier' }, 400, 'invalid_request', 'subject'],
    ['an unknown reason', customer, { reasons: ['rain'] }, 400, 'invalid_request', 'reasons.0'],
    [
      'a reason of drivers for a pharmacy',
      customer,
      { reasons: ['late'] },
      400,
      'invalid_request',
      'reasons',
    ],
    [
      'one reason twice',
      customer,
      { reasons: ['slow', 'slow'] },
      400,
      'invalid_request',
      'reasons',
    ],
    ['an empty text', customer, { text: ' ' }, 400, 'invalid_request', 'text'],
    ['a long text', customer, { text: 'x'.repeat(1_001) }, 400, 'invalid_request', 'text'],
    ['an unknown field', customer, { stars: 5 }, 400, 'invalid_request', 'stars'],
  ] as const) {
    const answer = await rate(by, { ...good, ...change })
    t.match(
      { status: answer.status, code: answer.body.code, field: answer.body.fields?.[0].field },
      { status, code, field },
      `${name}: ${JSON.stringify(answer.body)}`,
    )
    t.type(answer.body.fields[0].rule, 'string')
  }
  for (const [name, token, status] of [
    ['a pharmacy', pharmacy.token, 403],
    ['a driver', driver.token, 403],
    ['an administrator', admin.token, 403],
  ] as const)
    t.equal((await call('POST', '/api/ratings', { token, body: good })).status, status, name)
  t.same(await listOf(customer, `?order_id=${delivered}`), [], 'nothing was stored')
  t.equal((await rate(customer, good)).status, 201, 'and the right one is taken afterwards')
  const inTime = await ended(
    { pharmacy, driver },
    { ended_at: new Date(Date.now() - 14 * dayMs + 60_000).toISOString() },
  )
  t.equal((await rate(customer, { ...good, order_id: inTime })).status, 201, 'just in time')
})

t.test('of ten that are sent at once one is taken', async t => {
  const order_id = await ended({ pharmacy, driver })
  const answers = await Promise.all(
    Array.from({ length: 10 }, () => rate(customer, { order_id, subject: 'driver', score: 3 })),
  )
  t.equal(answers.filter(({ status }) => status === 201).length, 1)
  t.ok(answers.every(({ status }) => status === 201 || status === 409))
})

t.test('a repeat with the same Idempotency-Key gets the first answer', async t => {
  const given = { order_id: await ended({ pharmacy, driver }), subject: 'vendor', score: 3 }
  const headers = { 'idempotency-key': 'one-rating' }
  const first = await rate(customer, given, headers)
  t.same((await rate(customer, given, headers)).body, first.body)
  // The process dies after the rating is stored and before its answer is.
  await edge.database.pool.query(
    `update idempotency_keys set status = null, response = null where key = 'one-rating'`,
  )
  const again = await rate(customer, given, headers)
  t.same([again.status, again.body], [201, first.body])
  const { rows } = await edge.database.pool.query(
    `select response::text as text from idempotency_keys where key = 'one-rating'`,
  )
  t.notMatch(rows[0].text, given.order_id, 'the stored answer holds nothing of the rating')
})

t.test('the figure is shown from five ratings on, as a median', async t => {
  const who = await parties()
  const [shop, person] = [`/api/vendors/${who.pharmacy.id}`, `/api/drivers/${who.driver.id}`]
  await rateAll(who, 'vendor', [1, 2, 5, 5])
  await rateAll(who, 'driver', [1, 1, 4, 4])
  t.equal(await figureOf(shop, customer), null, 'not from four')
  t.equal(await figureOf(person, who.pharmacy), null)
  await rateAll(who, 'vendor', [4])
  await rateAll(who, 'driver', [3])
  t.same(await figureOf(shop, customer), { median: 4, ratings: 5 })
  t.same(await figureOf(shop, who.pharmacy), { median: 4, ratings: 5 }, 'the pharmacy itself')
  t.same(await figureOf(person, who.driver), { median: 3, ratings: 5 }, 'the driver')
  t.same(await figureOf(person, who.pharmacy), { median: 3, ratings: 5 }, "the driver's pharmacy")
  const { body } = await call('GET', '/api/vendors?limit=100', { token: customer.token })
  t.same(
    body.vendors.find((one: { id: string }) => one.id === who.pharmacy.id).rating,
    { median: 4, ratings: 5 },
    'the list of pharmacies too',
  )
  const fleet = await call('GET', '/api/drivers', { token: who.pharmacy.token })
  t.same(fleet.body.drivers[0].rating, { median: 3, ratings: 5 })
})

t.test(
  'a figure moves by groups of five, so that no single rating can be read from it',
  async t => {
    const who = await parties()
    const path = `/api/vendors/${who.pharmacy.id}`
    await rateAll(who, 'vendor', [5, 5, 5, 5, 5])
    for (let i = 0; i < 4; i++) {
      await rateAll(who, 'vendor', [1])
      t.same(await figureOf(path, customer), { median: 5, ratings: 5 })
    }
    await rateAll(who, 'vendor', [1])
    t.same(await figureOf(path, customer), { median: 3, ratings: 10 })
  },
)

t.test('the rated one reads texts alone, and scores only as one of five people', async t => {
  const who = await parties()
  const text = 'You were out of insulin.'
  const [first] = await rateAll(who, 'vendor', [2], five, { reasons: ['poor_advice'], text })
  await rateAll(who, 'vendor', [3], [customer])
  const [seen, ...others] = await listOf(who.pharmacy)
  t.same(others, [], 'a rating without a text is not told yet')
  t.same(seen, {
    id: first,
    subject: 'vendor',
    subject_id: who.pharmacy.id,
    status: 'standing',
    month: new Date().toISOString().slice(0, 7),
    score: null,
    reasons: null,
    text,
    appeal: null,
  })
  await rateAll(who, 'vendor', [4, 4, 4], [customer])
  t.same(await figureOf(`/api/vendors/${who.pharmacy.id}`, customer), { median: 4, ratings: 5 })
  t.equal((await listOf(who.pharmacy))[0].score, null, 'five ratings, but not of five people')
  await rateAll(who, 'vendor', [1, 2, 3, 4, 5], five)
  const all = await listOf(who.pharmacy)
  t.equal(all.length, 10)
  t.match(
    all.find((one: { id: string }) => one.id === first),
    { score: 2, reasons: ['poor_advice'], text },
  )
  const told = JSON.stringify(all)
  for (const rater of [...five, customer]) {
    t.notMatch(told, rater.id, 'no rater')
    t.notMatch(told, rater.email)
  }
  t.notMatch(told, /order_id|created_at|rater|John Doe/)
  for (const { id } of all)
    t.match(
      new Date(Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16)).toISOString(),
      /-01T00:00:00\.000Z$/,
      'the id does not tell the day',
    )

  for (const [name, reader] of [
    ['its driver', who.driver],
    ['another pharmacy', pharmacy],
    ['another customer', otherCustomer],
  ] as const) {
    t.notMatch(JSON.stringify(await listOf(reader)), text, name)
    const { status, body } = await call('GET', `/api/ratings/${first}`, { token: reader.token })
    t.same([status, body.code], [404, 'not_found'], name)
  }
  t.match(await listOf(admin, `?subject_id=${who.pharmacy.id}&limit=1`), [{ rater_id: String }])
  const by = await call('GET', `/api/ratings?order_id=${newId()}`, { token: who.pharmacy.token })
  t.match(by.body, { code: 'invalid_request', fields: [{ field: 'order_id' }] })
})

t.test('pages of a list hold each rating once', async t => {
  const who = await parties()
  const ids = await rateAll(who, 'driver', [1, 2, 3], [customer], { text: 'x' })
  const seen: string[] = []
  let cursor = ''
  for (let page = 0; page < 3; page++) {
    const { body } = await call('GET', `/api/ratings?limit=1${cursor}`, { token: who.driver.token })
    seen.push(...body.ratings.map((one: { id: string }) => one.id))
    cursor = `&cursor=${body.next_cursor}`
    t.equal(body.next_cursor === null, page === 2)
  }
  t.same(seen.toSorted(), ids.toSorted())
})

t.test('a removed rating counts no more; one that stands does', async t => {
  const who = await parties()
  const path = `/api/vendors/${who.pharmacy.id}`
  const ids = await rateAll(who, 'vendor', [1, 1, 1, 5, 5, 5], five, { text: 'said' })
  t.same(await figureOf(path, customer), { median: 1, ratings: 5 })
  const [first, second, third] = ids as [string, string, string]
  const appeal = (by: Token, id: string, body: object = { reason: 'not about us' }) =>
    call('POST', `/api/ratings/${id}/appeal`, { token: by.token, body })
  const decide = (id: string, decision: string, by: Token = admin, headers = {}) =>
    call('POST', `/api/ratings/${id}/decision`, {
      token: by.token,
      body: { decision, reason: 'I read both' },
      headers,
    })

  t.match((await decide(first, 'removed')).body, { code: 'rating_appeal_conflict', status: 409 })
  t.match((await appeal(who.pharmacy, first, {})).body, { fields: [{ field: 'reason' }] })
  t.match((await appeal(pharmacy, first)).body, { code: 'not_found' }, 'another pharmacy')
  t.match((await appeal(who.driver, first)).body, { code: 'not_found' }, 'its driver')
  t.equal((await appeal(customer, first)).status, 403, 'the rater')
  t.match((await appeal(who.pharmacy, first)).body, {
    status: 'appealed',
    appeal: { reason: 'not about us', decision: null },
  })
  t.equal((await appeal(who.pharmacy, first)).body.code, 'rating_appeal_conflict', 'only once')
  t.same(
    (await listOf(admin, '?status=appealed')).map((one: { id: string }) => one.id),
    [first],
    'the queue of the administrator',
  )
  t.equal((await decide(first, 'removed', who.pharmacy)).status, 403)
  t.equal((await decide(first, 'perhaps')).body.fields[0].field, 'decision')
  const headers = { 'idempotency-key': 'decision' }
  const decided = await decide(first, 'removed', admin, headers)
  t.match(decided.body, { status: 'removed', appeal: { decision: 'removed' } })
  t.same((await decide(first, 'removed', admin, headers)).body, decided.body)
  t.equal((await decide(first, 'stands')).body.code, 'rating_appeal_conflict', 'decided once')
  t.same(
    await figureOf(path, customer),
    { median: 5, ratings: 5 },
    'the one that waited came in place of the removed one',
  )
  t.equal((await listOf(admin, '?status=appealed')).length, 0)
  t.match((await listOf(who.pharmacy, '?status=removed'))[0], {
    id: first,
    appeal: { decision_reason: 'I read both' },
  })
  const mine = await call('GET', `/api/ratings/${first}`, { token: five[0]!.token })
  t.match(mine.body, { status: 'removed', score: 1 })
  t.equal(mine.body.appeal, undefined, 'the rater does not read the appeal')

  await appeal(who.pharmacy, second)
  await decide(second, 'stands')
  t.same(await figureOf(path, customer), { median: 5, ratings: 5 })
  await appeal(who.pharmacy, third)
  await decide(third, 'removed')
  t.equal(await figureOf(path, customer), null, 'four are left')
})

t.test('a removed rating does not make room for another', async t => {
  const who = await parties()
  const order_id = await ended(who)
  const given = { order_id, subject: 'vendor', score: 1, text: 'said' }
  const { body } = await rate(customer, given)
  const { token } = who.pharmacy
  await call('POST', `/api/ratings/${body.id}/appeal`, { token, body: { reason: 'no' } })
  await call('POST', `/api/ratings/${body.id}/decision`, {
    token: admin.token,
    body: { decision: 'removed', reason: 'no' },
  })
  t.equal((await rate(customer, given)).body.code, 'rating_already_given')
})

t.test('appeals and decisions are in the audit trail with the rating', async t => {
  const who = await parties()
  const [id] = await rateAll(who, 'driver', [1], [customer], { text: 'said' })
  await call('POST', `/api/ratings/${id}/appeal`, {
    token: who.driver.token,
    body: { reason: 'the lift was broken' },
  })
  await call('POST', `/api/ratings/${id}/decision`, {
    token: admin.token,
    body: { decision: 'stands', reason: 'it was not' },
  })
  await edge.edge.parts.audit.close()
  const { rows } = await edge.database.pool.query(
    `select operation, actor_role, target_kind, status from audit_log where target_id = $1 order by id`,
    [id],
  )
  t.same(rows, [
    { operation: 'rate', actor_role: 'user', target_kind: 'ratings', status: 201 },
    { operation: 'appealRating', actor_role: 'driver', target_kind: 'ratings', status: 200 },
    { operation: 'decideRating', actor_role: 'admin', target_kind: 'ratings', status: 200 },
  ])
})

t.test('a rating counts for twelve months and is then deleted', async t => {
  const who = await parties()
  const path = `/api/vendors/${who.pharmacy.id}`
  const ids = await rateAll(who, 'vendor', [1, 1, 1, 5, 5, 5, 5, 5, 5, 5], five)
  t.same(await figureOf(path, customer), { median: 5, ratings: 10 })
  const age = (list: readonly string[]) =>
    edge.database.pool.query(
      `update ratings set created_at = now() - interval '12 months' - interval '1 minute' where id = any($1)`,
      [list],
    )
  await age(ids.slice(0, 3))
  await deleteOldRatings(edge.edge.parts)
  t.same(await figureOf(path, customer), { median: 5, ratings: 7 })
  await age(ids.slice(3, 6))
  await deleteOldRatings(edge.edge.parts)
  t.equal(await figureOf(path, customer), null, 'four are left')
  const { rows } = await edge.database.pool.query(
    `select count(*)::integer as count from ratings where subject_id = $1`,
    [who.pharmacy.id],
  )
  t.equal(rows[0].count, 4)
})
