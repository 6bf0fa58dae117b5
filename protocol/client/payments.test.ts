/** The calls about payments have their path, their query and their body. */
import t from 'tap'
import { PaymentCalls } from './payments.ts'

t.test('each call has its path, its query and its body', async t => {
  const asked: unknown[] = []
  const calls = new PaymentCalls(async (...call) => {
    asked.push(call)
    return {} as never
  })
  await calls.methods()
  await calls.methods('p')
  await calls.of('o')
  await calls.receipt('o')
  await calls.list({ status: 'captured' })
  await calls.proposeRefund('o', { tip: 1, reason: 'r' })
  await calls.decideRefund('o', 'r', 'approved')
  await calls.stateRemittance(3, 'USD')
  await calls.remittances()
  await calls.decideRemittance('x', 'received')
  t.same(asked, [
    ['GET', '/api/payments/methods'],
    ['GET', '/api/vendors/p/payment-methods'],
    ['GET', '/api/orders/o/payment'],
    ['GET', '/api/orders/o/receipt'],
    ['GET', '/api/payments', { query: { status: 'captured' } }],
    ['POST', '/api/orders/o/payment/refund', { body: { tip: 1, reason: 'r' } }],
    ['POST', '/api/orders/o/payment/refunds/r/decision', { body: { decision: 'approved' } }],
    ['POST', '/api/payments/remittances', { body: { amount: 3, currency: 'USD' } }],
    ['GET', '/api/payments/remittances', { query: {} }],
    ['POST', '/api/payments/remittances/x/decision', { body: { decision: 'received' } }],
  ])
})
