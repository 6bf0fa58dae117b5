/**
 * Events are published in order and at least once, and again when the bus may have lost them.
 * Numbers in brackets are the invariants of SPEC.md.
 */
import t from 'tap'
import { eventVersion } from '../../protocol/dispatch/events.ts'
import { limits } from '../../protocol/kernel/limits.ts'
import { by, ok, world } from './fixture-outbox.ts'
import type { TellReply } from './letter.ts'

t.test('[6] events are published in order, each with its id', async t => {
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
  t.same(w.ids, ['0.1', '1.42', '0.2'], 'the message ids, by which a stream drops repeats')
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
  t.same([w.cursor(0), w.cursor(1)], [undefined, undefined], 'the bus has not confirmed them')
  await w.env.settle()
  t.same([w.cursor(0), w.cursor(1)], [2, 42])
  t.equal(w.outbox.pending, 0)
})

t.test(
  '[6] events that a connection may have lost are published again, and no event before them',
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
    t.equal(w.cursor(), 1, 'the bus took two events, and has not confirmed them')
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
      'in order, from the first event that was not confirmed',
    )
    t.equal(w.cursor(), 4)
  },
)

t.test(
  '[6] a server that crashed may have lost the events of its last second: they are published again',
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
    // The outage is longer than the second in doubt. The second is counted from the break.
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

t.test('[6] a round trip that spans a disconnection confirms nothing', async t => {
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
  t.equal(w.cursor(), undefined, 'the answer belongs to the connection before')
  t.same(
    w.published.map(event => event.seq),
    [1, 1],
  )
  answer()
  await w.env.settle()
  t.equal(w.cursor(), 1)
})

t.test('[6] to a bus that loses nothing each event is published once', async t => {
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
  '[6] a round trip that fails on a connection that stays is tried again after a pause',
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
    t.equal(trips, 6, 'five, and the one that ends the doubt')
    t.equal(w.cursor(), 1)
  },
)

t.test('[6] a server that crashes twice may lose an event twice', async t => {
  const w = world()
  w.outbox.open(0, 0)
  w.add(1)
  w.add(2)
  for (const publications of [2, 4, 6]) {
    await w.env.advance(0.9 * limits.outboxDoubtMs)
    t.equal(w.published.length, publications)
    t.equal(w.cursor(), 2, 'the cursor does not go back')
    t.equal(w.outbox.pending, 0)
    w.line(false)
    t.equal(w.outbox.pending, 2)
    w.line(true)
  }
  t.same(
    w.published.map(event => event.seq),
    [1, 2, 1, 2, 1, 2, 1, 2],
  )
})

t.test('[6] a dead connection that is noticed late may have lost the last second', async t => {
  const w = world()
  w.outbox.open(0, 0)
  w.add(1)
  await w.env.settle()
  t.equal(w.cursor(), 1)
  w.flush(() => new Promise(() => {}))
  await w.env.advance(60 * limits.outboxDoubtMs)
  w.line(false)
  w.flush(async () => {})
  w.line(true)
  await w.env.settle()
  t.same(
    w.published.map(event => event.seq),
    [1, 1],
  )
})

t.test('[6] after a second that was answered a disconnection leaves no doubt', async t => {
  const w = world()
  w.outbox.open(0, 0)
  w.add(1)
  await w.env.advance(2 * limits.outboxDoubtMs)
  await w.env.advance(3_600_000)
  w.line(false)
  w.line(true)
  await w.env.settle()
  t.equal(w.published.length, 1)
})

t.test('[6] a command that waits keeps its place when its event is published again', async t => {
  const w = world()
  w.outbox.open(0, 0)
  let answer: (reply: TellReply) => void = () => {}
  w.answer(
    () =>
      new Promise(resolve => {
        answer = resolve
      }),
  )
  w.add(1, [w.command('c1')])
  w.add(2)
  await w.env.settle()
  t.equal(w.cursor(), undefined)
  w.line(false)
  t.equal(w.outbox.pending, 2)
  w.line(true)
  await w.env.settle()
  t.equal(w.cursor(), undefined, 'the command has no answer yet')
  answer(ok)
  await w.env.settle()
  t.equal(w.cursor(), 2)
  t.same(w.delivered, ['c1'])
  t.same(
    w.published.map(event => event.seq),
    [1, 2, 1, 2],
  )
})

t.test('[6] events from while the bus was down are published in order when it is back', async t => {
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

t.test(
  'an event with an older name is published under both names, one after the other',
  async t => {
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
  },
)
