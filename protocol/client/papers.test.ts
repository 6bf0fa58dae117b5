/** The calls about papers have their path, their query and their body. */
import t from 'tap'
import { PaperCalls } from './papers.ts'

t.test('each call has its path, its query and its body', async t => {
  const asked: unknown[] = []
  const calls = new PaperCalls(async (...call) => {
    asked.push(call)
    return {} as never
  })
  const paper = {
    file_id: 'f',
    kind: 'pharmacy_licence',
    subject: 'pharmacy',
    subject_id: 'v',
  } as const
  const decision = { decision: 'approved', digest: 'd' } as const
  const requirement = { role: 'driver', kind: 'identity', effect: 'warning' } as const
  await calls.handIn(paper)
  await calls.list()
  await calls.list({ subject: 'pharmacy', subject_id: 'v' })
  await calls.get('x')
  await calls.decide('x', decision)
  await calls.waiting({ queue: 'drivers' })
  await calls.take({ queue: 'drivers' })
  await calls.giveBack('x')
  await calls.requirements()
  await calls.require(requirement)
  await calls.changeRequirement('r', { grace_days: 3 })
  await calls.endRequirement('r')
  t.same(asked, [
    ['POST', '/api/documents', { body: paper }],
    ['GET', '/api/documents', { query: {} }],
    ['GET', '/api/documents', { query: { subject: 'pharmacy', subject_id: 'v' } }],
    ['GET', '/api/documents/x'],
    ['POST', '/api/documents/x/decision', { body: decision }],
    ['GET', '/api/documents/reviews', { query: { queue: 'drivers' } }],
    ['POST', '/api/documents/reviews', { body: { queue: 'drivers' } }],
    ['DELETE', '/api/documents/x/review'],
    ['GET', '/api/requirements', { query: {} }],
    ['POST', '/api/requirements', { body: requirement }],
    ['PATCH', '/api/requirements/r', { body: { grace_days: 3 } }],
    ['DELETE', '/api/requirements/r'],
  ])
})
