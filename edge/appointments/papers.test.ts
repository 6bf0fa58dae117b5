/** Appointments that wait for papers, over HTTP: from the hold to the place, or to its deadline. */
import t from 'tap'
import { eventually, newPharmacy, type Person } from '../acceptance/people.ts'
import { form } from '../uploads/fixture-files.ts'
import { pdf } from '../uploads/samples.ts'
import { startVisits } from './fixture.ts'

const minuteMs = 60_000
const edge = await startVisits()
t.teardown(() => edge.stop())
const { call, done, pharmacy, book } = edge
const [ann, ben] = [await edge.customer(), await edge.customer()]
const admin = await edge.administrator()

const service = (...required_documents: string[]) =>
  edge.service({ required_documents, hold_minutes: 10 })
/** Holds a slot of the service. */
async function held(by: Person, { id }: { id: string }) {
  const [start] = await edge.slots(id)
  const { body } = await book(by, id, start!)
  t.match(body, { status: 'proposed', missing: ['documents'] })
  t.ok(Date.parse(body.held_until) <= Date.parse(body.created_at) + 10 * minuteMs)
  return body
}
const read = (by: Person, { id }: { id: string }) => done(by, 'GET', `/api/appointments/${id}`)
const send = async (by: Person, kind: string, subject: string, subject_id: string, more = {}) => {
  const { id: file_id } = await done(by, 'POST', '/api/uploads/document', form(pdf))
  return done(by, 'POST', '/api/documents', { file_id, kind, subject, subject_id, ...more })
}
interface Paper {
  id: string
  digest: string
}
const decide = async (paper: Paper, body: object, by: { token: string } = admin) => {
  await done(by, 'POST', '/api/documents/reviews', { document_id: paper.id })
  const path = `/api/documents/${paper.id}/decision`
  return done(by, 'POST', path, { digest: paper.digest, ...body })
}
const approve = (paper: Paper, by?: { token: string }) =>
  decide(paper, { decision: 'approved' }, by)
const revoke = (paper: Paper) =>
  done(admin, 'POST', `/api/documents/${paper.id}/decision`, {
    decision: 'revoked',
    digest: paper.digest,
    reason: 'It was for somebody else',
  })
const news = async (by: { token: string }, kind: string, id: string): Promise<number> => {
  const { notifications } = await done(by, 'GET', '/api/notifications')
  return notifications.filter(
    (one: { kind: string; about: { id: string } }) => one.kind === kind && one.about.id === id,
  ).length
}
const dayOf = (start: string): string => start.slice(0, 10)
const job = '/api/admin/jobs/papers.settle_appointments'
async function runJob() {
  const runs = async () => (await done(admin, 'GET', job)).runs.length
  const before = await runs()
  await done(admin, 'POST', `${job}/run`, {})
  await eventually(
    () => call(admin, 'GET', job),
    ({ body }) => body.state === 'waiting' && body.runs.length > before,
  )
  return (await done(admin, 'GET', job)).last_run.figures
}

t.test('the last paper that is approved confirms the appointment', async t => {
  const made = await held(ann, await service('prescription', 'consent'))
  const prescription = await send(ann, 'prescription', 'appointment', made.id)
  t.equal((await read(ann, made)).status, 'proposed', 'a paper that nobody has looked at')
  await approve(prescription)
  t.match(await read(ann, made), { status: 'proposed', held_until: made.held_until }, 'one of two')
  await approve(await send(ann, 'consent', 'appointment', made.id))
  t.match(await read(ann, made), { status: 'booked', missing: [], held_until: null })
  const told = await eventually(
    () => call(ann, 'GET', '/api/notifications'),
    ({ body }) =>
      body.notifications.some(
        (one: { kind: string; about: { id: string } }) =>
          one.kind === 'appointment.confirmed' && one.about.id === made.id,
      ),
  )
  t.equal(
    told.body.notifications.filter((one: { kind: string }) => one.kind === 'appointment.confirmed')
      .length,
    1,
    'the customer hears of it',
  )
})

t.test('a rejected paper, one that ends too early, and a name that is no kind do not', async t => {
  const rejected = await held(ann, await service('prescription'))
  await decide(await send(ann, 'prescription', 'appointment', rejected.id), {
    decision: 'rejected',
    reason_code: 'unreadable',
  })
  t.equal((await read(ann, rejected)).status, 'proposed')

  const named = await held(ben, await service('prescription', 'Letter of the doctor'))
  await approve(await send(ben, 'prescription', 'appointment', named.id))
  t.equal((await read(ben, named)).status, 'proposed', 'the pharmacy sees to it')
  const path = `/api/appointments/${named.id}/confirm`
  t.match(await done(pharmacy, 'POST', path, { settles: ['documents'] }), { status: 'booked' })

  const { id: farId } = await service('consent')
  const far = (await edge.slots(farId)).at(-1)!
  const { body: early } = await book(ann, farId, far)
  const expires_on = new Date(Date.parse(far) - 24 * 60 * minuteMs).toISOString().slice(0, 10)
  const short = await send(ann, 'consent', 'appointment', early.id, { expires_on })
  await approve(short)
  t.equal((await read(ann, early)).status, 'proposed', 'it is over on the day of the appointment')
  await approve(
    await send(ann, 'consent', 'appointment', early.id, { expires_on: far.slice(0, 10) }),
  )
  t.equal((await read(ann, early)).status, 'booked')
  t.equal((await read(ann, rejected)).status, 'proposed', 'a paper is about one appointment')
})

