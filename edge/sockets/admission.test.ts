/**
 * A storm of reconnections: the edge admits as many handshakes a second as it can bear and tells
 * the rest to come later.
 */
import t from 'tap'
import { WebSocket } from 'ws'
import { uuidV7 } from '../../protocol/kernel/ids.ts'
import { tokensOf } from '../accounts/tokens.ts'
import { Admission } from './admission.ts'
import { startFixture } from './fixture.ts'
import { admissionLimits } from './limits.ts'
import { socketLimits } from '../kernel/limits.ts'

const each = socketLimits.handshakesPerSecondMax
let homes = 0
const newId = (): string => uuidV7(Date.now(), Math.random)
const newHome = () => `192.0.2.${++homes}`

t.test("a second's worth of handshakes is admitted at once, then more as time passes", async t => {
  let nowMs = 1_000_000
  const door = new Admission(each, () => nowMs)
  const through = (count: number) =>
    Array.from({ length: count }, () =>
      door.admits({ address: newHome(), voucher: newId() }),
    ).filter(Boolean).length
  t.equal(through(3 * each), each)
  nowMs += 500
  t.equal(through(each), each / 2)
  nowMs += 3_600_000
  t.equal(through(3 * each), each, 'a quiet hour is not saved up')
  nowMs -= 3_600_000
  t.equal(through(1), 0)
  nowMs += 1_000
  t.equal(through(each), each, 'a clock that was set back does not close the door')
})

t.test(
  'one address without a valid token has a share; all such addresses together have half',
  async t => {
    let nowMs = 1_000_000
    const door = new Admission(each, () => nowMs)
    const knock = (count: number, address: () => string, voucher: () => string | null) =>
      Array.from({ length: count }, () =>
        door.admits({ address: address(), voucher: voucher() }),
      ).filter(Boolean).length
    for (let second = 0; second < 5; second++, nowMs += 1_000) {
      t.equal(
        knock(
          each,
          () => 'flood',
          () => null,
        ),
        each * admissionLimits.addressShare,
      )
      t.equal(
        knock(20, newHome, () => null),
        20,
        'other links open beside it',
      )
      t.equal(
        knock(50, () => 'ward', newId),
        50,
        'and so do terminals',
      )
    }
    nowMs += 1_000
    t.equal(
      knock(3 * each, newHome, () => null),
      each / 2,
      'many addresses',
    )
    t.equal(knock(each, newHome, newId), each / 2, 'leave the other half to good tokens')

    nowMs += 10_000
    t.equal(
      knock(
        each,
        () => 'ward',
        () => 'one account',
      ),
      each * (1 - admissionLimits.quietReserve),
      'whoever comes again and again',
    )
    t.equal(knock(25, newHome, newId), 25, 'leaves the last quarter to those who do not')

    const small = new Admission(1, () => nowMs)
    t.ok(small.admits({ address: 'a', voucher: null }), 'a door of one a second opens to everybody')
  },
)

t.test('the number of handshakes under way is bounded', async t => {
  let nowMs = 1_000_000
  const door = new Admission(each, () => nowMs)
  const ends: (() => void)[] = []
  const fill = (voucher: () => string | null) => {
    for (let second = 0; second < 10; second++, nowMs += 1_000)
      for (let i = 0; i < each; i++)
        if (door.admits({ address: newHome(), voucher: voucher() })) ends.push(door.begin())
  }
  fill(() => null)
  t.equal(ends.length, socketLimits.handshakesUnderWayMax / 2, 'strangers that hang leave room')
  fill(newId)
  t.equal(ends.length, socketLimits.handshakesUnderWayMax, 'however long they hang')
  ends.pop()!()
  t.same(
    [door.admits({ address: newHome(), voucher: newId() }), door.underWay],
    [true, socketLimits.handshakesUnderWayMax - 1],
  )
})

t.test('a flood without a token keeps out no terminal with a token or a ticket', async t => {
  const f = await startFixture()
  t.teardown(() => f.stop())
  const sockets: WebSocket[] = []
  t.teardown(() => {
    for (const socket of sockets) socket.terminate()
  })
  const knock = (path: string) =>
    new Promise<string>(resolve => {
      const socket = new WebSocket(`ws://127.0.0.1:${f.port}${path}`)
      sockets.push(socket)
      socket.once('open', () => resolve('101'))
      socket.once('error', () => undefined)
      socket.once('unexpected-response', (_request, response) => {
        response.resume()
        resolve(
          `${response.statusCode} ${response.headers['content-type']} ${/^[1-5]$/.test(String(response.headers['retry-after']))}`,
        )
      })
    })
  const { newTicket } = await tokensOf(f.ctx.config)
  const vendors = await Promise.all(
    Array.from({ length: 25 }, () => f.token('vendor', { userId: newId(), pharmacyId: newId() })),
  )
  // The clock stands still, so the result does not depend on the speed of the machine.
  f.clock.stoppedAtMs = Date.now()
  const forged = `${newTicket(Date.now()).slice(0, -4)}AAAA`
  const flood = await Promise.all(
    Array.from({ length: each }, (_, i) =>
      knock(i % 2 === 0 ? '/ws/tracking/nobody' : `/ws/pharmacy?ticket=${forged}`),
    ),
  )
  const count = (answers: string[], answer: string) => answers.filter(one => one === answer).length
  const share = each * admissionLimits.addressShare
  t.same(
    [count(flood, '101'), count(flood, '503 application/problem+json true')],
    [share, each - share],
  )
  t.same(
    await Promise.all(vendors.map(token => knock(`/ws/pharmacy?token=${token}`))),
    vendors.map(() => '101'),
    'from the same address',
  )
  t.same(
    await Promise.all(vendors.map(() => knock(`/ws/pharmacy?ticket=${newTicket(Date.now())}`))),
    vendors.map(() => '101'),
  )
  t.match(
    await f.ctx.metrics.registry.metrics(),
    new RegExp(`caduceus_handshakes_refused_total ${each - share}$`, 'm'),
  )
  f.clock.stoppedAtMs = null
  f.clock.skewMs = 1_000
  const token = await f.token('user', { userId: newId() })
  t.equal((await f.connect(`/ws/customer/?token=${token}`).next()).type, 'connection')
  await Promise.all(
    sockets
      .filter(({ readyState }) => readyState === WebSocket.OPEN || readyState === WebSocket.CLOSING)
      .map(
        socket =>
          new Promise(resolve => {
            socket.once('close', resolve)
          }),
      ),
  )
  t.match(
    await f.ctx.metrics.registry.metrics(),
    /caduceus_handshakes_under_way 0$/m,
    'greeted or refused, it is over',
  )
})
