/** Papers over HTTP: who hands them in and reads them, and how they are reviewed. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { newId, viewOf } from '../acceptance/fixture-edge.ts'
import { deleteOrphans } from '../uploads/orphans.ts'
import { docx, heic, jpeg, txt } from '../uploads/samples.ts'
import { startPapers } from './fixture.ts'
import { paperLimits } from './limits.ts'

const edge = await startPapers()
t.teardown(() => edge.stop())
const { admin, other, call, get, send, take, decision, licence, day } = edge
const pharmacy = await edge.pharmacy()
const otherPharmacy = await edge.pharmacy()
const driver = await edge.driver(pharmacy.id)
const driverUser = await edge.userOf(driver)
const customer = await edge.customer()
const stranger = await edge.customer()
const licenceOf = (subject_id: string, more: object = {}) => ({
  kind: 'pharmacy_licence',
  subject: 'pharmacy',
  subject_id,
  ...more,
})

t.test('a paper is handed in, and read by its holder and administrators', async t => {
  const made = await send(
    pharmacy,
    licenceOf(pharmacy.id, { number: 'PH-1', issued_on: day(-10), expires_on: day(400) }),
  )
  t.match(made, {
    status: 201,
    body: {
      state: 'pending',
      content_type: 'application/pdf',
      digest: /^[0-9a-f]{64}$/,
      expires_on: day(400),
      supersedes: null,
      approvals: 0,
    },
  })
  const path = `/api/documents/${made.body.id}`
  for (const who of [pharmacy, admin]) {
    t.match(await get(path, who), { status: 200, body: { id: made.body.id } })
    const file = await get(`${path}/file`, who)
    t.equal(file.status, 200)
    t.match(file.headers.get('content-disposition'), /^attachment/)
    t.match(file.headers.get('content-security-policy'), /sandbox/)
  }
  for (const who of [otherPharmacy, driver, customer])
    for (const one of [path, `${path}/file`]) t.equal((await get(one, who)).status, 404)
  t.match((await get('/api/documents', pharmacy)).body.documents, [{ id: made.body.id }])
  t.same((await get('/api/documents', otherPharmacy)).body.documents, [])
  const query = `?subject=pharmacy&subject_id=${pharmacy.id}`
  t.equal((await get(`/api/documents${query}`, otherPharmacy)).status, 404)
  t.equal((await get(`/api/documents${query}`, admin)).body.documents.length, 1)
})

t.test('a person keeps the own papers; the employer sees that they are there', async t => {
  const made = await send(driver, {
    kind: 'driver_licence',
    subject: 'person',
    subject_id: driverUser.id,
    number: 'DL-1',
    issued_on: day(-10),
    expires_on: day(400),
  })
  const path = `/api/documents/${made.body.id}`
  t.match((await get(path, driver)).body, { number: 'DL-1', digest: /./, issued_on: day(-10) })
  const hidden = {
    number: null,
    issued_on: null,
    digest: null,
    reason: null,
    reason_code: null,
    expires_on: day(400),
  }
  await take(made.body.id)
  await decision(made.body.id, {
    decision: 'rejected',
    digest: made.body.digest,
    reason_code: 'unreadable',
    reason: 'The stamp is cut off',
  })
  t.match((await get(path, pharmacy)).body, hidden)
  const listed = `/api/documents?subject=person&subject_id=${driverUser.id}`
  t.match((await get(listed, pharmacy)).body.documents, [hidden])
  t.equal((await get(`${path}/file`, driver)).status, 200)
  t.match(await get(path, pharmacy), { status: 200, body: { kind: 'driver_licence' } })
  t.match(await get(`${path}/file`, pharmacy), { status: 403, body: { code: 'forbidden' } })
  t.equal((await get(path, otherPharmacy)).status, 404)
  const vehicle = await send(pharmacy, {
    kind: 'vehicle_insurance',
    subject: 'vehicle',
    subject_id: driver.id,
  })
  t.equal(vehicle.status, 201, 'the employer hands in the papers of a vehicle')
  t.equal((await get(`/api/documents/${vehicle.body.id}/file`, driver)).status, 200)
})

t.test('the paper of an order is for its parties, and each reading has its purpose', async t => {
  const id = newId()
  const parties = { user_id: customer.id, vendor_id: pharmacy.id }
  const at = new Date().toISOString()
  await edge.store(viewOf({ id, ...parties, status: 'accepted', accepted_at: at }))
  const body = { kind: 'prescription', subject: 'order', subject_id: id }
  const made = await send(customer, body)
  t.equal(made.status, 201)
  const file = `/api/documents/${made.body.id}/file`
  for (const [who, status] of [
    [customer, 200],
    [pharmacy, 200],
    [admin, 200],
    [stranger, 404],
    [otherPharmacy, 404],
    [driver, 404],
  ] as const)
    t.equal((await get(file, who)).status, status)
  t.equal((await send(stranger, body)).status, 404)
  const purposes = async () =>
    (
      await edge.database.kysely
        .selectFrom('audit_log')
        .select('operation')
        .where('target_id', '=', made.body.id)
        .where('operation', 'like', 'readDocument.%')
        .orderBy('id')
        .execute()
    ).map(row => row.operation)
  while ((await purposes()).length < 3) await sleep(50)
  t.same((await purposes()).toSorted(), [
    'readDocument.dispense',
    'readDocument.oversight',
    'readDocument.own_order',
  ])
})

t.test('what cannot be a paper is refused with its field', async t => {
  const refuse = async (body: object, field: string, file?: string) =>
    t.match(
      await send(pharmacy, body, file),
      { status: 400, body: { fields: [{ field }] } },
      `${field} ${JSON.stringify(body)}`,
    )
  await refuse({ ...licenceOf(pharmacy.id), subject: 'person' }, 'subject')
  await refuse(licenceOf(pharmacy.id, { kind: 'poem' }), 'kind')
  await refuse(licenceOf(pharmacy.id, { expires_on: '2027-02-30' }), 'expires_on')
  await refuse(licenceOf(pharmacy.id, { expires_on: '1 May' }), 'expires_on')
  await refuse(licenceOf(pharmacy.id, { expires_on: day(-2) }), 'expires_on')
  await refuse(licenceOf(pharmacy.id, { issued_on: day(3) }), 'issued_on')
  await refuse(licenceOf(pharmacy.id), 'file_id', newId())
  await refuse(licenceOf(pharmacy.id), 'file_id', await edge.upload(otherPharmacy))
  t.equal((await send(pharmacy, licenceOf(otherPharmacy.id))).status, 404)
  t.equal((await send(admin, licenceOf(newId()))).status, 404)
})

t.test('photos and writings are taken, typed by their content', async t => {
  for (const [bytes, type] of [
    [jpeg, 'image/jpeg'],
    [heic, 'image/heic'],
    [docx, 'application/vnd.openxmlformats-officedocument.wordprocessingml.document'],
    [txt, 'text/plain'],
  ] as const) {
    const file = await edge.upload(otherPharmacy, bytes)
    const { body } = await send(otherPharmacy, licenceOf(otherPharmacy.id), file)
    t.equal(body.content_type, type)
    const shown = await get(`/api/documents/${body.id}/file?as=jpeg`, otherPharmacy)
    t.equal(shown.headers.get('content-type'), type === 'image/heic' ? 'image/jpeg' : type)
  }
  const { documents } = (await get('/api/documents', otherPharmacy)).body
  t.same(
    documents.map((one: { state: string }) => one.state),
    ['pending', 'superseded', 'superseded', 'superseded'],
    'the newest is the one to look at',
  )
})

t.test('one reviewer at a time, and a lease lapses', async t => {
  const paper = await licence(pharmacy)
  const answers = await Promise.all([take(paper.id, admin), take(paper.id, other)])
  t.same(answers.map(one => one.status).toSorted(), [201, 409], 'exactly one gets it')
  const [first, second] = answers[0]!.status === 201 ? [admin, other] : [other, admin]
  t.equal((await get(`/api/documents/${paper.id}`, pharmacy)).body.state, 'in_review')
  t.match(await decision(paper.id, { decision: 'approved', digest: paper.digest }, second), {
    status: 409,
    body: { code: 'review_not_held' },
  })
  t.equal((await take(paper.id, first)).status, 201, 'taking it again begins the time anew')
  edge.clock.skewMs += paperLimits.reviewLeaseMs
  t.equal((await get(`/api/documents/${paper.id}`, pharmacy)).body.state, 'pending')
  t.match(
    await decision(paper.id, { decision: 'approved', digest: paper.digest }, first),
    { body: { code: 'review_not_held' } },
    'the time of the first is over',
  )
  t.equal((await take(paper.id, second)).status, 201)
  await call('DELETE', `/api/documents/${paper.id}/review`, { token: first.token })
  t.equal(
    (await get(`/api/documents/${paper.id}`, pharmacy)).body.state,
    'in_review',
    "nobody ends another's review",
  )
  await call('DELETE', `/api/documents/${paper.id}/review`, { token: second.token })
  const next = await call('POST', '/api/documents/reviews', {
    token: first.token,
    body: { queue: 'drivers' },
  })
  t.match(next.body, { kind: 'vehicle_insurance' }, 'the queue of drivers has the oldest of theirs')
  const listed = (await get('/api/documents/reviews?queue=pharmacies', admin)).body.documents
  t.ok(listed.every((one: { kind: string }) => one.kind === 'pharmacy_licence'))
  const own = (await get('/api/documents/reviews', otherPharmacy)).body.documents
  t.same(own, [], 'a pharmacy has a queue of prescriptions alone')
})

t.test('a decision is bound to the file that was seen', async t => {
  const [older, newer] = [await licence(pharmacy), await licence(pharmacy)]
  t.match(await take(older.id), { status: 409, body: { code: 'document_changed' } })
  await take(newer.id)
  t.match(await decision(newer.id, { decision: 'approved', digest: 'a'.repeat(64) }), {
    status: 409,
    body: { code: 'document_changed' },
  })
  t.match(await decision(newer.id, { decision: 'rejected', digest: newer.digest }), {
    status: 400,
    body: { fields: [{ field: 'reason_code' }] },
  })
  const no = { decision: 'rejected', digest: newer.digest, reason_code: 'unreadable' }
  t.match(await decision(newer.id, { ...no, reason: 'The stamp is cut off' }), {
    status: 200,
    body: { state: 'rejected', reason_code: 'unreadable', reason: 'The stamp is cut off' },
  })
  t.match(await decision(newer.id, { decision: 'approved', digest: newer.digest }), {
    status: 409,
    body: { code: 'document_state_conflict' },
  })
  const again = await licence(pharmacy)
  t.match(await edge.approve(again), {
    status: 200,
    body: { state: 'approved', supersedes: newer.id, approvals: 1 },
  })
  t.match(
    await decision(again.id, { decision: 'approved', digest: again.digest }),
    { status: 200 },
    'a repeat is the same decision',
  )
})

t.test('a file that was replaced in the store is not approved', async t => {
  const text = Buffer.from('the licence of 2026')
  const file = await edge.upload(pharmacy, text)
  const { body: paper } = await send(pharmacy, licenceOf(pharmacy.id), file)
  await take(paper.id)
  const { rows } = await edge.edge.parts.database.pool.query<{ path: string }>(
    'select path from uploads where digest = $1',
    [paper.digest],
  )
  const stored = join(edge.edge.parts.config.uploadDir, rows[0]!.path)
  const bytes = readFileSync(stored)
  bytes[bytes.length - 1]! ^= 1
  writeFileSync(stored, bytes)
  t.match(await decision(paper.id, { decision: 'approved', digest: paper.digest }), {
    status: 409,
    body: { code: 'document_changed' },
  })
})

t.test('nobody reviews a paper of their own', async t => {
  const handedIn = await send(admin, licenceOf(otherPharmacy.id))
  t.match(await take(handedIn.body.id, admin), { status: 403, body: { code: 'forbidden' } })
  t.match(await edge.approve(handedIn.body, other), { status: 200, body: { state: 'approved' } })
  const own = await send(other, { kind: 'identity', subject: 'person', subject_id: admin.id })
  t.equal((await take(own.body.id, admin)).status, 403, 'also when somebody else handed it in')
})

t.test('where four eyes look, two people approve', async t => {
  const requirement = await edge.require({
    role: 'pharmacy',
    kind: 'controlled_goods_permit',
    goods_class: 'controlled',
    four_eyes: true,
  })
  const { body: paper } = await send(
    pharmacy,
    licenceOf(pharmacy.id, { kind: 'controlled_goods_permit' }),
  )
  t.match(await edge.approve(paper, admin), { body: { state: 'pending', approvals: 1 } })
  t.equal((await take(paper.id, admin)).status, 403, 'the same person is not the second')
  t.match(await edge.approve(paper, other), { body: { state: 'approved', approvals: 2 } })
  const { body: corrected } = await send(
    pharmacy,
    licenceOf(pharmacy.id, { kind: 'controlled_goods_permit', expires_on: day(100) }),
  )
  const approveAs = async (who: typeof admin, more: object = {}) => {
    await take(corrected.id, who)
    const yes = { decision: 'approved', digest: corrected.digest, ...more }
    return decision(corrected.id, yes, who)
  }
  const first = { status: 200, body: { state: 'pending', approvals: 1 } }
  t.match(await approveAs(admin), first)
  t.match(await approveAs(admin), first, 'the same approval comes again')
  t.match(
    await approveAs(other, { expires_on: day(90) }),
    { status: 200, body: { ...first.body, expires_on: day(90) } },
    'a correction of the second is seen by one person only',
  )
  t.equal((await approveAs(other, { expires_on: day(80) })).status, 403)
  t.match(await approveAs(admin), {
    body: { state: 'approved', approvals: 2, expires_on: day(90) },
  })
  await call('DELETE', `/api/requirements/${requirement}`, { token: admin.token })
})

t.test('a reviewer corrects the day, and an expired paper is not approved', async t => {
  const paper = await licence(pharmacy, { expires_on: day(500) })
  await take(paper.id)
  const yes = { decision: 'approved', digest: paper.digest }
  t.match(await decision(paper.id, { ...yes, expires_on: day(-3) }), {
    status: 400,
    body: { fields: [{ field: 'expires_on' }] },
  })
  t.match(await decision(paper.id, { ...yes, expires_on: day(40) }), {
    status: 200,
    body: { state: 'approved', expires_on: day(40) },
  })
  edge.clock.skewMs += 11 * 24 * 3_600_000
  const later = await edge.again(admin)
  t.equal((await get(`/api/documents/${paper.id}`, later)).body.state, 'expiring')
  edge.clock.skewMs -= 11 * 24 * 3_600_000
  t.match(
    await decision(paper.id, { ...yes, decision: 'revoked' }),
    { status: 400, body: { fields: [{ field: 'reason' }] } },
    'a revocation says why',
  )
  const revoked = { ...yes, decision: 'revoked', reason: 'Withdrawn by the chamber' }
  t.match(await decision(paper.id, revoked), {
    status: 200,
    body: { state: 'revoked', reason: 'Withdrawn by the chamber' },
  })
})

t.test('the file of a paper is no orphan', async t => {
  const file = await edge.upload(pharmacy)
  const loose = await edge.upload(pharmacy)
  const { body: paper } = await send(pharmacy, licenceOf(pharmacy.id), file)
  edge.clock.skewMs += 3 * 24 * 3_600_000
  await deleteOrphans(edge.edge.parts)
  edge.clock.skewMs -= 3 * 24 * 3_600_000
  const left = await edge.database.kysely
    .selectFrom('uploads')
    .select('id')
    .where('id', 'in', [file, loose])
    .execute()
  t.same(left, [{ id: file }])
  t.equal((await get(`/api/documents/${paper.id}/file`, pharmacy)).status, 200)
})

t.test('each decision is told to the holder, once', async t => {
  const told = (await get('/api/notifications', pharmacy)).body.notifications as {
    kind: string
    about: { id: string }
  }[]
  const papers = told.filter(one => one.kind.startsWith('paper.'))
  t.ok(papers.some(one => one.kind === 'paper.rejected'))
  t.ok(papers.some(one => one.kind === 'paper.revoked'))
  t.equal(new Set(papers.map(one => `${one.kind} ${one.about.id}`)).size, papers.length)
})
