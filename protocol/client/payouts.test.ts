/** The calls about payouts have their path, their query and their body. */
import t from 'tap'
import { PayoutCalls } from './payouts.ts'

t.test('each call has its path, its query and its body', async t => {
  const asked: unknown[] = []
  const calls = new PayoutCalls(async (...call) => {
    asked.push(call)
    return {} as never
  })
  const proposal = {
    party: 'driver',
    party_id: 'd',
    currency: 'USD',
    from: '2020-01-01T00:00:00Z',
    to: '2020-02-01T00:00:00Z',
  } as const
  await calls.list({ limit: 2 })
  await calls.propose(proposal)
  await calls.startSending('p')
  await calls.startSending('p', 'key')
  await calls.paid('p')
  await calls.refuse('p')
  await calls.statement('p', { cursor: 'c' })
  const decision = '/api/payouts/p/decision'
  t.same(asked, [
    ['GET', '/api/payouts', { query: { limit: 2 } }],
    ['POST', '/api/payouts', { body: proposal }],
    ['POST', decision, { body: { decision: 'sending' } }],
    ['POST', decision, { body: { decision: 'sending' }, idempotencyKey: 'key' }],
    ['POST', decision, { body: { decision: 'paid' } }],
    ['POST', decision, { body: { decision: 'refused' } }],
    ['GET', '/api/payouts/p/statement', { query: { cursor: 'c' } }],
  ])
})
