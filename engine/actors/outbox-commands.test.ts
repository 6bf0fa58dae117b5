/**
 * Commands to other actors are sent until they are answered, and the cursor never passes open work.
 * Numbers in brackets are the invariants of SPEC.md.
 */
import t from 'tap'
import { limits } from '../../protocol/kernel/limits.ts'
import type { TellReply } from './letter.ts'
import { ok, refused, world } from './fixture-outbox.ts'

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
    'events are published, although a command waits',
  )
  t.same(w.delivered, ['slow', 'quick'], 'commands of other actors do not wait either')
  t.equal(w.cursor(), 1)
  t.ok(w.outbox.busy('a2'))
  t.notOk(w.outbox.busy('a3'))
  release(ok)
  await w.env.settle()
  t.equal(w.cursor(), 4)
  t.notOk(w.outbox.busy('a2'))
})

t.test('the commands of one actor are sent one after the other', async t => {
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

t.test('a command is sent again, under its id, until it is granted', async t => {
  for (const code of ['moved', 'unavailable', 'overloaded', 'internal'] as const) {
    const w = world()
    w.answer(() => (w.delivered.length < 6 ? refused(code) : ok))
    w.outbox.open(0, 0)
    w.add(1, [w.command('x')])
    await w.env.advance(30_000)
    t.same(
      w.delivered,
      Array.from({ length: 6 }, () => 'x'),
      `${code}: sent again under the same id`,
    )
    t.equal(w.cursor(), 1)
  }
  const w = world()
  w.answer(() => (w.delivered.length < 3 ? Promise.reject(new Error('lost')) : ok))
  w.outbox.open(0, 0)
  w.add(1, [w.command('x')])
  await w.env.advance(30_000)
  t.equal(w.cursor(), 1, 'also when no answer comes back')
})

t.test('a refusal ends a command, and its sender is told', async t => {
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
  t.equal(w.cursor(), undefined, 'the cursor waits until the sender is told')
  await w.env.advance(10_000)
  t.ok(w.delivered.includes('told:is driver_unavailable'))
  t.equal(w.delivered.filter(id => id === 'hold').length, 1)
  t.equal(w.cursor(), 2)
})

t.test(
  'a command whose receiver fails every time is parked, its sender is told, and the slot goes on',
  async t => {
    const w = world()
    w.answer(({ id }) => (id === 'poison' ? refused('internal') : ok))
    w.outbox.open(0, 0)
    w.add(1, [w.command('poison', 'told')])
    w.add(2, [w.command('other')])
    await w.env.advance(1_000)
    t.equal(w.cursor(), undefined, 'not parked at the first failure')
    let stored = false
    w.parking(async () => {
      if (!stored) throw new Error('the database is away')
    })
    await w.env.advance(60_000)
    t.same(
      [w.cursor(), w.parked],
      [undefined, []],
      'the cursor waits until the parked command is stored',
    )
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
    t.ok(w.delivered.includes('told:is internal'), 'the sender is told a refusal')
    t.equal(w.cursor(), 2)
    t.equal(w.outbox.parked, 1)
    t.match(
      w.logs.at(-1),
      /given up after \d+ failures and parked: release_hold for driver d, sent by a1/,
    )
    t.ok(
      w.delivered.filter(id => id === 'poison').length < 50,
      'there were pauses between the tries',
    )
  },
)

t.test('for a slot that was lost nothing more is sent, and its cursor stays', async t => {
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
    t.equal(w.cursor() ?? 7, 7, 'the next owner begins at the same cursor')
    t.notOk(w.outbox.busy('a8'), 'the actor is not busy any more')
    w.add(9)
  }
})

t.test('a soft effect runs once, at once, although the bus is down', async t => {
  const w = world()
  w.answer(() => new Promise(() => {}))
  w.outbox.open(0, 0)
  w.line(false)
  w.add(1, [w.command('x'), { do: 'confirmClaim', orderId: 'o', pharmacyId: 'v' }])
  const confirmed = [{ do: 'confirmClaim', orderId: 'o', pharmacyId: 'v' }]
  t.same(w.soft, confirmed)
  w.line(true)
  await w.env.advance(60_000)
  t.equal(w.published.length, 1, 'the event is published when the bus is back')
  t.same(w.soft, confirmed, 'the effect did not run again')
})

t.test('of a long queue behind one command each event is handed to the bus once', async t => {
  const w = world()
  w.answer(({ id }) => (id === 'stuck' ? new Promise(() => {}) : ok))
  w.outbox.open(0, 0)
  w.add(1, [w.command('stuck')])
  for (let seq = 2; seq <= 2_000; seq++) w.add(seq)
  t.equal(w.publications(), 2_000)
  t.equal(w.outbox.pending, 2_000)
  t.equal(w.cursor(), undefined)
})
