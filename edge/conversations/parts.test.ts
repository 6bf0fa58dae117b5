/** The parts of conversations at an edge that need no database: sides, ends, returns and resumes. */
import t from 'tap'
import { CaduceusError } from '../../protocol/kernel/errors.ts'
import type { SocketMessage } from '../../protocol/dispatch/messages.ts'
import type { Identity } from '../kernel/identity.ts'
import type { Session } from '../kernel/session.ts'
import { closesAtMs, isAboutKind, type Subject } from './about.ts'
import { chatLimits } from './limits.ts'
import { Reconnected } from './reconnected.ts'
import { Resumes } from './resumes.ts'
import { speakerNow, speakerOf } from './sides.ts'

const settled = () => new Promise(resolve => setImmediate(resolve))

t.test('everybody speaks as one side, and programs do not speak', async t => {
  const identity = (given: object) =>
    ({ userId: 'account', pharmacyId: null, driverId: null, ...given }) as unknown as Identity
  const carrying = { standing: { access: 'carrying', why: '' } }
  const speaker = (given: object) => speakerOf(identity(given))
  const rest = { accountId: 'account', carriesOnly: false }
  t.strictSame(speaker({ role: 'user' }), {
    side: 'customer',
    id: 'account',
    principal: { role: 'customer', id: 'account' },
    ...rest,
  })
  t.strictSame(speaker({ role: 'vendor', pharmacyId: 'pharmacy' }), {
    side: 'vendor',
    id: 'pharmacy',
    principal: { role: 'vendor', id: 'pharmacy', person: 'account' },
    ...rest,
  })
  const driver = { role: 'driver', driverId: 'driver' }
  t.match(speaker(driver), { side: 'driver', id: 'driver', carriesOnly: false })
  t.match(speaker({ ...driver, standing: { access: 'full', why: '' } }), { carriesOnly: false })
  t.match(speaker({ ...driver, ...carrying }), { carriesOnly: true })
  t.strictSame(speaker({ role: 'admin' }), {
    side: 'support',
    id: 'support',
    principal: { role: 'admin', id: 'account' },
    ...rest,
  })
  t.throws(() => speaker({ role: 'service' }), { code: 'forbidden' })
  t.throws(() => speaker({ role: 'vendor' }), { code: 'vendor_not_found' })

  const now = (taken: object | null, given: object = {}) =>
    speakerNow({ standings: { taken: () => taken } } as never, identity({ ...driver, ...given }))
      .carriesOnly
  t.equal(now(null), false)
  t.equal(now(null, carrying), true, 'nothing was taken since')
  t.equal(now(carrying.standing), true, 'the membership ended since the socket opened')
})

t.test('after a break of the bus each socket is told once, within some seconds', async t => {
  const timers: { ms: number; run: () => void }[] = []
  const warnings: unknown[] = []
  let status = (_: boolean): void => {}
  let stopped = 0
  const back = new Reconnected({
    bus: {
      onStatus: (listener: (connected: boolean) => void) => {
        status = listener
        return () => void stopped++
      },
    },
    after: (ms: number, run: () => void) => {
      timers.push({ ms, run })
      return () => {}
    },
    random: () => 0.5,
    log: { warn: (...args: unknown[]) => void warnings.push(args) },
  } as never)
  const ran: string[] = []
  back.add(async () => void ran.push('a'))
  const leave = back.add(async () => void ran.push('b'))
  back.add(() => Promise.reject(new Error('no database')))
  status(true)
  t.equal(timers.length, 0, 'the first connection is no return')
  status(false)
  t.equal(timers.length, 0)
  status(true)
  t.same(
    timers.map(({ ms }) => ms),
    Array.from({ length: 3 }, () => chatLimits.returnSpreadMs / 2),
  )
  leave()
  for (const { run } of timers) run()
  await settled()
  t.same(ran, ['a'], 'whoever has left is not told')
  t.equal(warnings.length, 1)
  status(true)
  t.equal(timers.length, 3, 'one break is told once')
  status(false)
  status(true)
  t.equal(timers.length, 5, 'a second one again')
  back.stop()
  t.equal(stopped, 1)
})

