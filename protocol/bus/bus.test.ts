/**
 * The contract of the bus against memory and NATS, and the cases that only one of them can show.
 */
import assert from 'node:assert/strict'
import { connect } from '@nats-io/transport-node'
import { jetstreamManager } from '@nats-io/jetstream'
import fc from '../testing/properties.ts'
import t from 'tap'
import { requireOrSkip, startNats } from '../testing/services.ts'
import { limits } from '../kernel/limits.ts'
import { eventStream, subjects } from './subjects.ts'
import { busContract } from './contract.ts'
import { Matcher } from './matcher.ts'
import { memoryBus } from './memory.ts'
import { natsBus } from './nats.ts'
import { ensureEventStream } from './stream.ts'

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)

void t.test('contract, memory', async t => {
  busContract(t, 'memory', async options => {
    const bus = memoryBus(options)
    return { bus, peer: bus, stop: () => bus.close() }
  })
})

void t.test('contract, nats', { skip: requireOrSkip(t, 'nats') }, async t => {
  busContract(t, 'nats', async options => {
    const server = await startNats()
    const bus = await natsBus(server.url, { name: 'bus', ...options })
    const peer = await natsBus(server.url, { name: 'peer', ...options })
    return {
      bus,
      peer,
      outage: { interrupt: () => server.kill(), restore: () => server.restart() },
      async stop() {
        await Promise.all([bus.close(), peer.close()])
        await server.stop()
      },
    }
  })
})

void t.test('memory: a body without a subscriber is not made (B12)', async t => {
  const bus = memoryBus()
  bus.subscribe('there', () => {})
  t.equal(
    bus.publish('elsewhere', () => {
      throw new Error('made without a subscriber')
    }),
    true,
  )
  t.throws(
    () =>
      bus.publish('there', () => {
        throw new Error('made')
      }),
    /made/,
  )
  await bus.close()
})

void t.test('memory: publish returns false while the queue is full', async t => {
  const bus = memoryBus()
  let heard = 0
  bus.subscribe('flood', () => heard++)
  for (let i = 0; i < limits.busQueueMessagesMax; i++) bus.publish('flood', bytes(''))
  t.equal(bus.publish('flood', bytes('')), false)
  await t.rejects(bus.request('flood', bytes(''), 1_000), { code: 'unavailable' })
  await bus.flush()
  t.equal(heard, limits.busQueueMessagesMax)
  t.equal(bus.publish('flood', bytes('')), true)
  await bus.close()
})

void t.test('memory: a flood of messages does not block the event loop', async t => {
  const bus = memoryBus()
  let heard = 0
  let heardAtTurn = 0
  bus.subscribe('flood', () => heard++)
  for (let i = 0; i < 50_000; i++) bus.publish('flood', bytes(''))
  await new Promise<void>(resolve =>
    setImmediate(() =>
      setImmediate(() => {
        heardAtTurn = heard
        resolve()
      }),
    ),
  )
  t.ok(heardAtTurn < 50_000, `only ${heardAtTurn} delivered after two turns`)
  await bus.close()
  t.equal(heard, 50_000)
})

void t.test('memory: subscribers that answer each other do not block the loop', async t => {
  const bus = memoryBus()
  const roundsMax = 1_000
  let [rounds, turns] = [0, 0]
  const over = new Promise<void>(resolve => {
    bus.subscribe('ping', m => {
      if (++rounds === roundsMax) resolve()
      else bus.publish('pong', m.body)
    })
  })
  bus.subscribe('pong', m => bus.publish('ping', m.body))
  bus.publish('ping', bytes(''))
  // Sockets are read and timers fire in turns of the event loop, so each subscriber gets at most
  // one message in a turn.
  const turn = (): void => {
    turns++
    if (rounds < roundsMax) setImmediate(turn)
  }
  setImmediate(turn)
  await over
  t.ok(turns >= roundsMax, `${turns} turns in ${rounds} rounds`)
  await bus.close()
})

void t.test(
  'nats: the error of the first connection names the variable, and has no password',
  async t => {
    const refused = natsBus('nats://someone:secret@127.0.0.1:1', { connectTimeoutMs: 300 })
    await t.rejects(refused, /^NATS_URL: cannot connect to nats:\/\/127\.0\.0\.1:1: /)
    await refused.catch((cause: Error) => t.notMatch(cause.message, /secret/))
    await t.rejects(natsBus('http://secret@host'), /^NATS_URL: expected nats:/)
  },
)

