/** The calls about members have their path, their query and their body. */
import t from 'tap'
import { MemberCalls } from './members.ts'

t.test('each call has its path, its query and its body', async t => {
  const asked: unknown[] = []
  const calls = new MemberCalls(async (...call) => {
    asked.push(call)
    return {} as never
  })
  await calls.list('v')
  await calls.list('v', { ended: true })
  await calls.invite('v', { role: 'assistant', name: 'Asa' })
  await calls.change('v', 'm', 'pharmacist')
  await calls.end('v', 'm')
  await calls.accept('code')
  t.same(asked, [
    ['GET', '/api/vendors/v/members', { query: {} }],
    ['GET', '/api/vendors/v/members', { query: { ended: true } }],
    ['POST', '/api/vendors/v/members', { body: { role: 'assistant', name: 'Asa' } }],
    ['PATCH', '/api/vendors/v/members/m', { body: { role: 'pharmacist' } }],
    ['DELETE', '/api/vendors/v/members/m'],
    ['POST', '/api/members/accept', { body: { invitation_code: 'code' } }],
  ])
})
