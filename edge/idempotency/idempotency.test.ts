/**
 * Requests that are repeated under one Idempotency-Key get one command and one answer [3], also
 * after a refusal that asks for the repeat.
 */
import t from 'tap'
import type { OrderReply } from '../../protocol/dispatch/commands.ts'
import { newId, place, viewOf } from '../acceptance/fixture-edge.ts'
import { startParties } from '../acceptance/fixture-parties.ts'

const { edge, call, customer, stranger, pharmacy } = await startParties(t)

t.test(
  'an overloaded engine gives 503 with a time to come again, and a repeat under the same key succeeds',
  async t => {
    const { answer } = edge.script
    edge.script.answer = () => ({
      ok: false,
      problem: { code: 'overloaded', detail: 'the engine has more commands than it can take' },
    })
    t.teardown(() => {
      edge.script.answer = answer
    })
    const ask = {
      token: customer.token,
      body: { ...place, radius_km: 5 },
      headers: { 'idempotency-key': 'busy-hour' },
    }
    const refused = await call('POST', '/api/requests', ask)
    t.equal(refused.status, 503)
    t.match(refused.body, { code: 'overloaded', retryable: true })
    t.ok(Number(refused.headers.get('retry-after')) >= 1)
    edge.script.answer = answer
    t.equal((await call('POST', '/api/requests', ask)).status, 201)
  },
)

t.test('one Idempotency-Key of an account has one command, one answer and one request', async t => {
  const customer = await edge.customer()
  edge.commands.length = 0
  const body = { ...place, radius_km: 5, notes: 'a note of the customer' }
  const headers = { 'idempotency-key': 'order-1' }
  edge.script.answer = command => ({
    ok: true,
    order: viewOf({ id: command.actor_id, user_id: customer.id, notes: body.notes }),
    outcome: {},
  })
  const first = await call('POST', '/api/requests', { token: customer.token, body, headers })
  await edge.store(first.body.data)
  const {
    rows: [row],
  } = await edge.database.pool.query(
    `select response::text as response from idempotency_keys where key = 'order-1'`,
  )
  t.match(row!['response'], first.body.request_id, 'the id of the request is kept')
  for (const words of [
    'a note of the customer',
    'John Doe',
    'Home Ave',
    first.body.data.tracking_token,
  ])
    t.notOk((row!['response'] as string).includes(words), `the kept answer does not have ${words}`)
  t.ok((row!['response'] as string).length < 600)
  const again = await call('POST', '/api/requests', { token: customer.token, body, headers })
  t.equal(first.status, 201)
  t.same([again.status, again.body], [first.status, first.body])
  t.equal(again.headers.get('idempotency-replayed'), 'true')
  t.equal(edge.commands.length, 1)
  t.equal(
    (
      await call('POST', '/api/requests', {
        token: customer.token,
        body: { ...body, radius_km: 6 },
        headers,
      })
    ).body.code,
    'idempotency_key_reused',
  )
  t.equal(
    (
      await call('POST', '/api/requests', {
        token: customer.token,
        body,
        headers: { 'idempotency-key': 'x'.repeat(201) },
      })
    ).body.code,
    'invalid_request',
  )
  t.equal(
    (
      await call('POST', '/api/requests', {
        token: stranger.token,
        body: { ...body, radius_km: 6 },
        headers,
      })
    ).status,
    201,
    'another account may use the same key',
  )
  const parallel = await Promise.all(
    [1, 2, 3].map(() =>
      call('POST', '/api/requests', {
        token: customer.token,
        body,
        headers: { 'idempotency-key': 'order-2' },
      }),
    ),
  )
  t.equal(
    new Set(parallel.map(p => p.body.request_id)).size,
    1,
    'repeats in flight reach the same actor',
  )
  t.equal(
    new Set(edge.commands.filter(c => c.actor_id === parallel[0]!.body.request_id).map(c => c.id))
      .size,
    1,
    'with the same command id',
  )
  edge.script.answer = () =>
    ({ ok: false, problem: { code: 'order_state_conflict', detail: 'first' } }) as OrderReply
  const path = `/api/orders/${newId()}/find-driver`
  const refused = await call('POST', path, {
    token: pharmacy.token,
    body: {},
    headers: { 'idempotency-key': 'f' },
  })
  edge.script.answer = () =>
    ({ ok: false, problem: { code: 'order_state_conflict', detail: 'second' } }) as OrderReply
  t.same(
    (
      await call('POST', path, {
        token: pharmacy.token,
        body: {},
        headers: { 'idempotency-key': 'f' },
      })
    ).body.detail,
    refused.body.detail,
    'a refusal is repeated too',
  )
})
