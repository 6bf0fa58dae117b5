/** An administrator books for a customer, by the customer's id, and never for nobody. */
import t from 'tap'
import { http } from '../acceptance/people.ts'
import { createAccount } from '../accounts/accounts.ts'
import { startVisits } from './fixture.ts'

const edge = await startVisits()
t.teardown(() => edge.stop())
const { parts } = edge.edge

t.test('an administrator books for a customer, who then has the appointment', async t => {
  const account = { email: 'admin@example.com', password: 'password123' }
  await createAccount(
    parts.database.kysely,
    parts,
    { ...account, full_name: 'Administrator', phone: '', role: 'admin' },
    async () => null,
  )
  const { body } = await http(edge.url, 'POST', '/api/auth/login', { body: account })
  const administrator = { token: body.access_token as string }
  const ann = await edge.customer()
  const service = await edge.service()
  const [start] = await edge.slots(service.id)
  const booked = (user_id: string | undefined) =>
    edge.call(administrator, 'POST', '/api/appointments', {
      service_id: service.id,
      start,
      ...(user_id !== undefined && { user_id }),
    })
  for (const [user_id, rule] of [
    [undefined, 'must name the customer'],
    ['0190a5a0-0000-7000-8000-000000000001', 'must be an account'],
  ] as const)
    t.match(await booked(user_id), {
      status: 400,
      body: { code: 'invalid_request', fields: [{ field: 'user_id', rule }] },
    })
  const { status, body: made } = await booked(ann.id)
  t.equal(status, 201)
  t.match(await edge.done(ann, 'GET', `/api/appointments/${made.id}`), { start, user_id: ann.id })
})
