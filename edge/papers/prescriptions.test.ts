/** Prescriptions on a real server: who verifies them, and what waits for it. */
import t from 'tap'
import { createWorld } from '../acceptance/access-world.ts'
import { upload } from '../acceptance/people.ts'
import { createAccount } from '../accounts/accounts.ts'
import { startMembers } from '../members/fixture.ts'
import { pdf } from '../uploads/samples.ts'
import { form } from '../uploads/fixture-files.ts'
import { paperLimits } from './limits.ts'
import { requirePharmacist } from './prescriptions.ts'

const { embedded, url, call, done, signIn, details } = await startMembers(t)
const world = await createWorld(embedded)
const { vendor: owner, customer, driver, admin, otherPharmacy } = world
const parts = embedded.edge.parts
const pharmacy = `/api/vendors/${owner.pharmacyId}`

async function hire(role: string, name: string) {
  const { invitation_code } = await done(owner, 'POST', `${pharmacy}/members`, { role, name })
  const body = { invitation_code, ...details(name) }
  const made = await done(null, 'POST', '/api/members/register', body)
  return { id: made.user.id as string, token: made.access_token as string }
}
const [petra, paul, asa] = [
  await hire('pharmacist', 'Petra'),
  await hire('pharmacist', 'Paul'),
  await hire('assistant', 'Asa'),
]
type Somebody = { token: string }
const take = (who: Somebody, document_id: string) =>
  call(who, 'POST', '/api/documents/reviews', { document_id })
const decide = (who: Somebody, id: string, body: object) =>
  call(who, 'POST', `/api/documents/${id}/decision`, body)
const pickUp = (who: Somebody, order: string) =>
  call(who, 'PATCH', `/api/orders/${order}`, { status: 'picked_up' })
const waiting = async (who: Somebody) =>
  (await done(who, 'GET', '/api/documents/reviews?queue=patients')).documents as {
    id: string
    digest: string
    subject_id: string
    uploaded_by: string
  }[]

/** An order with a prescription, as the older APIs name it, whose driver is at the counter. */
async function prescribed(): Promise<string> {
  const { id } = await done(customer, 'POST', '/api/orders', {
    vendor_id: owner.pharmacyId,
    delivery_address: '2 Side St',
    delivery_latitude: 27.72,
    delivery_longitude: 85.33,
    prescription_url: await upload(url, customer.token, 'prescription'),
  })
  await done(asa, 'POST', `/api/orders/${id}/accept`, {})
  await done(asa, 'POST', `/api/orders/${id}/assign-driver`, { driver_id: driver.driverId })
  return id
}
/** Hands in the licence of a pharmacist, which an administrator approves. */
async function license(who: { id: string; token: string }, expires_on: string): Promise<string> {
  const file = await call(who, 'POST', '/api/uploads/document', form(pdf))
  const { id, digest } = await done(who, 'POST', '/api/documents', {
    file_id: file.body.id,
    kind: 'pharmacist_licence',
    subject: 'person',
    subject_id: who.id,
    expires_on,
  })
  await take(admin, id)
  t.equal((await decide(admin, id, { decision: 'approved', digest })).status, 200)
  return id
}

t.test('nobody is held where nobody wants a verification', async t => {
  t.equal((await pickUp(driver, await prescribed())).status, 200)
  t.match(await done(owner, 'GET', pharmacy), { verify_prescriptions: false })
})

