/** The calls about groups, closures, links and people who stand in the pharmacy have their path. */
import t from 'tap'
import { Visits } from './visits.ts'

t.test('each call has its path, its query and its body', async t => {
  const asked: unknown[] = []
  const visits = new Visits(async (...call) => {
    asked.push(call)
    return {} as never
  })
  const person = { service_id: 's', customer_name: 'Mina' }
  const period = { from: '2030-01-01T00:00', to: '2030-01-02T00:00' }
  await visits.admit(person)
  await visits.admit({ ...person, start: 't', settles: ['payment'] }, 'once')
  await visits.listWaiting({ service_id: 's' })
  await visits.createCalendarLink({ kind: 'member', service_ids: ['s'], name: 'Mina' })
  await visits.listCalendarLinks()
  await visits.listGroups('v')
  await visits.createGroup('v', { name: 'Vaccinations' })
  await visits.updateGroup('x', { icon: null })
  await visits.deleteGroup('x')
  await visits.listClosures('v')
  await visits.close('v', period)
  await visits.reopen('v', 'x')
  t.same(asked, [
    ['POST', '/api/appointments/walk-in', { body: person }],
    [
      'POST',
      '/api/appointments/walk-in',
      { body: { ...person, start: 't', settles: ['payment'] }, idempotencyKey: 'once' },
    ],
    ['GET', '/api/waitlist', { query: { service_id: 's' } }],
    ['POST', '/api/calendar-feeds', { body: { kind: 'member', service_ids: ['s'], name: 'Mina' } }],
    ['GET', '/api/calendar-feeds'],
    ['GET', '/api/vendors/v/main-services'],
    ['POST', '/api/vendors/v/main-services', { body: { name: 'Vaccinations' } }],
    ['PATCH', '/api/main-services/x', { body: { icon: null } }],
    ['DELETE', '/api/main-services/x'],
    ['GET', '/api/vendors/v/closures'],
    ['POST', '/api/vendors/v/closures', { body: period }],
    ['DELETE', '/api/vendors/v/closures/x'],
  ])
})
