/** The calls about custody have their path and their query. */
import t from 'tap'
import { CustodyCalls } from './custody.ts'

t.test('each call has its path and its query', async t => {
  const asked: unknown[] = []
  const calls = new CustodyCalls(async (...call) => {
    asked.push(call)
    return {} as never
  })
  await calls.of('x')
  await calls.temperatures('x')
  await calls.checkpoints()
  await calls.checkpoints({ limit: 2, cursor: '7' })
  t.same(asked, [
    ['GET', '/api/orders/x/custody'],
    ['GET', '/api/orders/x/custody/temperatures'],
    ['GET', '/api/custody/checkpoints', { query: {} }],
    ['GET', '/api/custody/checkpoints', { query: { limit: 2, cursor: '7' } }],
  ])
})