t.test('a pharmacist of the pharmacy with a good licence verifies, and nobody else', async t => {
  await done(owner, 'PATCH', pharmacy, { verify_prescriptions: true })
  const order = await prescribed()
  const held = {
    status: 409,
    body: { code: 'papers_missing', detail: /prescription \(required\)/ },
  }
  for (const who of [driver, owner, admin]) t.match(await pickUp(who, order), held)
  t.equal((await pickUp(otherPharmacy, order)).status, 404, 'strangers hear nothing of it')

  t.match(await call(asa, 'GET', '/api/documents/reviews'), { status: 403 })
  t.match(await call(petra, 'GET', '/api/documents/reviews'), {
    status: 403,
    body: { detail: /licence/ },
  })
  const licence = await license(petra, '2099-01-01')
  const [paper] = (await waiting(petra)).filter(one => one.subject_id === order)
  t.match(paper, { uploaded_by: customer.id, digest: /^[0-9a-f]{64}$/ }, 'a document of the upload')
  t.equal((await waiting(otherPharmacy)).length, 0)
  for (const who of [otherPharmacy, admin]) t.equal((await take(who, paper!.id)).status, 404)

  const approved = { decision: 'approved', digest: paper!.digest }
  t.match(await decide(petra, paper!.id, approved), { body: { code: 'review_not_held' } })
  t.equal((await take(petra, paper!.id)).status, 201)
  t.match(await take(owner, paper!.id), { status: 409, body: { code: 'review_taken' } })
  t.match(await decide(otherPharmacy, paper!.id, approved), { status: 404 })
  const other = { ...approved, digest: '0'.repeat(64) }
  t.match(await decide(petra, paper!.id, other), { body: { code: 'document_changed' } })

  const over = (column: string) =>
    parts.database.pool.query(`update documents set ${column} where id = $1`, [licence])
  await over(`expires_on = '2001-01-01'`)
  t.equal((await decide(petra, paper!.id, approved)).status, 403, 'the licence is over')
  await over(`expires_on = '2099-01-01'`)
  await done(admin, 'POST', `/api/documents/${licence}/decision`, {
    decision: 'revoked',
    digest: (await done(admin, 'GET', `/api/documents/${licence}`)).digest,
    reason: 'Struck off the register',
  })
  t.equal((await decide(petra, paper!.id, approved)).status, 403, 'the licence was revoked')
  await license(petra, '2099-01-01')
  t.match(await decide(petra, paper!.id, approved), {
    status: 200,
    body: { state: 'approved', decided_by: petra.id },
  })
  t.match(await done(customer, 'GET', `/api/documents/${paper!.id}`), { state: 'approved' })
  t.equal((await pickUp(driver, order)).status, 200)
})

t.test('orders whose prescription cannot be adopted hold no other up', async t => {
  const { pool } = parts.database
  const order = await prescribed()
  const foreign = await upload(url, admin.token, 'prescription')
  // Copies of the order that come before it and name an upload of somebody else.
  const { rows: columns } = await pool.query<{ name: string }>(
    `select column_name as name from information_schema.columns
      where table_name = 'orders' and is_generated = 'NEVER'`,
  )
  const taken: Record<string, string> = {
    id: `overlay(gen_random_uuid()::text placing '00000000-0000' from 1 for 13)::uuid`,
    tracking_token: 'gen_random_uuid()::text',
    placed: `regexp_replace(placed::text, '"prescription_url":"[^"]*"', '"prescription_url":"${foreign}"')::json`,
  }
  const names = columns.map(one => one.name)
  await pool.query(
    `insert into orders (${names.join(', ')}) select ${names.map(name => taken[name] ?? name).join(', ')}
      from orders, generate_series(1, ${paperLimits.adoptedAtOnce}) where id = $1`,
    [order],
  )
  const papers = (await waiting(petra)).map(one => one.subject_id)
  t.same(
    papers.filter(id => id === order || id.startsWith('00000000')),
    [order],
  )
  await pool.query(`delete from orders where id::text like '00000000-%'`)
})

t.test('nobody verifies what they have handed in', async t => {
  const order = await prescribed()
  await waiting(petra)
  const file = await call(petra, 'POST', '/api/uploads/document', form(pdf))
  const { id, digest } = await done(petra, 'POST', '/api/documents', {
    file_id: file.body.id,
    kind: 'prescription',
    subject: 'order',
    subject_id: order,
  })
  t.match(await take(petra, id), { status: 403, body: { detail: /their own/ } })
  t.equal((await take(owner, id)).status, 201, 'under open registration the owner is a pharmacist')
  const rejected = { decision: 'rejected', digest, reason_code: 'unreadable' }
  t.equal((await decide(owner, id, rejected)).status, 200)
  t.match(await pickUp(driver, order), { status: 409, body: { detail: /rejected/ } })
})

t.test('with approval of registrations the owner needs a licence too', async t => {
  const config = { ...parts.config, registration: 'approval' as const }
  const identity = {
    userId: owner.id,
    role: 'vendor' as const,
    name: 'Near',
    pharmacyId: owner.pharmacyId,
    memberRole: 'owner' as const,
    driverId: null,
    expiresAtMs: 0,
  }
  await t.resolves(requirePharmacist(parts, identity))
  await t.rejects(requirePharmacist({ ...parts, config }, identity), { code: 'forbidden' })
})