t.test('a paper of the person confirms at once, and papers are for their own person', async t => {
  const identity = await service('identity')
  const waiting = await held(ann, identity)
  await approve(await send(ann, 'identity', 'person', ann.id))
  t.equal((await read(ann, waiting)).status, 'booked')
  const [start] = await edge.slots(identity.id)
  t.match((await book(ann, identity.id, start!)).body, { status: 'booked', missing: [] })
  t.equal((await read(ben, await held(ben, identity))).status, 'proposed')
})

t.test('the job finds appointments that nobody told of', async t => {
  const { id } = await service('a passport')
  const made = await held(ann, { id })
  t.equal((await runJob()).settled, 0)
  t.equal((await read(ann, made)).status, 'proposed')
  const path = `/api/services/${id}`
  await done(pharmacy, 'PATCH', path, { required_documents: ['identity'] })
  t.equal((await runJob()).settled, 1)
  t.equal((await read(ann, made)).status, 'booked')
  t.equal((await runJob()).settled, 0)
})

t.test('the pharmacy reviews the papers of its own appointments, and no others', async t => {
  const needy = await service('consent', 'medical_report')
  const made = await held(ann, needy)
  const stranger = await newPharmacy(edge.url, 'Other Pharmacy', 27.72, 85.34)
  const papers = [
    await send(ann, 'consent', 'appointment', made.id),
    await send(ann, 'medical_report', 'appointment', made.id),
  ]
  const person = await send(ann, 'right_to_work', 'person', ann.id)
  const queueOf = async (by: { token: string }): Promise<string[]> =>
    (await done(by, 'GET', '/api/documents/reviews')).documents.map((one: Paper) => one.id)
  t.same(await queueOf(pharmacy), papers.map(({ id }) => id).toSorted())
  t.same(await queueOf(stranger), [])
  const take = (by: { token: string }, { id }: Paper) =>
    call(by, 'POST', '/api/documents/reviews', { document_id: id })
  for (const [by, paper] of [
    [stranger, papers[0]!],
    [pharmacy, person],
  ] as const)
    t.match(await take(by, paper), { status: 404, body: { code: 'not_found' } })
  t.match(await take(ann, papers[0]!), { status: 403 }, 'nobody reviews an own paper')
  t.match(await approve(papers[0]!, pharmacy), { state: 'approved', decided_by: pharmacy.id })
  t.equal((await read(ann, made)).status, 'proposed', 'one of two')
  await approve(papers[1]!, pharmacy)
  t.match(await read(ann, made), { status: 'booked', missing: [] })
})

t.test('an appointment does not move past the end of its papers', async t => {
  const made = await held(ben, await service('consent'))
  const slots = await edge.slots(made.service_id)
  const [near, far] = [slots[1]!, slots.at(-1)!]
  t.not(dayOf(near), dayOf(far))
  const move = (by: { token: string }, start: string) =>
    call(by, 'POST', `/api/appointments/${made.id}/reschedule`, { start })
  const end = dayOf(near)
  await approve(await send(ben, 'consent', 'appointment', made.id, { expires_on: end }))
  t.equal((await read(ben, made)).status, 'booked')
  t.match(await move(ben, near), { status: 200, body: { status: 'booked' } })
  for (const by of [ben, pharmacy]) {
    const refused = {
      status: 409,
      body: {
        code: 'appointment_incomplete',
        fields: [{ field: 'start', rule: /papers are still good: consent/ }],
      },
    }
    t.match(await move(by, far), refused)
  }
  t.match(await read(ben, made), { start: near, sequence: 2 }, 'nothing moved')
  await approve(await send(ben, 'consent', 'appointment', made.id, { expires_on: dayOf(far) }))
  t.match(await move(ben, far), { status: 200, body: { status: 'booked', start: far } })

  const waiting = await held(ann, await service('consent'))
  const later = (await edge.slots(waiting.service_id)).at(-1)!
  const path = `/api/appointments/${waiting.id}/reschedule`
  t.match(await done(ann, 'POST', path, { start: later }), { status: 'proposed' })
})

t.test('a revoked paper leaves the place, and the pharmacy hears of it', async t => {
  const made = await held(ann, await service('consent'))
  const consent = await send(ann, 'consent', 'appointment', made.id)
  await approve(consent)
  await revoke(consent)
  t.match(await read(ann, made), { status: 'booked' })
  t.equal(await news(pharmacy, 'appointment.paper_revoked', made.id), 1)
  t.equal(await news(ann, 'paper.revoked', consent.id), 1)
  await revoke(consent)
  t.equal(await news(pharmacy, 'appointment.paper_revoked', made.id), 1, 'once')

  const needy = await held(ben, await service('background_check'))
  const other = await held(ben, await service('consent'))
  const check = await send(ben, 'background_check', 'person', ben.id)
  await approve(check)
  t.equal((await read(ben, needy)).status, 'booked')
  await revoke(check)
  t.equal(await news(pharmacy, 'appointment.paper_revoked', needy.id), 1, 'a paper of the person')
  t.equal(await news(pharmacy, 'appointment.paper_revoked', other.id), 0, 'it needs another paper')
})

t.test('a paper that is approved after the deadline brings no place back', async t => {
  const prescribed = await service('prescription')
  const made = await held(ben, prescribed)
  const paper = await send(ben, 'prescription', 'appointment', made.id)
  edge.moveAhead(Date.parse(made.held_until) - Date.parse(made.created_at))
  const over = await eventually(
    () => call(ben, 'GET', `/api/appointments/${made.id}`),
    ({ body }) => body.status === 'cancelled',
  )
  t.match(over.body, { status: 'cancelled', cancel_cause: 'hold_expired' })
  t.match(await approve(paper), { state: 'approved' }, 'the decision stands')
  t.equal((await read(ben, made)).status, 'cancelled')
})
