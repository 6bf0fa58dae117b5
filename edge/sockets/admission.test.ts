/**
 * A storm of reconnections: the edge admits as many handshakes a second as it can bear, and tells
 * the other clients to come later.
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
let addresses = 0
const newId = (): string => uuidV7(Date.now(), Math.random)
const newAddress = () => `192.0.2.${++addresses}`

t.test("a second's worth of handshakes is admitted at once, then more as time passes", async t => {
  let nowMs = 1_000_000
  const admission = new Admission(each, () => nowMs)
  const admitted = (count: number) =>
    Array.from({ length: count }, () =>
      admission.admits({ address: newAddress(), voucher: newId() }),
    ).filter(Boolean).length
  t.equal(admitted(3 * each), each)
  nowMs += 500
  t.equal(admitted(each), each / 2)
  nowMs += 3_600_000
  t.equal(admitted(3 * each), each, 'a quiet hour does not add up')
  nowMs -= 3_600_000
  t.equal(admitted(1), 0)
  nowMs += 1_000
  t.equal(admitted(each), each, 'after a clock was set back handshakes are admitted again')
})

t.test(
  'an address without a valid token has a share, and all such addresses together have half',
  async t => {
    let nowMs = 1_000_000
    const admission = new Admission(each, () => nowMs)
    const tryHandshakes = (count: number, address: () => string, voucher: () => string | null) =>
      Array.from({ length: count }, () =>
        admission.admits({ address: address(), voucher: voucher() }),
      ).filter(Boolean).length
    for (let second = 0; second < 5; second++, nowMs += 1_000) {
      t.equal(
        tryHandshakes(
          each,
          () => 'flood',
          () => null,
        ),
        each * admissionLimits.addressShare,
      )
      t.equal(
        tryHandshakes(20, newAddress, () => null),
        20,
        'other addresses without a token are admitted beside the flood',
      )
      t.equal(
        tryHandshakes(50, () => 'ward', newId),
        50,
        'terminals are admitted beside the flood',
      )
    }
    nowMs += 1_000
    t.equal(
      tryHandshakes(3 * each, newAddress, () => null),
      each / 2,
      'many addresses without a token get half',
    )
    t.equal(
      tryHandshakes(each, newAddress, newId),
      each / 2,
      'the other half is left to valid tokens',
    )

    nowMs += 10_000
    t.equal(
      tryHandshakes(
        each,
        () => 'ward',
        () => 'one account',
      ),
      each * (1 - admissionLimits.quietReserve),
      'an account that comes again and again does not get all',
    )
    t.equal(tryHandshakes(25, newAddress, newId), 25, 'the last quarter is left to other accounts')

    const small = new Admission(1, () => nowMs)
    t.ok(
      small.admits({ address: 'a', voucher: null }),
      'with a rate of one a second a client without a token is admitted too',
    )
  },
)

t.test('the number of handshakes under way is bounded', async t => {
  let nowMs = 1_000_000
  const admission = new Admission(each, () => nowMs)
  const ends: (() => void)[] = []
  const fill = (voucher: () => string | null) => {
    for (let second = 0; second < 10; second++, nowMs += 1_000)
      for (let i = 0; i < each; i++)
        if (admission.admits({ address: newAddress(), voucher: voucher() }))
          ends.push(admission.begin())
  }
  fill(() => null)
  t.equal(
    ends.length,
    socketLimits.handshakesUnderWayMax / 2,
    'handshakes without a token fill half of the places',
  )
  fill(newId)
  t.equal(ends.length, socketLimits.handshakesUnderWayMax, 'handshakes with a token fill the rest')
  ends.pop()!()
  t.same(
    [admission.admits({ address: newAddress(), voucher: newId() }), admission.underWay],
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
  const tryHandshake = (path: string) =>
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
  const pharmacies = await Promise.all(
    Array.from({ length: 25 }, () => f.token('vendor', { userId: newId(), pharmacyId: newId() })),
  )
  // The clock stands still, so the result does not depend on the speed of the machine.
  f.clock.stoppedAtMs = Date.now()
  const forged = `${newTicket(Date.now()).slice(0, -4)}AAAA`
  const flood = await Promise.all(
    Array.from({ length: each }, (_, i) =>
      tryHandshake(i % 2 === 0 ? '/ws/tracking/nobody' : `/ws/pharmacy?ticket=${forged}`),
    ),
  )
  const count = (answers: string[], answer: string) => answers.filter(one => one === answer).length
  const share = each * admissionLimits.addressShare
  t.same(
    [count(flood, '101'), count(flood, '503 application/problem+json true')],
    [share, each - share],
  )
  t.same(
    await Promise.all(pharmacies.map(token => tryHandshake(`/ws/pharmacy?token=${token}`))),
    pharmacies.map(() => '101'),
    'terminals with a token are admitted from the address of the flood',
  )
  t.same(
    await Promise.all(
      pharmacies.map(() => tryHandshake(`/ws/pharmacy?ticket=${newTicket(Date.now())}`)),
    ),
    pharmacies.map(() => '101'),
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
    'no handshake is under way at the end',
  )
})
