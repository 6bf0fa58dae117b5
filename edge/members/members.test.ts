/** The people of a pharmacy on a real server: what they may do, and what ends with their place. */
import t from 'tap'
import { picture } from '../acceptance/access-world.ts'
import { http, Listener, newDriver, password } from '../acceptance/people.ts'
import { tokensOf } from '../accounts/tokens.ts'
import { startMembers } from './fixture.ts'

const { embedded, url, call, done, signIn, details, customer, pharmacy, administrator } =
  await startMembers(t)
const { owner, path, invite, hire } = await pharmacy()
const [petra, asa] = [await hire('pharmacist', 'Petra'), await hire('assistant', 'Asa')]
const other = await pharmacy(-27, 20)
const pool = embedded.edge.parts.database.pool
const admin = await administrator()

/** A direct order of a new customer. */
async function newOrder(): Promise<string> {
  const order = await done(await customer(), 'POST', '/api/orders', {
    vendor_id: owner.pharmacyId,
    delivery_address: '2 Side St',
    delivery_latitude: 27.71,
    delivery_longitude: 85.32,
  })
  return order.id
}

t.test('the account of a pharmacy is its owner, and a code makes a member once', async t => {
  const { members } = await done(owner, 'GET', path)
  t.match(members, [
    { id: owner.pharmacyId, user_id: owner.id, role: 'owner', state: 'active', email: owner.email },
    { id: petra.memberId, user_id: petra.id, role: 'pharmacist', name: 'Petra', state: 'active' },
    { id: asa.memberId, user_id: asa.id, role: 'assistant', email: asa.email, state: 'active' },
  ])
  const own = (await done(asa, 'GET', path)).members.map((one: { email: string }) => one.email)
  t.same(own, [null, null, asa.email], 'an assistant does not see the addresses of the others')
  t.match(await done(petra, 'GET', '/api/auth/me'), {
    vendor_id: owner.pharmacyId,
    member_role: 'pharmacist',
  })

  const invitation_code = await invite('assistant')
  const first = await call(null, 'POST', '/api/members/register', {
    invitation_code: invitation_code.toLowerCase().replaceAll('-', ''),
    ...details('Ben'),
  })
  t.equal(first.status, 201, 'small letters and hyphens do not matter')
  for (const code of [invitation_code, 'AAAAA-AAAAA-AAAAA'])
    for (const email of [details('Late').email, owner.email])
      t.match(
        await call(null, 'POST', '/api/members/register', {
          invitation_code: code,
          ...details('Late'),
          email,
        }),
        { status: 400, body: { code: 'invitation_invalid' } },
        'the answer does not tell whether the e-mail is taken',
      )
})

t.test('controlled goods are packed by an owner or a pharmacist', async t => {
  const pack = async (who: { token: string }, id: string, body: object) =>
    (await call(who, 'POST', `/api/orders/${id}/custody/pack`, { packages: ['RX-1'], ...body }))
      .status
  const [plain, strong] = [await newOrder(), await newOrder()]
  for (const id of [plain, strong]) await done(asa, 'POST', `/api/orders/${id}/accept`, {})
  t.equal(await pack(asa, plain, {}), 200)
  t.equal(await pack(asa, strong, { goods_classes: ['controlled'] }), 403)
  t.equal(await pack(petra, strong, { goods_classes: ['controlled'] }), 200)
  t.equal(await pack(asa, strong, { goods_classes: [] }), 403, 'nor is the class taken away')
  t.equal(await pack(owner, strong, { goods_classes: [] }), 200)
  t.equal(await pack(asa, plain, { goods_classes: ['cold_chain'] }), 200, 'more care is no matter')
  t.equal(await pack(asa, plain, {}), 200)
  t.equal(await pack(asa, plain, { goods_classes: ['cold_chain', 'prescription'] }), 200)
  t.equal(await pack(asa, plain, { goods_classes: ['prescription'] }), 403, 'less of it is')
  t.equal(await pack(petra, plain, { goods_classes: ['prescription'] }), 200)
})

t.test('an account of its own accepts; one that belongs to a pharmacy does not', async t => {
  const person = details('Own')
  await done(null, 'POST', '/api/auth/register', { ...person, role: 'vendor' })
  const own = await signIn(person.email)
  const code = await invite('assistant')
  t.match(await call(other.owner, 'POST', '/api/members/accept', { invitation_code: code }), {
    status: 409,
    body: { code: 'vendor_already_exists' },
  })
  t.match(await done(own, 'POST', '/api/members/accept', { invitation_code: code }), {
    member: { role: 'assistant', state: 'active', vendor_id: owner.pharmacyId },
  })
  t.equal((await call(own, 'GET', `/api/vendors/${owner.pharmacyId}/orders`)).status, 200)
  t.match(await call(own, 'GET', '/api/webhooks/subscriptions'), { status: 403 })
  t.match(await call(own, 'POST', '/api/vendors/register', {}), { status: 400 })
})

