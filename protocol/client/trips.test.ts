/** The calls about trips have their path and body, and the socket follows what it was told. */
import t from 'tap'
import { FakeSocket, onVirtualTime, settled } from './fixture-socket.ts'
import { TripCalls } from './trips.ts'
import { connectTrips } from './watchers.ts'

t.test('each call has its path, its query and its body', async t => {
  const asked: unknown[] = []
  const calls = new TripCalls(async (...call) => {
    asked.push(call)
    return {} as never
  })
  const door = { dropoff_latitude: 27.7, dropoff_longitude: 85.3 }
  await calls.request(door)
  await calls.request(door, 'once')
  await calls.list({ limit: 2 })
  await calls.get('x')
  await calls.cancel('x')
  await calls.cancel('x', 'by mistake')
  t.same(asked, [
    ['POST', '/api/v1/trips/request', { body: door }],
    ['POST', '/api/v1/trips/request', { body: door, idempotencyKey: 'once' }],
    ['GET', '/api/v1/trips', { query: { limit: 2 } }],
    ['GET', '/api/v1/trips/x'],
    ['POST', '/api/v1/trips/x/cancel', { body: {} }],
    ['POST', '/api/v1/trips/x/cancel', { body: { reason: 'by mistake' } }],
  ])
})

t.test('a trip is followed again after a reconnection, unless it was refused', () =>
  onVirtualTime(async time => {
    const trips = connectTrips({ url: 'http://edge', WebSocket: FakeSocket, userId: 'user/1' })
    const heard: string[] = []
    trips.on('trip_assigned', ({ driver_id }) => {
      heard.push(driver_id!)
    })
    const subscribed = () =>
      FakeSocket.last.messages.filter(({ type }) => type === 'subscribe_trip')
    await settled()
    t.equal(FakeSocket.last.url, 'ws://edge/ws/user%2F1')
    trips.follow('a')
    trips.follow('b')
    t.same(subscribed(), [], 'nothing is said before the greeting')
    FakeSocket.last.says({ type: 'connection' })
    t.same(
      subscribed().map(({ id }) => id),
      ['a', 'b'],
    )
    trips.follow('c')
    FakeSocket.last.says({ type: 'error', code: 'order_not_found', id: 'b' })
    FakeSocket.last.says({ type: 'trip_assigned', driver_id: 'd' })
    t.same(heard, ['d'])
    FakeSocket.last.ends()
    await time.pass(60_000)
    FakeSocket.last.says({ type: 'connection' })
    t.same(
      subscribed().map(({ id }) => id),
      ['a', 'c'],
    )
    trips.close()
  }),
)