t.test('a requirement holds orders and asks for two pharmacists', async t => {
  await done(owner, 'PATCH', pharmacy, { verify_prescriptions: false })
  await done(admin, 'POST', '/api/requirements', {
    role: 'order',
    kind: 'prescription',
    effect: 'blocking',
    grace_days: 0,
    four_eyes: true,
  })
  const order = await prescribed()
  t.match(await done(petra, 'GET', `/api/requirements?role=order&id=${order}`), {
    standing: { may_work: false, requirements: [{ kind: 'prescription', state: 'required' }] },
  })
  t.equal((await call(driver, 'GET', `/api/requirements?role=order&id=${order}`)).status, 404)
  const [paper] = (await waiting(petra)).filter(one => one.subject_id === order)
  const approved = { decision: 'approved', digest: paper!.digest }
  await take(petra, paper!.id)
  t.match(await decide(petra, paper!.id, approved), { body: { state: 'pending', approvals: 1 } })
  t.equal((await pickUp(driver, order)).status, 409)
  t.match(await take(petra, paper!.id), { status: 403 })
  await license(paul, '2099-01-01')
  await take(paul, paper!.id)
  t.match(await decide(paul, paper!.id, approved), {
    body: { state: 'approved', approvals: 2, first_approved_by: petra.id, decided_by: paul.id },
  })
  t.equal((await pickUp(driver, order)).status, 200)
})

t.test('an administrator cannot make the second pair of eyes', async t => {
  const { kysely: db, pool } = parts.database
  await done(admin, 'POST', '/api/requirements', {
    role: 'pharmacy',
    kind: 'liability_insurance',
    effect: 'warning',
    four_eyes: true,
  })
  const paper = async () => {
    const file = await call(owner, 'POST', '/api/uploads/document', form(pdf))
    return done(owner, 'POST', '/api/documents', {
      file_id: file.body.id,
      kind: 'liability_insurance',
      subject: 'pharmacy',
      subject_id: owner.pharmacyId,
    })
  }
  const approve = async (who: Somebody, { id, digest }: { id: string; digest: string }) => {
    await take(who, id)
    return decide(who, id, { decision: 'approved', digest })
  }
  const refused = { status: 403, body: { code: 'second_person_required' } }
  const made = details('Second self')
  const second = await done(admin, 'POST', '/api/admin/accounts', { ...made, role: 'admin' })
  t.match(second, { sponsored_by: admin.id })
  const self = await signIn(made.email)
  const promoted = details('Promoted')
  const { user } = await done(null, 'POST', '/api/auth/register', { ...promoted, role: 'user' })
  await done(self, 'PATCH', `/api/admin/accounts/${user.id}`, { role: 'admin' })
  const third = await signIn(promoted.email)

  const one = await paper()
  t.match(await approve(admin, one), { status: 200, body: { approvals: 1 } })
  t.match(await take(self, one.id), refused, 'an account that the first one made')
  t.match(await take(third, one.id), refused, 'an account that this one made an administrator')
  const queue = { queue: 'pharmacies' }
  t.equal((await call(third, 'POST', '/api/documents/reviews', queue)).status, 404)
  const independent = { ...details('Somebody else'), role: 'admin' as const }
  await createAccount(db, parts, independent, async () => null)
  const somebody = await signIn(independent.email)
  await take(somebody, one.id)
  const sponsor = (by: string | null) =>
    pool.query('update users set sponsored_by = $1, sponsored_at = now() where email = $2', [
      by,
      independent.email,
    ])
  await sponsor(admin.id)
  t.match(await approve(somebody, one), refused, 'the administrator has got hold of the account')
  await sponsor(null)
  t.match(await approve(somebody, one), { status: 200, body: { approvals: 2, state: 'approved' } })

  const two = await paper()
  t.match(await approve(self, two), { status: 200, body: { approvals: 1 } })
  t.match(await take(third, two.id), refused)
  await pool.query(`update users set sponsored_at = sponsored_at - interval '31 days'`)
  t.match(await approve(third, two), { status: 200, body: { approvals: 2 } })
})
