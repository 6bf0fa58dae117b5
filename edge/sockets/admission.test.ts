/** A storm of reconnections: as many handshakes a second as the edge bears, the rest is told to come later. */
import t from 'tap'
import { WebSocket } from 'ws'
import { limits } from '../../protocol/limits.ts'
import { Admission } from './admission.ts'
import { newId, startFixture } from './fixture.ts'

t.test('a second\'s worth at once, then as time passes', async t => {
  let nowMs = 1_000_000
  const door = new Admission(limits.handshakesPerSecondMax, () => nowMs)
  const through = (count: number) => Array.from({ length: count }, () => door.admits()).filter(Boolean).length
  t.equal(through(3 * limits.handshakesPerSecondMax), limits.handshakesPerSecondMax)
  nowMs += 500
  t.equal(through(limits.handshakesPerSecondMax), limits.handshakesPerSecondMax / 2)
  nowMs += 3_600_000
  t.equal(through(3 * limits.handshakesPerSecondMax), limits.handshakesPerSecondMax, 'a quiet hour is not saved up')
  nowMs -= 3_600_000
  t.equal(through(1), 0)
  nowMs += 1_000
  t.equal(through(limits.handshakesPerSecondMax), limits.handshakesPerSecondMax, 'a clock that was set back does not close the door')
})

t.test('no more under way than one database answers in a while', async t => {
  let nowMs = 1_000_000
  const door = new Admission(limits.handshakesPerSecondMax, () => nowMs)
  const ends: (() => void)[] = []
  for (let second = 0; second < 10; second++, nowMs += 1_000)
    for (let i = 0; i < limits.handshakesPerSecondMax; i++) if (door.admits()) ends.push(door.begin())
  t.equal(ends.length, limits.handshakesUnderWayMax, 'however long they hang')
  ends.pop()!()
  t.same([door.admits(), door.underWay], [true, limits.handshakesUnderWayMax - 1])
})

t.test('over the wire: 101 or 503 with Retry-After, nothing else, and nobody waits', async t => {
  const f = await startFixture()
  t.teardown(() => f.stop())
  const token = await f.token('user', { userId: newId() })
  const sockets: WebSocket[] = []
  t.teardown(() => { for (const socket of sockets) socket.terminate() })
  const knock = () => new Promise<string>(resolve => {
    const socket = new WebSocket(`ws://127.0.0.1:${f.port}/ws/tracking/nobody`)
    sockets.push(socket)
    socket.once('open', () => resolve('101'))
    socket.once('error', () => undefined)
    socket.once('unexpected-response', (_request, response) => {
      response.resume()
      resolve(`${response.statusCode} ${response.headers['content-type']} ${/^[1-5]$/.test(String(response.headers['retry-after']))}`)
    })
  })
  // No time passes: the storm is shorter than any machine is quick.
  f.clock.stoppedAtMs = Date.now()
  const over = 25
  const answers = await Promise.all(Array.from({ length: limits.handshakesPerSecondMax + over }, knock))
  const count = (answer: string) => answers.filter(one => one === answer).length
  t.same([count('101'), count('503 application/problem+json true')], [limits.handshakesPerSecondMax, over])
  t.match(await f.ctx.metrics.registry.metrics(), /caduceus_handshakes_refused_total 25$/m)
  f.clock.stoppedAtMs = null
  f.clock.skewMs = 1_000
  t.equal((await f.connect(`/ws/customer/?token=${token}`).next()).type, 'connection')
  await Promise.all(sockets.filter(({ readyState }) => readyState === WebSocket.OPEN || readyState === WebSocket.CLOSING).map(socket => new Promise(resolve => { socket.once('close', resolve) })))
  t.match(await f.ctx.metrics.registry.metrics(), /caduceus_handshakes_under_way 0$/m, 'greeted or refused, it is over')
})
