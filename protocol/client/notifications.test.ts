/** The calls about notifications have their path, their query, their language and their body. */
import t from 'tap'
import { InboxCalls } from './notifications.ts'

t.test('each call has its path and what it says', async t => {
  const asked: unknown[] = []
  const calls = new InboxCalls(async (...call) => {
    asked.push(call)
    return {} as never
  })
  const wish = { kind: 'order.picked_up', channel: 'inbox', wanted: false } as const
  await calls.list()
  await calls.list({ limit: 2, cursor: 'x' }, 'de')
  await calls.markRead({ through: 'x' })
  await calls.preferences()
  await calls.setPreferences([wish])
  await calls.setSettings({ digest: 'daily' })
  t.same(asked, [
    ['GET', '/api/notifications', { query: {} }],
    [
      'GET',
      '/api/notifications',
      { query: { limit: 2, cursor: 'x' }, headers: { 'accept-language': 'de' } },
    ],
    ['PUT', '/api/notifications/read', { body: { through: 'x' } }],
    ['GET', '/api/notification-preferences'],
    ['PUT', '/api/notification-preferences', { body: { preferences: [wish] } }],
    ['PUT', '/api/notification-preferences', { body: { settings: { digest: 'daily' } } }],
  ])
})
