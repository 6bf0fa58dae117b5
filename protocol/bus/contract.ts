/**
 * The rules of bus.ts as one suite for every adapter. The test of an adapter brings a factory. It
 * leaves out an outage that its bus cannot have, as inside one process, and the rules about outages
 * are skipped.
 */
import type { Test } from 'tap'
import { CaduceusError } from '../kernel/errors.ts'
import { limits } from '../kernel/limits.ts'
import type { Bus, BusMessage } from './bus.ts'
import type { Log } from './checks.ts'

/** A bus and a way to break it. */
export interface BusUnderTest {
  bus: Bus
  /** Another participant of the same bus; inside one process the same object. */
  peer: Bus
  /** Cuts and restores the connections, where the bus has any. */
  outage?: { interrupt(): Promise<void>; restore(): Promise<void> }
  /** Ends everything, also after the test has closed the buses. */
  stop(): Promise<void>
}

/** Enough for a reconnection with its pauses, ms. */
const patienceMs = 15_000
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)
const text = (body: Uint8Array): string => new TextDecoder().decode(body)
const sleep = (ms: number): Promise<void> => new Promise(resolve => setTimeout(resolve, ms))

async function until(condition: string, holds: () => boolean): Promise<void> {
  for (let waitedMs = 0; !holds(); waitedMs += 5) {
    if (waitedMs > patienceMs) throw new Error(`waited too long until ${condition}`)
    await sleep(5)
  }
}

const unavailable = { code: 'unavailable' }
const tooLarge = { code: 'body_too_large' }