t.test('an invitation ends in time and can be taken back', async t => {
  const late = await invite('assistant', { expires_in_hours: 1 })
  await pool.query(`update members set expires_at = now() - interval '1 minute'
    where joined_at is null and code_hash is not null`)
  const refused = { status: 400, body: { code: 'invitation_invalid' } }
  const register = (invitation_code: string) =>
    call(null, 'POST', '/api/members/register', { invitation_code, ...details('Late') })
  t.match(await register(late), refused)
  const made = await done(owner, 'POST', path, { role: 'pharmacist', name: 'Nobody' })
  t.match(made, { state: 'invited', user_id: null, name: 'Nobody' })
  t.match(await done(owner, 'DELETE', `${path}/${made.id}`), { state: 'ended' })
  t.match(await register(made.invitation_code), refused)
  const over = (await done(owner, 'GET', `${path}?ended=true`)).members
  t.same(
    over.map((one: { state: string }) => one.state),
    ['expired', 'ended'],
  )
})

t.test('each role does what the table says', async t => {
  const tariff = { base_fee: 3, minimum_fee: 3, bands: [{ up_to_km: null, per_km: 1 }] }
  const vendor = `/api/vendors/${owner.pharmacyId}`
  const rows: [method: string, path: string, body: unknown, least: 'o' | 'p' | 'a'][] = [
    ['GET', '/api/webhooks/subscriptions', undefined, 'o'],
    ['POST', '/api/webhooks/subscriptions', { url: 'https://example.com/' }, 'o'],
    ['GET', '/api/ledger/accounts', undefined, 'o'],
    ['POST', path, { role: 'assistant', name: 'X' }, 'o'],
    ['PATCH', `${path}/${asa.memberId}`, { role: 'assistant' }, 'o'],
    ['PATCH', vendor, { pricing: tariff }, 'o'],
    ['PATCH', vendor, { phone: '+1234567890' }, 'p'],
    ['GET', `/api/reports/vendors/${owner.pharmacyId}`, undefined, 'p'],
    ['GET', `${vendor}/driver-invitations`, undefined, 'p'],
    ['GET', `${vendor}/orders`, undefined, 'a'],
    ['GET', '/api/requests', undefined, 'a'],
    ['GET', '/api/conversations', undefined, 'a'],
    ['GET', '/api/drivers', undefined, 'a'],
    ['GET', path, undefined, 'a'],
  ]
  for (const [method, at, body, least] of rows) {
    const statuses = []
    for (const who of [owner, petra, asa]) statuses.push((await call(who, method, at, body)).status)
    const may = statuses.map(status => status !== 403)
    t.same(may, [true, least !== 'o', least === 'a'], `${method} ${at}: ${statuses.join(' ')}`)
    t.ok(statuses[0]! < 500)
  }
  t.equal((await call(other.owner, 'GET', path)).status, 404, 'another pharmacy has no such list')
})

t.test('an assistant does not see what drivers earn', async t => {
  const driver = await newDriver(url, owner.pharmacyId)
  for (const [who, sees] of [
    [owner, true],
    [petra, true],
    [asa, false],
  ] as const) {
    const one = await done(who, 'GET', `/api/drivers/${driver.driverId}`)
    const { drivers } = await done(who, 'GET', '/api/drivers')
    t.same(['total_earnings' in one, 'total_earnings' in drivers[0]], [sees, sees])
  }
})

t.test('every action names the person', async t => {
  const order = await newOrder()
  await done(asa, 'POST', `/api/orders/${order}/accept`, {})
  await done(petra, 'DELETE', `/api/orders/${order}`, { reason: 'Out of stock' })
  const { events } = await done(owner, 'GET', `/api/orders/${order}/events`)
  const by = { role: 'vendor', id: owner.pharmacyId }
  t.match(
    events.map((one: { by: object }) => one.by),
    [
      { role: 'customer' },
      { ...by, person: asa.id, person_name: 'Asa' },
      { ...by, person: petra.id, person_name: 'Petra' },
    ],
  )
  const { rows } = await pool.query<{ acted_by: object }>(
    `select acted_by from events where actor_id = $1 and type = 'order_accepted'`,
    [order],
  )
  t.same(rows[0]!.acted_by, { ...by, person: asa.id })
})