t.test(
  'a conversation closes some time after its record, or at once for whoever lost it',
  async t => {
    const subject = (given: Partial<Subject> = {}): Subject => ({
      customerId: 'customer',
      pharmacyId: 'pharmacy',
      otherPharmacyIds: [],
      driverId: 'driver',
      endedAtMs: null,
      ...given,
    })
    const now = 5_000_000
    const closes = (topic: string, given: Partial<Subject> = {}) =>
      closesAtMs({ topic, vendor_id: 'pharmacy', driver_id: 'driver' }, subject(given), now)
    const { deliveryOpenMs, pharmacyOpenMs } = chatLimits
    t.equal(closes('delivery'), null)
    t.equal(closes('delivery', { driverId: 'another' }), now)
    t.equal(closes('delivery', { driverId: null, endedAtMs: 1_000 }), 1_000 + deliveryOpenMs)
    t.equal(closes('pharmacy'), null)
    t.equal(closes('pharmacy', { endedAtMs: 1_000 }), 1_000 + pharmacyOpenMs)
    for (const pharmacyId of ['another', null]) {
      t.equal(closes('pharmacy', { pharmacyId }), now)
      t.equal(closes('pharmacy', { pharmacyId, endedAtMs: 1_000 }), now)
      const otherPharmacyIds = ['x', 'pharmacy']
      t.equal(closes('pharmacy', { pharmacyId, otherPharmacyIds }), null, 'it answered the request')
    }
    t.equal(closes('support', { endedAtMs: 1_000 }), null)
    t.strictSame(['order', 'appointment', 'trip', 'constructor'].map(isAboutKind), [
      true,
      true,
      false,
      false,
    ])
  },
)

/** A session that has room when the test says so. */
function session() {
  const [sent, pushed]: [SocketMessage[], string[]] = [[], []]
  const room: (() => void)[] = []
  const closed: number[] = []
  let isBroken = false
  const one = {
    send: (message: SocketMessage) => void sent.push(message),
    whenRoom: (run: () => void) => void room.push(run),
    pushText: (text: string) => {
      if (isBroken) throw new Error('gone')
      pushed.push(text)
    },
    close: (code: number) => void closed.push(code),
  } as unknown as Session
  const makeRoom = async (): Promise<void> => {
    for (const run of room.splice(0)) run()
    await settled()
  }
  return { one, sent, pushed, room, closed, makeRoom, breaks: () => (isBroken = true) }
}
const failed = ({ code }: CaduceusError) => ({ type: 'error', code }) as unknown as SocketMessage

t.test('resumes are answered one after the other, each when there is room', async t => {
  const { one, pushed, room, makeRoom } = session()
  const resumes = new Resumes(one)
  const asked: number[] = []
  const ask = (n: number) =>
    resumes.start(async () => {
      asked.push(n)
      if (n === 2) throw new CaduceusError('not_found')
      return { n } as unknown as SocketMessage
    }, failed)
  for (const n of [1, 2, 3]) ask(n)
  t.same([asked, room.length], [[], 1], 'nothing is asked before there is room')
  await makeRoom()
  t.same(asked, [1])
  t.equal(room.length, 1, 'the next one waits for room of its own')
  await makeRoom()
  await makeRoom()
  t.same(pushed, ['{"n":1}', '{"type":"error","code":"not_found"}', '{"n":3}'])
  t.equal(room.length, 0)
  ask(4)
  await makeRoom()
  t.same(asked, [1, 2, 3, 4], 'it begins again after a rest')
})

t.test('too many that wait are refused, and a socket that fails is closed', async t => {
  const { one, sent, closed, makeRoom, breaks } = session()
  const resumes = new Resumes(one)
  const ask = () => resumes.start(async () => ({}) as SocketMessage, failed)
  // The first is not among those that wait.
  for (let n = 0; n <= chatLimits.resumesWaitingMax; n++) ask()
  t.same(sent, [])
  ask()
  t.match(sent, [{ type: 'error', code: 'overloaded' }])
  breaks()
  await makeRoom()
  t.same(closed, [1011])
})