/** Runs every rule of the bus as a subtest of `t`, each with a bus of its own. */
export function busContract(
  t: Test,
  name: string,
  make: (options: { onLog: Log }) => Promise<BusUnderTest>,
): void {
  const rule = (
    title: string,
    body: (t: Test, under: BusUnderTest, log: string[]) => Promise<void>,
  ): void => {
    void t.test(`${name} ${title}`, async t => {
      const log: string[] = []
      const under = await make({ onLog: line => log.push(line) })
      try {
        await body(t, under, log)
      } finally {
        await under.stop()
      }
    })
  }

  rule('B1 a message reaches every matching subscription once', async (t, { bus, peer }) => {
    const heard: string[] = []
    bus.subscribe('a.b', m => heard.push(`bus exact ${text(m.body)}`))
    bus.subscribe('a.*', m => heard.push(`bus wild ${text(m.body)}`))
    peer.subscribe('a.b', m => heard.push(`peer exact ${text(m.body)}`))
    const left = peer.subscribe('a.b', () => heard.push('unsubscribed'))
    peer.subscribe('a.c', () => heard.push('other subject'))
    left.unsubscribe()
    await Promise.all([bus.flush(), peer.flush()])
    t.equal(bus.publish('a.b', bytes('1')), true)
    t.equal(bus.publish('nobody.here', bytes('2')), true)
    await until('all three heard', () => heard.length >= 3)
    await sleep(20)
    t.same(heard.sort(), ['bus exact 1', 'bus wild 1', 'peer exact 1'])
  })

  rule('B12 a body may be a function, called once within publish', async (t, { bus, peer }) => {
    const heard: string[] = []
    peer.subscribe('made', m => heard.push(text(m.body)))
    await peer.flush()
    let made = 0
    const body = (): Uint8Array => bytes(`made ${++made}`)
    t.equal(bus.publish('made', body), true)
    t.equal(made, 1, 'within publish')
    await until('it is heard', () => heard.length > 0)
    t.same(heard, ['made 1'])
    t.equal(
      bus.publish('made', () => new Uint8Array(limits.busMessageBytesMax + 1)),
      false,
      'B10',
    )
    await bus.close()
    t.equal(bus.publish('made', body), false)
    t.equal(made, 1, 'a closed bus does not make the body')
  })

  rule('B1 delivery is never inside publish', async (t, { bus }) => {
    const order: string[] = []
    bus.subscribe('a', () => {
      order.push('a begins')
      bus.publish('b', bytes(''))
      order.push('a ends')
    })
    bus.subscribe('b', () => order.push('b'))
    await bus.flush()
    bus.publish('a', bytes(''))
    order.push('published')
    await until('b was heard', () => order.includes('b'))
    t.same(order, ['published', 'a begins', 'a ends', 'b'])
  })

  rule(
    'B2 messages of one publisher arrive in order, across subjects',
    async (t, { bus, peer }) => {
      const count = 5_000
      const heard: number[] = []
      peer.subscribe('order.>', m => heard.push(Number(text(m.body))))
      await peer.flush()
      for (let i = 0; i < count; i++)
        bus.publish(`order.${i % 7}.${i % 3 === 0 ? 'x' : 'y.z'}`, bytes(String(i)))
      await until('all arrived', () => heard.length === count)
      t.same(
        heard,
        Array.from({ length: count }, (_, i) => i),
      )
    },
  )

  rule('B3 `*` is one token, and a final `>` is one or more', async (t, { bus, peer }) => {
    const filters = ['a.b.c', 'a.*.c', 'a.*', '*.b.*', 'a.>', '>', '*', 'a.*.>', 'a.b.*x']
    const heard = new Map<string, string[]>(filters.map(filter => [filter, []]))
    for (const filter of filters)
      peer.subscribe(filter, m => {
        if (!m.subject.startsWith('_INBOX')) heard.get(filter)!.push(m.subject)
      })
    await peer.flush()
    const subjects = ['a', 'a.b', 'a.b.c', 'a.x.c', 'a.b.c.d', 'z.b.y', 'a.b.*x']
    for (const subject of subjects.slice(0, 6)) bus.publish(subject, bytes(''))
    await until('all arrived', () => heard.get('>')!.length === 6)
    for (const [filter, expected] of [
      ['a.b.c', ['a.b.c']],
      ['a.*.c', ['a.b.c', 'a.x.c']],
      ['a.*', ['a.b']],
      ['*.b.*', ['a.b.c', 'z.b.y']],
      ['a.>', ['a.b', 'a.b.c', 'a.x.c', 'a.b.c.d']],
      ['*', ['a']],
      ['a.*.>', ['a.b.c', 'a.x.c', 'a.b.c.d']],
      ['a.b.*x', []],
    ] as const)
      t.same(heard.get(filter), expected, filter)
  })

  rule('B3 malformed subjects and filters are refused', async (t, { bus }) => {
    for (const subject of ['', 'a..b', '.a', 'a.', 'a b', 'a.*', 'a.>'])
      t.throws(() => bus.publish(subject, bytes('')), TypeError, subject)
    for (const filter of ['', 'a..b', '>.a', 'a.>.b', 'a\tb'])
      t.throws(() => bus.subscribe(filter, () => {}), TypeError, filter)
  })

  rule('B4 one member of a queue group gets each message', async (t, { bus, peer }) => {
    const count = 300
    const members = [0, 0, 0]
    let alone = 0
    bus.subscribe('work.*', () => members[0]!++, { queue: 'crew' })
    peer.subscribe('work.*', () => members[1]!++, { queue: 'crew' })
    peer.subscribe('work.now', () => members[2]!++, { queue: 'crew' })
    peer.subscribe('work.now', () => alone++)
    await Promise.all([bus.flush(), peer.flush()])
    for (let i = 0; i < count; i++) bus.publish('work.now', bytes(''))
    await until('all arrived', () => alone === count)
    await sleep(20)
    t.equal(
      members.reduce((a, b) => a + b),
      count,
    )
    t.ok(
      members.every(share => share > 0),
      `every member had a share: ${members}`,
    )
  })

  rule('B5 request resolves with the first reply', async (t, { bus, peer }) => {
    peer.subscribe('ask', m => {
      m.respond!(bytes(`${text(m.body)} heard`))
      m.respond!(bytes('second answer'))
    })
    await peer.flush()
    t.equal(text(await bus.request('ask', bytes('q'), 1_000)), 'q heard')
    const many = await Promise.all(
      Array.from({ length: 500 }, (_, i) => bus.request('ask', bytes(String(i)), 5_000)),
    )
    t.same(
      many.map(text),
      Array.from({ length: 500 }, (_, i) => `${i} heard`),
    )
  })

  rule('B5 an ordinary message has no respond', async (t, { bus, peer }) => {
    let message: BusMessage | undefined
    peer.subscribe('tell', m => {
      message = m
    })
    await peer.flush()
    bus.publish('tell', bytes('x'))
    await until('it arrived', () => message !== undefined)
    t.equal(message!.respond, undefined)
  })

  rule('B5 without a subscriber, request rejects at once', async (t, { bus }) => {
    // The timeout is longer than a test may take.
    await t.rejects(bus.request('nobody.there', bytes(''), 600_000), unavailable)
  })

  rule('B5 with no reply, request rejects after its timeout', async (t, { bus, peer }) => {
    peer.subscribe('silent', () => {})
    await peer.flush()
    const startedAtMs = performance.now()
    await t.rejects(bus.request('silent', bytes(''), 100), unavailable)
    for (const timeoutMs of [0, -5])
      await t.rejects(
        bus.request('silent', bytes(''), timeoutMs),
        unavailable,
        'the time was over before the request',
      )
    const tookMs = performance.now() - startedAtMs
    t.ok(tookMs >= 90, `took ${tookMs} ms`)
  })

  rule(
    'B6 a handler that throws or rejects is counted and logged, and other handlers get their messages',
    async (t, { bus, peer }, log) => {
      let heard = 0
      peer.subscribe('boom', () => {
        throw new Error('thrown on purpose')
      })
      peer.subscribe('boom', async () => {
        throw new Error('rejected on purpose')
      })
      peer.subscribe('boom', () => heard++)
      await peer.flush()
      bus.publish('boom', bytes(''))
      bus.publish('boom', bytes(''))
      await until('both arrived', () => heard === 2)
      await until('all four were counted', () => peer.losses.handlersFailed === 4)
      t.equal(
        log.filter(line => line.includes('on purpose')).length,
        1,
        'one line for all failures of a kind, because a stranger could cause a million of them',
      )
    },
  )

  rule(
    'B9 close delivers earlier messages, and then calls are refused',
    async (t, { bus, peer }) => {
      const count = 2_000
      let own = 0
      let peers = 0
      const statuses: boolean[] = []
      bus.subscribe('last', () => own++)
      peer.subscribe('last', () => peers++)
      bus.onStatus(connected => statuses.push(connected))
      await Promise.all([bus.flush(), peer.flush()])
      for (let i = 0; i < count; i++) bus.publish('last', bytes(String(i)))
      const closed = bus.close()
      t.equal(bus.publish('last', bytes('late')), false, 'publish after close')
      await closed
      await until('the peer heard all', () => peers >= count)
      t.equal(own, count)
      t.equal(peers, count)
      t.equal(bus.connected, false)
      t.same(statuses, [false])
      t.equal(bus.publish('last', bytes('later')), false)
      await t.rejects(bus.request('last', bytes(''), 1_000), unavailable)
      t.doesNotThrow(() => bus.subscribe('last', () => {}).unsubscribe())
      await bus.close()
    },
  )

  rule(
    'B10 a body above the limit is refused, one at the limit passes',
    async (t, { bus, peer }) => {
      const largest = new Uint8Array(limits.busMessageBytesMax)
      const tooMuch = new Uint8Array(limits.busMessageBytesMax + 1)
      let heardBytes = 0
      let refused: unknown
      peer.subscribe('size', m => {
        heardBytes = m.body.byteLength
        if (!m.respond) return
        try {
          m.respond(tooMuch)
        } catch (cause) {
          refused = cause
        }
        m.respond(bytes('fits'))
      })
      await peer.flush()
      const lost = bus.losses.tooLarge
      t.equal(
        bus.publish('size', tooMuch),
        false,
        'publish does not throw, because its callers do not catch',
      )
      t.equal(bus.losses.tooLarge, lost + 1)
      t.equal(
        bus.publish('size', new Uint8Array(limits.busMessageBytesMax), 'an id'),
        false,
        'the bytes of a message id count too',
      )
      await t.rejects(bus.request('size', tooMuch, 1_000), tooLarge)
      t.equal(bus.publish('size', largest), true)
      await until('the largest arrived', () => heardBytes === limits.busMessageBytesMax)
      t.equal(text(await bus.request('size', bytes('q'), 1_000)), 'fits')
      t.ok(
        refused instanceof CaduceusError && refused.code === 'body_too_large',
        'an answer has the same limit',
      )
    },
  )

  rule(
    'B11 bytes belong to the handler, and the publisher may reuse its own',
    async (t, { bus, peer }) => {
      const heard: Uint8Array[] = []
      const asked: string[] = []
      for (let i = 0; i < 3; i++) {
        peer.subscribe('reuse', m => {
          heard.push(Uint8Array.from(m.body))
          m.body.fill(0)
        })
      }
      const answer = new Uint8Array(1)
      peer.subscribe('reuse.ask', m => {
        asked.push(text(m.body))
        answer[0] = m.body[0]!
        m.respond!(answer)
        answer[0] = 0
      })
      await peer.flush()
      const buffer = new Uint8Array(3)
      for (let i = 1; i <= 50; i++) {
        buffer.fill(i)
        bus.publish('reuse', buffer)
      }
      buffer.fill(0x41)
      const answered = bus.request('reuse.ask', buffer, 1_000)
      buffer.fill(0)
      t.equal(text(await answered), 'A')
      t.same(asked, ['AAA'])
      await until('all arrived', () => heard.length === 150)
      t.same(
        heard.map(body => body.join()).sort(),
        Array.from({ length: 150 }, (_, i) => String(Math.floor(i / 3) + 1))
          .map(n => `${n},${n},${n}`)
          .sort(),
      )
    },
  )

  void t.test(`${name} B7 B8`, async t => {
    const log: string[] = []
    const under = await make({ onLog: line => log.push(line) })
    const { bus, peer, outage } = under
    try {
      if (!outage) {
        t.comment('B7 and B8 do not apply: no connection to lose')
        return
      }
      const heard: string[] = []
      const statuses: boolean[] = []
      const early = peer.subscribe('again.>', m => heard.push(text(m.body)))
      peer.subscribe('again.ask', m => m.respond?.(bytes('here')))
      bus.onStatus(connected => statuses.push(connected))
      const stopListening = bus.onStatus(() => t.fail('a listener that has left'))
      stopListening()
      await peer.flush()
      bus.publish('again.x', bytes('before'))
      await until('it works before', () => heard.includes('before'))

      await outage.interrupt()
      await until('both noticed', () => !bus.connected && !peer.connected)
      t.equal(bus.publish('again.x', bytes('during')), false, 'B7 publish during the outage')
      await t.rejects(
        bus.request('again.ask', bytes(''), 1_000),
        unavailable,
        'B7 a request during the outage rejects before the connection is back',
      )
      await t.rejects(bus.flush(), unavailable)
      peer.subscribe('again.late', m => heard.push(`late ${text(m.body)}`))
      early.unsubscribe()

      await outage.restore()
      await until('both are back', () => bus.connected && peer.connected)
      t.same(statuses, [false, true], 'B8 onStatus told both changes')
      await Promise.all([bus.flush(), peer.flush()])
      t.equal(bus.publish('again.late', bytes('after')), true)
      await until('subscriptions work again', () => heard.includes('late after'))
      t.equal(
        text(await bus.request('again.ask', bytes(''), 1_000)),
        'here',
        'B8 a subscription from before the outage works',
      )
      t.same(
        heard,
        ['before', 'late after'],
        'no message was queued, and an ended subscription stays ended',
      )
    } finally {
      await under.stop()
    }
  })
}