t.test('the terminal of a member answers requests in the name of the member', async t => {
  const terminal = new Listener(url, `/ws/pharmacy/?token=${asa.token}`)
  t.teardown(() => terminal.close())
  await terminal.next('connection')
  const patient = await customer()
  const { request_id } = await done(patient, 'POST', '/api/requests', {
    latitude: 27.7172,
    longitude: 85.324,
    radius_km: 1,
    quantity: 1,
  })
  await terminal.next('new_request', one => one.request_id === request_id)
  terminal.send({ type: 'respond', request_id, response_type: 'ACCEPTED' })
  t.match(await terminal.next('response_result'), { outcome: 'won' })
  const { events } = await done(owner, 'GET', `/api/orders/${request_id}/events`)
  t.equal(events.at(-1).by.person, asa.id)
  const seen = (await done(patient, 'GET', `/api/orders/${request_id}/events`)).events.at(-1)
  t.same(seen.by, { role: 'vendor', id: owner.pharmacyId }, 'the customer sees the pharmacy')
})

t.test('another role ends older access at once, and the sign-in gets a new one', async t => {
  const cho = await hire('pharmacist', 'Cho')
  const socket = new Listener(url, `/ws/pharmacy/?token=${cho.token}`)
  await socket.next('connection')
  const report = `/api/reports/vendors/${owner.pharmacyId}`
  t.equal((await call(cho, 'GET', report)).status, 200)
  await done(owner, 'PATCH', `${path}/${cho.memberId}`, { role: 'assistant' })
  t.equal((await call(cho, 'GET', '/api/orders')).status, 401)
  t.equal(await socket.end(), 4001)
  const renewed = await done(null, 'POST', '/api/auth/refresh', { refresh_token: cho.refresh })
  const now = { token: renewed.access_token }
  t.equal((await call(now, 'GET', '/api/orders')).status, 200)
  t.equal((await call(now, 'GET', report)).status, 403)
  await done(owner, 'PATCH', `${path}/${cho.memberId}`, { role: 'pharmacist' })
  const again = await signIn(cho.email)
  t.equal((await call(again, 'GET', report)).status, 200, 'and back again')
})

t.test('with the end of a place everything of the pharmacy ends at once', async t => {
  const dan = await hire('assistant', 'Dan')
  const order = await newOrder()
  await done(dan, 'POST', `/api/orders/${order}/accept`, {})
  const form = picture()
  const file = await http(url, 'POST', '/api/uploads/prescription', {
    token: dan.token,
    body: form,
  })
  t.equal(file.status, 201)
  const feed = await done(dan, 'POST', '/api/calendar-feeds', { kind: 'vendor' })
  const calendar = new URL(feed.url).pathname
  const socket = new Listener(url, `/ws/pharmacy/?token=${dan.token}`)
  const chat = new Listener(url, `/ws/chat?token=${dan.token}`)
  await Promise.all([socket.next('connection'), chat.next('connection')])
  const { ticket } = await done(dan, 'POST', '/api/auth/ws-ticket')
  t.equal((await call(null, 'GET', calendar)).status, 200)

  t.match(await done(owner, 'DELETE', `${path}/${dan.memberId}`), { state: 'ended' })
  t.equal((await call(dan, 'GET', `/api/orders/${order}`)).status, 401)
  t.same([await socket.end(), await chat.end()], [4001, 4001])
  const late = new Listener(url, `/ws/pharmacy/?ticket=${ticket}`)
  t.equal(await late.end(), 4001)
  t.equal(
    (await call(null, 'POST', '/api/auth/refresh', { refresh_token: dan.refresh })).status,
    401,
  )
  t.equal((await call(null, 'GET', calendar)).status, 404)
  const anew = await signIn(dan.email)
  for (const at of [`/api/orders/${order}`, new URL(file.body.url, url).pathname, path])
    t.ok([403, 404].includes((await call(anew, 'GET', at)).status), at)
  t.match(await done(anew, 'GET', '/api/auth/me'), { vendor_id: null, email: dan.email })
  t.match(await done(owner, 'DELETE', `${path}/${dan.memberId}`), { state: 'ended' }, 'a repeat')

  const code = await invite('pharmacist')
  await done(anew, 'POST', '/api/members/accept', { invitation_code: code })
  t.equal((await call(anew, 'GET', '/api/orders')).status, 200, 'and may be invited again')
})

