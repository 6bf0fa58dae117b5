/**
 * What follows commits: in order, at least once, and the cursor never ahead of what is done. Numbers in
 * brackets are the invariants of SPEC.md.
 */
import t from 'tap'
import { decodeBody } from '../../protocol/bus/codec.ts'
import type { Bus } from '../../protocol/bus/bus.ts'
import { eventVersion, type PublishedEvent } from '../../protocol/events.ts'
import type { Principal } from '../../protocol/principal.ts'
import type { ActorCommand, Effect } from '../effects.ts'
import { VirtualEnv } from '../sim/virtual-env.ts'
import type { ParkedCommand } from '../journal/journal.ts'
import { limits } from '../../protocol/limits.ts'
import type { TellReply } from './cell.ts'
import { Outbox } from './outbox.ts'

const by: Principal = { role: 'driver', id: 'd' }
const ok: TellReply = { ok: true, state: null, version: 1, updatedAtMs: 0 }
const refused = (
  code: 'driver_unavailable' | 'moved' | 'unavailable' | 'overloaded' | 'internal',
): TellReply => ({ ok: false, code, detail: `is ${code}` })

/** `lossless`: a bus without a server that could crash. */
function world({ lossless = false } = {}) {
  const env = new VirtualEnv(1)
  const published: PublishedEvent[] = []
  const ids: (string | undefined)[] = []
  const listeners = new Set<(connected: boolean) => void>()
  let connected = true
  let publications = 0
  let flush: () => Promise<void> = async () => {}
  const bus: Bus = {
    publish(_subject, body, messageId) {
      publications++
      if (!connected) return false
      published.push(decodeBody(typeof body === 'function' ? body() : body) as PublishedEvent)
      ids.push(messageId)
      return true
    },
    request: () => Promise.reject(new Error('not here')),
    subscribe: () => ({ unsubscribe() {} }),
    lossless,
    messageBytesMax: limits.busMessageBytesMax,
    losses: { tooLarge: 0, handlersFailed: 0 },
    get connected() {
      return connected
    },
    onStatus(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    flush: () => flush(),
    close: async () => {},
  }
  const cursors = new Map<number, number>()
  const delivered: string[] = []
  const soft: Effect[] = []
  let answer: (command: ActorCommand) => TellReply | Promise<TellReply> = () => ok
  const parked: ParkedCommand[] = []
  const logs: string[] = []
  let parking: () => Promise<void> = async () => {}
  const outbox = new Outbox({
    env,
    bus,
    log: (_level, message) => {
      logs.push(message)
    },
    async park(one) {
      await parking()
      parked.push(one)
    },
    soft: effect => {
      soft.push(effect)
    },
    async deliver(command) {
      delivered.push(command.id)
      return answer(command)
    },
  })
  const command = (id: string, onRefused?: string): Effect => ({
    do: 'command',
    to: {
      kind: 'driver',
      actorId: 'd',
      id,
      command: { verb: 'release_hold', by: { role: 'system', id: 's' }, offerId: 'o', outcome: '' },
    },
    ...(onRefused !== undefined && {
      onRefused: ({ detail }) => ({
        kind: 'order',
        actorId: 'a',
        id: `${onRefused}:${detail}`,
        command: { verb: 'expire', by: { role: 'system', id: 's' } },
      }),
    }),
  })
  const add = (seq: number, effects: Effect[] = [], actorId = `a${seq}`, slot = 0) =>
    outbox.add({
      slot,
      seq,
      kind: 'order',
      actorId,
      version: 1,
      atMs: 0,
      by,
      event: { type: 'picked_up', data: {} },
      effects,
    })
  return {
    env,
    outbox,
    parked,
    logs,
    parking: (by: typeof parking) => {
      parking = by
    },
    published,
    ids,
    delivered,
    soft,
    command,
    add,
    /** Where it moved to; undefined when it never did. */
    cursor(slot = 0) {
      for (const [one, seq] of outbox.takeMoved()) cursors.set(one, seq)
      return cursors.get(slot)
    },
    publications: () => publications,
    answer: (by: typeof answer) => {
      answer = by
    },
    flush: (by: typeof flush) => {
      flush = by
    },
    line: (up: boolean) => {
      connected = up
      for (const listener of listeners) listener(up)
    },
  }
}

t.test('[6] published in order, marked by id', async t => {
  const w = world()
  w.outbox.open(0, 0)
  w.outbox.open(1, 41)
  w.add(1)
  w.add(42, [], 'b', 1)
  w.add(2)
  t.same(
    w.published.map(event => event.id),
    ['0.1', '1.42', '0.2'],
  )
  t.same(w.ids, ['0.1', '1.42', '0.2'], 'and so to a stream that drops repeats')
  t.match(w.published[0], {
    slot: 0,
    seq: 1,
    order_seq: 1,
    actor: 'order',
    actor_id: 'a1',
    type: 'picked_up',
    v: eventVersion,
    by,
  })
  t.same([w.cursor(0), w.cursor(1)], [undefined, undefined], 'handed over is not published')
  await w.env.settle()
  t.same([w.cursor(0), w.cursor(1)], [2, 42])
  t.equal(w.outbox.pending, 0)
})

t.test(
  '[6] what a dying connection took with it is published again, and nothing before it',
  async t => {
    const w = world()
    w.outbox.open(0, 0)
    w.add(1)
    await w.env.advance(2 * limits.outboxDoubtMs)
    let lose: (error: Error) => void = () => {}
    w.flush(
      () =>
        new Promise((_, reject) => {
          lose = reject
        }),
    )
    w.add(2)
    w.add(3)
    await w.env.settle()
    t.same(
      w.published.map(event => event.seq),
      [1, 2, 3],
    )
    t.equal(w.cursor(), 1, 'the bus took them, and nobody knows whether they arrived')
    w.line(false)
    lose(new Error('connection lost'))
    w.flush(async () => {})
    w.add(4)
    await w.env.advance(60_000)
    t.equal(w.cursor(), 1)
    w.line(true)
    await w.env.settle()
    t.same(
      w.published.map(event => event.seq),
      [1, 2, 3, 2, 3, 4],
      'in order, from the first that is in doubt',
    )
    t.equal(w.cursor(), 4)
  },
)

t.test(
  '[6] a server that crashed may have answered for what it never wrote: the last second again',
  async t => {
    const w = world()
    w.outbox.open(0, 0)
    w.add(1)
    await w.env.advance(2 * limits.outboxDoubtMs)
    w.add(2)
    await w.env.advance(limits.outboxDoubtMs / 2)
    w.add(3)
    await w.env.settle()
    t.equal(w.cursor(), 3)
    w.line(false)
    // Longer than the second: it is counted from the break.
    await w.env.advance(10 * limits.outboxDoubtMs)
    w.line(true)
    await w.env.settle()
    t.same(
      w.published.map(event => event.seq),
      [1, 2, 3, 2, 3],
    )
    t.equal(w.cursor(), 3)
  },
)

t.test(
  '[6] a round trip that spans a disconnection says nothing, though it is answered well',
  async t => {
    const w = world()
    w.outbox.open(0, 0)
    let answer: () => void = () => {}
    w.flush(
      () =>
        new Promise(resolve => {
          answer = resolve
        }),
    )
    w.add(1)
    await w.env.settle()
    w.line(false)
    w.line(true)
    const before = answer
    before()
    await w.env.settle()
    t.equal(w.cursor(), undefined, 'that answer was for the connection before')
    t.same(
      w.published.map(event => event.seq),
      [1, 1],
    )
    answer()
    await w.env.settle()
    t.equal(w.cursor(), 1)
  },
)

t.test('[6] a bus that cannot forget is not told anything twice', async t => {
  const w = world({ lossless: true })
  w.outbox.open(0, 0)
  w.add(1)
  await w.env.settle()
  w.line(false)
  w.add(2)
  w.line(true)
  await w.env.settle()
  t.same(
    w.published.map(event => event.seq),
    [1, 2],
  )
  t.equal(w.cursor(), 2)
})

t.test(
  '[6] a round trip that fails on a connection that stays is tried again, and not in a loop',
  async t => {
    const w = world()
    let trips = 0
    w.flush(async () => {
      if (++trips < 5) throw new Error('no answer')
    })
    w.outbox.open(0, 0)
    w.add(1)
    await w.env.settle()
    t.equal(trips, 1)
    await w.env.advance(10_000)
    t.equal(trips, 5)
    t.equal(w.cursor(), 1)
  },
)

t.test('[6] the bus down and up again: all of it, in order', async t => {
  const w = world()
  w.outbox.open(0, 0)
  w.add(1)
  await w.env.advance(2 * limits.outboxDoubtMs)
  w.line(false)
  w.add(2)
  w.add(3)
  t.equal(w.cursor(), 1)
  t.equal(w.outbox.pending, 2)
  w.line(true)
  await w.env.settle()
  t.same(
    w.published.map(event => event.seq),
    [1, 2, 3],
  )
  t.equal(w.cursor(), 3)
})

t.test('[6] the cursor never passes an undelivered command', async t => {
  const w = world()
  let release: (reply: TellReply) => void = () => {}
  w.answer(({ id }) =>
    id === 'slow'
      ? new Promise(resolve => {
          release = resolve
        })
      : ok,
  )
  w.outbox.open(0, 0)
  w.add(1)
  w.add(2, [w.command('slow')])
  w.add(3, [w.command('quick')])
  w.add(4)
  await w.env.settle()
  t.same(
    w.published.map(event => event.seq),
    [1, 2, 3, 4],
    'publication does not wait for it',
  )
  t.same(w.delivered, ['slow', 'quick'], 'nor do other actors')
  t.equal(w.cursor(), 1)
  t.ok(w.outbox.busy('a2'))
  t.notOk(w.outbox.busy('a3'))
  release(ok)
  await w.env.settle()
  t.equal(w.cursor(), 4)
  t.notOk(w.outbox.busy('a2'))
})

t.test('commands of one actor one after the other', async t => {
  const w = world()
  let release: (reply: TellReply) => void = () => {}
  w.answer(({ id }) =>
    id === 'hold'
      ? new Promise(resolve => {
          release = resolve
        })
      : ok,
  )
  w.outbox.open(0, 0)
  w.add(1, [w.command('hold')], 'a')
  w.add(2, [w.command('release')], 'a')
  await w.env.advance(60_000)
  t.same(w.delivered, ['hold'], 'a release does not overtake its hold')
  release(ok)
  await w.env.settle()
  t.same(w.delivered, ['hold', 'release'])
})

t.test('tried until answered', async t => {
  for (const code of ['moved', 'unavailable', 'overloaded', 'internal'] as const) {
    const w = world()
    w.answer(() => (w.delivered.length < 6 ? refused(code) : ok))
    w.outbox.open(0, 0)
    w.add(1, [w.command('x')])
    await w.env.advance(30_000)
    t.same(
      w.delivered,
      Array.from({ length: 6 }, () => 'x'),
      `${code}: again, under the same id`,
    )
    t.equal(w.cursor(), 1)
  }
  const w = world()
  w.answer(() => (w.delivered.length < 3 ? Promise.reject(new Error('lost')) : ok))
  w.outbox.open(0, 0)
  w.add(1, [w.command('x')])
  await w.env.advance(30_000)
  t.equal(w.cursor(), 1, 'and when the way itself fails')
})

t.test('a refusal is an answer, and the sender hears of it', async t => {
  const w = world()
  w.answer(({ id }) =>
    id === 'hold'
      ? refused('driver_unavailable')
      : w.delivered.length < 4
        ? refused('unavailable')
        : ok,
  )
  w.outbox.open(0, 0)
  w.add(1, [w.command('hold', 'told')])
  w.add(2, [w.command('other')])
  await w.env.settle()
  t.equal(w.cursor(), undefined, 'not done before the sender heard')
  await w.env.advance(10_000)
  t.ok(w.delivered.includes('told:is driver_unavailable'))
  t.equal(w.delivered.filter(id => id === 'hold').length, 1)
  t.equal(w.cursor(), 2)
})

t.test(
  'a receiver that fails every time is given up: parked, told, and the slot goes on',
  async t => {
    const w = world()
    w.answer(({ id }) => (id === 'poison' ? refused('internal') : ok))
    w.outbox.open(0, 0)
    w.add(1, [w.command('poison', 'told')])
    w.add(2, [w.command('other')])
    await w.env.advance(1_000)
    t.equal(w.cursor(), undefined, 'not at the first failure')
    let stored = false
    w.parking(async () => {
      if (!stored) throw new Error('the database is away')
    })
    await w.env.advance(60_000)
    t.same([w.cursor(), w.parked], [undefined, []], 'not before it is stored')
    stored = true
    await w.env.advance(10_000)
    t.match(w.parked, [
      {
        slot: 0,
        seq: 1,
        fromActorId: 'a1',
        kind: 'driver',
        actorId: 'd',
        commandId: 'poison',
        command: { verb: 'release_hold' },
        detail: 'is internal',
      },
    ])
    t.ok(w.parked[0]!.tries >= limits.outboxFailuresMax)
    t.ok(w.delivered.includes('told:is internal'), 'the sender hears a refusal')
    t.equal(w.cursor(), 2)
    t.equal(w.outbox.parked, 1)
    t.match(
      w.logs.at(-1),
      /given up after \d+ failures and parked: release_hold for driver d, sent by a1/,
    )
    t.ok(w.delivered.filter(id => id === 'poison').length < 50, 'with pauses')
  },
)

t.test('a slot that was lost: nothing more is sent, and the cursor stays', async t => {
  for (const [name, end] of [
    ['close', (w: ReturnType<typeof world>) => w.outbox.close(0)],
    ['stop', (w: ReturnType<typeof world>) => w.outbox.stop()],
  ] as const) {
    const w = world()
    w.answer(() => refused('unavailable'))
    w.outbox.open(0, 7)
    w.add(8, [w.command('x')])
    await w.env.settle()
    end(w)
    const sent = w.delivered.length
    await w.env.advance(60_000)
    t.equal(w.delivered.length, sent, name)
    t.equal(w.cursor() ?? 7, 7, 'the next owner begins where this one ended')
    t.notOk(w.outbox.busy('a8'), 'nothing is left behind')
    w.add(9)
  }
})

t.test('soft effects run once, and wait for nothing', async t => {
  const w = world()
  w.answer(() => new Promise(() => {}))
  w.outbox.open(0, 0)
  w.line(false)
  w.add(1, [w.command('x'), { do: 'confirmClaim', orderId: 'o', vendorId: 'v' }])
  t.same(w.soft, [{ do: 'confirmClaim', orderId: 'o', vendorId: 'v' }])
})

t.test('a long queue behind one command is not looked through again and again', async t => {
  const w = world()
  w.answer(({ id }) => (id === 'stuck' ? new Promise(() => {}) : ok))
  w.outbox.open(0, 0)
  w.add(1, [w.command('stuck')])
  for (let seq = 2; seq <= 2_000; seq++) w.add(seq)
  t.equal(w.publications(), 2_000)
  t.equal(w.outbox.pending, 2_000)
  t.equal(w.cursor(), undefined)
})

t.test('a fact under both of its names, in one place of the order', async t => {
  const w = world()
  w.outbox.open(3, 0)
  w.add(1, [], 'a1', 3)
  w.outbox.add({
    slot: 3,
    seq: 2,
    kind: 'order',
    actorId: 'a1',
    version: 2,
    atMs: 0,
    by,
    event: { type: 'picked_up', data: {} },
    effects: [],
    older: {
      orderId: 'a1',
      fact: { type: 'trip.started', data: { trip_id: 'a1', driver_id: 'd' } },
    },
  })
  w.add(3, [], 'a1', 3)
  t.same(w.ids, ['3.1', '3.2', '3.2.trip.started', '3.3'])
  t.match(w.published[2], {
    slot: 3,
    seq: 2,
    order_seq: 2,
    type: 'trip.started',
    data: { trip_id: 'a1' },
  })
})
