/** The calls about devices have their path and their body. */
import t from 'tap'
import { PushDeviceCalls } from './push-devices.ts'

t.test('each call has its path and what it says', async t => {
  const asked: unknown[] = []
  const calls = new PushDeviceCalls(async (...call) => {
    asked.push(call)
    return {} as never
  })
  const device = { kind: 'fcm', token: 'x' } as const
  await calls.list()
  await calls.register(device)
  await calls.test('a/b')
  await calls.forget('a/b')
  t.same(asked, [
    ['GET', '/api/push-devices'],
    ['POST', '/api/push-devices', { body: device }],
    ['POST', '/api/push-devices/a%2Fb/test', { body: {} }],
    ['DELETE', '/api/push-devices/a%2Fb'],
  ])
})