t.test('a pharmacy keeps an owner, and its first account may leave it to another', async t => {
  const { owner: founder, path: at, hire: join } = await pharmacy(10, 10)
  const kept = { status: 409, body: { code: 'last_owner' } }
  t.match(await call(founder, 'DELETE', `${at}/${founder.memberId}`), kept)
  t.match(await call(founder, 'PATCH', `${at}/${founder.memberId}`, { role: 'assistant' }), kept)
  const second = await join('owner', 'Second')
  const ends = await Promise.all([
    call(founder, 'DELETE', `${at}/${second.memberId}`),
    call(second, 'DELETE', `${at}/${founder.memberId}`),
  ])
  t.same(
    ends.filter(({ status }) => status === 200).length,
    1,
    'two owners who end each other at once do not both go',
  )
  const left = ends[0]!.status === 200 ? founder : second
  const { members } = await done(left, 'GET', at)
  t.match(members, [{ user_id: left.id, role: 'owner' }])
  t.equal(members.length, 1)
  const { rows } = await pool.query('select user_id from vendors where id = $1', [
    founder.pharmacyId,
  ])
  t.same(rows, [{ user_id: left.id }], 'the record names an owner')
})

t.test('an invitation does not outlive the rights of the person who made it', async t => {
  const { owner: boss, path: at, hire: join } = await pharmacy(12, 12)
  const drivers = `/api/vendors/${boss.pharmacyId}/driver-invitations`
  const refused = { status: 400, body: { code: 'invitation_invalid' } }
  const invites = (who: { token: string }) => ({
    member: () => done(who, 'POST', at, { role: 'owner', name: 'Back door' }),
    driver: () => done(who, 'POST', drivers, {}),
  })
  const register = (invitation_code: string) =>
    call(null, 'POST', '/api/members/register', { invitation_code, ...details('Back') })
  const kept = await invites(boss).member()
  const keptForDrivers = await invites(boss).driver()
  const lose: [word: string, lose: (member: string, account: string) => Promise<unknown>][] = [
    ['the end of the place', member => done(boss, 'DELETE', `${at}/${member}`)],
    ['another role', member => done(boss, 'PATCH', `${at}/${member}`, { role: 'pharmacist' })],
    [
      'the end of the account',
      async (_, account) =>
        done(admin, 'PATCH', `/api/admin/accounts/${account}`, { is_active: false }),
    ],
  ]
  for (const [word, end] of lose) {
    const leaver = await join('owner', 'Leaver')
    const made = await invites(leaver).member()
    const forDrivers = await invites(leaver).driver()
    await end(leaver.memberId, leaver.id)
    t.match(await register(made.invitation_code), refused, word)
    const { invitations } = await done(boss, 'GET', drivers)
    const open = invitations.filter((one: { revoked_at: unknown }) => one.revoked_at === null)
    t.same(
      open.map((one: { id: string }) => one.id),
      [keptForDrivers.id],
      `${word}: ${forDrivers.id} is revoked, and those of others stay`,
    )
  }
  t.equal((await register(kept.invitation_code)).status, 201)
})

t.test('an owner whose place ends meanwhile makes no invitation', async t => {
  const { owner: boss, path: at, hire: join } = await pharmacy(14, 14)
  const leaver = await join('owner', 'Leaver')
  await pool.query(`update members set role = 'pharmacist' where id = $1`, [leaver.memberId])
  const body = { role: 'owner', name: 'Back door' }
  t.match(await call(leaver, 'POST', at, body), { status: 403 }, 'the token says owner still')
  t.equal((await call(boss, 'POST', at, body)).status, 201)
  const gone = await join('owner', 'Gone')
  await pool.query('update users set is_active = false where id = $1', [gone.id])
  const drivers = `/api/vendors/${boss.pharmacyId}/driver-invitations`
  for (const [to, given] of [
    [at, body],
    [drivers, {}],
  ] as const)
    t.match(await call(gone, 'POST', to, given), { body: { code: 'account_inactive' } }, to)
})

t.test('a token of an earlier release is of the owner', async t => {
  const tokens = await tokensOf(embedded.edge.parts.config)
  const claims = { userId: owner.id, role: 'vendor' as const, name: 'Corner', driverId: null }
  const token = await tokens.signAccess({ ...claims, pharmacyId: owner.pharmacyId }, Date.now())
  t.equal((await call({ token }, 'GET', '/api/webhooks/subscriptions')).status, 200)
  const forged = await tokens.signAccess(
    { ...claims, pharmacyId: owner.pharmacyId, memberRole: 'janitor' as never },
    Date.now(),
  )
  t.equal((await call({ token: forged }, 'GET', '/api/orders')).status, 401)
})

t.test('the password opens the account, and not the pharmacy of another', async t => {
  const { token } = await signIn(petra.email)
  t.equal((await call({ token }, 'GET', `${other.path}`)).status, 404)
  t.match(await call(null, 'POST', '/api/auth/login', { email: petra.email, password }), {
    body: { user: { member_role: 'pharmacist' } },
  })
})
