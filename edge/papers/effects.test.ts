/**
 * What follows from papers: who may work by the hour, the sockets that close, orders, duty, the
 * activation of a pharmacy that waits, and warnings.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { newId, viewOf } from '../acceptance/fixture-edge.ts'
import { Listener } from '../acceptance/people.ts'
import { applyToAll } from './effects.ts'
import { startPapers } from './fixture.ts'
import { dueWarning, warnOfExpiry } from './warnings.ts'

const dayMs = 24 * 3_600_000
const edge = await startPapers()
t.teardown(() => edge.stop())
const { admin, other, call, get, licence, approve, day, clock } = edge
const parts = edge.edge.parts
const url = `http://127.0.0.1:${edge.edge.port}`
type Who = { id: string; token: string }
const end = (id: string) => call('DELETE', `/api/requirements/${id}`, { token: admin.token })
const works = async (who: Who): Promise<boolean> => (await get('/api/orders', who)).status === 200
const held = async (table: 'vendors' | 'drivers', { id }: Who): Promise<boolean> =>
  (
    await parts.database.kysely
      .selectFrom(table)
      .select('papers_held')
      .where('id', '=', id)
      .executeTakeFirstOrThrow()
  ).papers_held
async function until(what: () => Promise<boolean>): Promise<void> {
  while (!(await what())) await sleep(50)
}

t.test('a pharmacy works while its licence is good, and not a moment longer', async t => {
  const pharmacy = await edge.pharmacy()
  t.equal(await works(pharmacy), true, 'nothing is required')
  const socket = new Listener(url, `/ws/vendor/${pharmacy.id}?token=${pharmacy.token}`)
  await new Promise(resolve => socket.socket.once('open', resolve))
  const order = newId()
  await edge.store(viewOf({ id: order, vendor_id: pharmacy.id, status: 'accepted' }))
  const requirement = await edge.require({ role: 'pharmacy', kind: 'pharmacy_licence' })
  t.equal(await socket.end(), 4003, 'its sockets close')
  t.equal(await works(pharmacy), false)
  t.match((await get('/api/orders', pharmacy)).body, {
    code: 'vendor_not_active',
    detail: /pharmacy_licence \(required\)/,
  })
  await until(async () => edge.commands.some(one => one.actor_id === order))
  t.match(
    edge.commands.find(one => one.actor_id === order),
    { verb: 'cancel' },
    'what was not picked up is cancelled',
  )
  t.equal((await get(`/api/vendors/${pharmacy.id}`, pharmacy)).body.is_active, false)

  const first = await licence(pharmacy, { expires_on: day(3) })
  t.match((await get('/api/requirements', pharmacy)).body.standing, {
    may_work: false,
    requirements: [{ state: 'pending', blocks: true, document_id: first.id }],
  })
  await approve(first)
  t.equal(await works(pharmacy), true, 'at once')
  t.equal(await held('vendors', pharmacy), false)

  const renewal = await licence(pharmacy, { expires_on: day(900) })
  t.match((await get('/api/requirements', pharmacy)).body.standing.requirements, [
    { state: 'expiring', renewal: 'pending', document_id: first.id },
  ])
  t.equal(await works(pharmacy), true, 'the renewal is looked at')
  clock.skewMs += 4 * dayMs
  // No job has run: the truth is derived.
  t.equal(await works(await edge.again(pharmacy)), false, 'the first one is over')
  clock.skewMs -= 4 * dayMs
  await end(requirement)
  await until(async () => !(await held('vendors', pharmacy)))
  t.equal(await works(pharmacy), true)
  t.ok(renewal.id)
})

t.test('a driver whose licence lapses finishes the delivery and goes off duty', async t => {
  const pharmacy = await edge.pharmacy()
  const [idle, carrier] = [await edge.driver(pharmacy.id), await edge.driver(pharmacy.id)]
  const order = newId()
  await parts.database.pool.query(
    `update drivers set status = 'busy', active_order_ids = array[$2]::uuid[] where id = $1`,
    [carrier.id, order],
  )
  await parts.database.pool.query(`update drivers set status = 'available' where id = $1`, [
    idle.id,
  ])
  const requirement = await edge.require({ role: 'driver', kind: 'driver_licence' })
  await until(async () => (await held('drivers', idle)) && (await held('drivers', carrier)))
  await until(async () =>
    edge.commands.some(one => one.actor_id === idle.id && one.verb === 'set_status'),
  )
  t.match(
    edge.commands.filter(one => one.actor_id === idle.id && one.verb === 'set_status'),
    [{ data: { status: 'offline' }, by: { role: 'system' } }],
  )
  t.notOk(
    edge.commands.some(one => one.actor_id === carrier.id && one.verb === 'set_status'),
    'a delivery under way is finished',
  )
  t.equal(await works(carrier), true, 'the carrier sees the delivery')
  t.equal((await get('/api/notifications', carrier)).status, 403, 'and nothing else')
  t.equal(await works(idle), false)
  t.match(
    await call('PATCH', `/api/drivers/${idle.id}/status`, {
      token: pharmacy.token,
      body: { status: 'available' },
    }),
    { status: 409, body: { code: 'papers_missing' } },
    'the pharmacy cannot put them on duty either',
  )
  t.match(
    await call('POST', `/api/orders/${order}/assign-driver`, {
      token: pharmacy.token,
      body: { driver_id: carrier.id },
    }),
    { status: 409, body: { code: 'papers_missing' } },
    'nor give them more to deliver',
  )
  const user = await edge.userOf(idle)
  const { body: paper } = await edge.send(idle, {
    kind: 'driver_licence',
    subject: 'person',
    subject_id: user.id,
  })
  await approve(paper)
  t.equal(await works(idle), true)
  await edge.decision(paper.id, {
    decision: 'revoked',
    digest: paper.digest,
    reason: 'Withdrawn by the police',
  })
  t.equal(await works(idle), false, 'a revocation takes effect at once')
  await end(requirement)
})

t.test('grace is for those who work already, warnings block nobody, a country counts', async t => {
  const old = await edge.pharmacy()
  const grace = await edge.require({
    role: 'pharmacy',
    kind: 'liability_insurance',
    grace_days: 10,
  })
  const warning = await edge.require({
    role: 'pharmacy',
    kind: 'business_registration',
    effect: 'warning',
  })
  const young = await edge.pharmacy()
  t.equal(await works(old), true)
  t.match((await get('/api/requirements', old)).body.standing, {
    may_work: true,
    requirements: [
      { kind: 'liability_insurance', state: 'required', grace_until: /Z$/, blocks: false },
      { kind: 'business_registration', state: 'required', grace_until: null, blocks: false },
    ],
  })
  t.equal(await works(young), false, 'who comes later has no grace')
  await end(grace)
  await end(warning)
  const abroad = await edge.require({ role: 'pharmacy', kind: 'pharmacy_licence', country: 'NP' })
  t.equal(await works(young), false, 'a country that nobody knows needs what any needs')
  const patch = (country: string, by: Who) =>
    call('PATCH', `/api/vendors/${young.id}`, { token: by.token, body: { country } })
  t.equal((await patch('DE', admin)).status, 200)
  await applyToAll(parts)
  t.equal(await works(young), true)
  t.match(await patch('AT', young), { status: 409 }, 'and it is named once')
  await end(abroad)
})

t.test('a requirement that becomes blocking has its grace from then on', async t => {
  const body = { role: 'pharmacy', kind: 'liability_insurance', effect: 'warning', grace_days: 5 }
  const id = await edge.require(body)
  const pharmacy = await edge.pharmacy()
  const change = { token: admin.token, body: { effect: 'blocking' } }
  t.equal((await call('PATCH', `/api/requirements/${id}`, change)).status, 200)
  t.match((await get('/api/requirements', pharmacy)).body.standing, {
    may_work: true,
    requirements: [{ effect: 'blocking', state: 'required', blocks: false, grace_until: /Z$/ }],
  })
  await end(id)
})

t.test("a person's standing is for a pharmacy that works, about its members", async t => {
  const pharmacy = await edge.pharmacy()
  const driver = await edge.driver(pharmacy.id)
  const status = async (): Promise<number> =>
    (await get(`/api/requirements?role=driver&id=${driver.id}`, pharmacy)).status
  const set = async (table: 'drivers' | 'vendors', change: object, id: string): Promise<void> => {
    await parts.database.kysely.updateTable(table).set(change).where('id', '=', id).execute()
    await parts.standings.announce()
  }
  t.equal(await status(), 200)
  for (const membership of ['pending', 'ended']) {
    await set('drivers', { membership }, driver.id)
    t.equal(await status(), 404, membership)
  }
  await set('drivers', { membership: 'active' }, driver.id)
  t.equal(await status(), 200)
  await set('vendors', { status: 'suspended' }, pharmacy.id)
  t.equal(await status(), 404, 'the pharmacy is suspended')
})

t.test('papers for a class of goods bar those goods alone', async t => {
  const pharmacy = await edge.pharmacy()
  const requirement = await edge.require({
    role: 'pharmacy',
    kind: 'controlled_goods_permit',
    goods_class: 'controlled',
  })
  t.match((await get('/api/requirements', pharmacy)).body.standing, {
    may_work: true,
    barred_goods: ['controlled'],
  })
  t.equal(await works(pharmacy), true)
  await end(requirement)
})

t.test('the table of requirements is edited by its revision, and has no twins', async t => {
  const body = { role: 'driver', kind: 'identity', effect: 'warning' }
  const id = await edge.require(body)
  const change = (more: object, headers = {}) =>
    call('PATCH', `/api/requirements/${id}`, { token: admin.token, body: more, headers })
  t.match(await call('POST', '/api/requirements', { token: admin.token, body }), {
    status: 409,
    body: { code: 'requirement_already_exists' },
  })
  const wrong = { ...body, kind: 'pharmacy_licence' }
  t.match(await call('POST', '/api/requirements', { token: admin.token, body: wrong }), {
    status: 400,
    body: { fields: [{ field: 'kind' }] },
  })
  const changed = await change({ grace_days: 5 }, { 'if-match': '"0"' })
  t.match(changed, { status: 200, body: { grace_days: 5, revision: 1 } })
  t.equal((await change({ grace_days: 6 }, { 'if-match': '"0"' })).status, 412)
  t.equal((await end(id)).status, 204)
  t.equal((await end(id)).status, 404)
  t.equal((await change({ grace_days: 6 })).status, 404)
})

t.test('warnings come 30, 7 and 1 days before, and once with many edges', async t => {
  t.same([31, 30, 8, 7, 2, 1, 0, -1].map(dueWarning), [null, 30, 30, 7, 7, 1, 1, 0])
  const pharmacy = await edge.pharmacy()
  const paper = await licence(pharmacy, { expires_on: day(40) })
  await approve(paper, other)
  const run = () => warnOfExpiry(parts, { fence: async () => {} })
  const told = async (): Promise<string[]> =>
    (
      await parts.database.kysely
        .selectFrom('notifications')
        .select('kind')
        .where('about_id', '=', paper.id)
        .orderBy('id')
        .execute()
    ).map(row => row.kind)
  await run()
  t.same(await told(), ['paper.approved'])
  const before = clock.skewMs
  const expected = ['paper.approved']
  for (const [days, kind] of [
    [10, 'paper.expiring'],
    [33, 'paper.expiring'],
    [39, 'paper.expiring'],
    [41, 'paper.expired'],
    [60, null],
  ] as const) {
    clock.skewMs = before + days * dayMs
    await Promise.all([run(), run(), run()])
    await run()
    if (kind !== null) expected.push(kind)
    t.same(await told(), expected, `after ${days} days`)
  }
  clock.skewMs = before
})

t.test('where approval is asked, a pharmacy is active when its papers are approved', async t => {
  const strict = await startPapers({ REGISTRATION: 'approval' })
  t.teardown(() => strict.stop())
  await strict.require({ role: 'pharmacy', kind: 'pharmacy_licence' })
  await strict.require({ role: 'pharmacy', kind: 'business_registration', grace_days: 30 })
  const pharmacy = await strict.pharmacy()
  const approveIt = () =>
    strict.call('POST', `/api/admin/vendors/${pharmacy.id}/approve`, {
      token: strict.admin.token,
      body: {},
    })
  t.match(await approveIt(), { status: 409, body: { code: 'papers_missing' } })
  await applyToAll(strict.edge.parts)
  const waiting = await strict.database.kysely
    .selectFrom('vendors')
    .select(['papers_held', 'registered_from'])
    .where('id', '=', pharmacy.id)
    .executeTakeFirstOrThrow()
  t.match(
    waiting,
    { papers_held: false, registered_from: /./ },
    'who waits is not held, and still counts for its address',
  )
  await strict.approve(await strict.licence(pharmacy))
  const status = async () => (await strict.get(`/api/vendors/${pharmacy.id}`, pharmacy)).body.status
  t.equal(await status(), 'pending', 'one paper is missing')
  t.match(await approveIt(), { body: { code: 'papers_missing' } }, 'grace is for those who work')
  await strict.approve(await strict.licence(pharmacy, { kind: 'business_registration' }))
  t.equal(await status(), 'active')
  t.equal((await strict.get('/api/orders', pharmacy)).status, 200)
})