void t.test(
  'nats: the first connection waits for a server that starts late',
  { skip: requireOrSkip(t, 'nats') },
  async t => {
    const server = await startNats()
    await server.kill()
    const connecting = natsBus(server.url)
    await new Promise(resolve => setTimeout(resolve, 400))
    await server.restart()
    const bus = await connecting
    t.equal(bus.connected, true)
    await bus.close()
    await server.stop()
  },
)

void t.test(
  'nats: while the server hangs, publish returns false and close resolves',
  { skip: requireOrSkip(t, 'nats') },
  async t => {
    const server = await startNats()
    const bus = await natsBus(server.url, { onLog() {} })
    server.pause()
    const large = new Uint8Array(limits.busMessageBytesMax)
    let accepted = 0
    while (accepted < 1_000 && bus.publish('void', large)) accepted++
    t.ok(accepted < 100, `took ${accepted} MB`)
    // The server still hangs when close resolves.
    await bus.close()
    await server.stop()
  },
)

void t.test(
  'the event stream stores an event once for each message id',
  { skip: requireOrSkip(t, 'nats') },
  async t => {
    const server = await startNats({ jetstream: true })
    t.equal(await ensureEventStream(server.url, eventStream), 'created')
    t.equal(await ensureEventStream(server.url, eventStream), 'present')
    const bus = await natsBus(server.url, { onLog() {} })
    const heard: string[] = []
    bus.subscribe(subjects.eventFilter, m => heard.push(m.subject))
    await bus.flush()
    const subject = subjects.event('order', 'accepted', 'o1')
    for (const id of ['1', '1', '2', '2', '1']) t.equal(bus.publish(subject, bytes('{}'), id), true)
    await bus.flush()
    const connection = await connect({ servers: server.url })
    const manager = await jetstreamManager(connection)
    let messages = 0
    for (let tries = 0; tries < 50 && messages < 2; tries++) {
      messages = (await manager.streams.info(eventStream.name)).state.messages
      await new Promise(resolve => setTimeout(resolve, 20))
    }
    t.equal(messages, 2)
    t.equal(heard.length, 5, 'core subscribers hear every copy')
    await connection.close()
    await bus.close()
    await server.stop()
  },
)

void t.test(
  'a server without JetStream has no event stream, and the log says so',
  { skip: requireOrSkip(t, 'nats') },
  async t => {
    const server = await startNats()
    const log: string[] = []
    t.equal(
      await ensureEventStream(server.url, eventStream, { onLog: line => log.push(line) }),
      'absent',
    )
    t.match(log, [/no event stream/])
    await server.stop()
  },
)

/** A second implementation of rule B3, token by token. */
const naive = (filter: string, subject: string): boolean => {
  const f = filter.split('.')
  const s = subject.split('.')
  if (f.at(-1) === '>')
    return s.length >= f.length && f.slice(0, -1).every((one, i) => one === '*' || one === s[i])
  return s.length === f.length && f.every((one, i) => one === '*' || one === s[i])
}

void t.test('matcher agrees with a comparison token by token', async t => {
  const token = fc.constantFrom('a', 'b', 'c', '*x')
  const subject = fc.array(token, { minLength: 1, maxLength: 4 }).map(tokens => tokens.join('.'))
  const filter = fc
    .tuple(
      fc.array(fc.oneof(token, fc.constant('*')), { minLength: 1, maxLength: 4 }),
      fc.boolean(),
    )
    .map(([tokens, open]) => [...tokens, ...(open ? ['>'] : [])].join('.'))
  fc.assert(
    fc.property(
      fc.array(fc.tuple(filter, fc.boolean()), { maxLength: 12 }),
      fc.array(subject, { maxLength: 12 }),
      (filters, subjects) => {
        const matcher = new Matcher<number>()
        filters.forEach(([filter], i) => matcher.add(filter, i))
        filters.forEach(([filter, removed], i) => {
          if (removed) matcher.remove(filter, i)
        })
        for (const subject of subjects) {
          const expected = filters.flatMap(([filter, removed], i) =>
            !removed && naive(filter, subject) ? [i] : [],
          )
          assert.deepEqual(
            matcher.match(subject).sort((a, b) => a - b),
            expected,
          )
        }
      },
    ),
    { seed: 1, numRuns: 1_000 },
  )
  t.pass('no difference found')
})
