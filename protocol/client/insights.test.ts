/** The calls about insights have their path and their query. */
import t from 'tap'
import { InsightCalls } from './insights.ts'

t.test('each call has its path and its query', async t => {
  const asked: unknown[] = []
  const calls = new InsightCalls(async (...call) => {
    asked.push(call)
    return {} as never
  })
  await calls.ofPharmacy('x', { by: 'week', weeks: 2 })
  await calls.ofDriver('y')
  t.same(asked, [
    ['GET', '/api/insights/vendors/x', { query: { by: 'week', weeks: 2 } }],
    ['GET', '/api/insights/drivers/y', { query: {} }],
  ])
})
