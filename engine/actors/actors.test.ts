/**
 * Actors take one command at a time, answer when the events are durable, remember command ids, and
 * are loaded again after they left memory. The tests run on virtual time over the memory journal,
 * with a wrapper that injects faults. Numbers in brackets are the invariants of SPEC.md.
 */
import t from 'tap'
import { limits } from '../../protocol/kernel/limits.ts'
import { actorsOf, counted, runtimeWorld, type Count } from './fixtures.ts'

t.test('[2] the answer comes after the append is durable', async t => {
  const w = runtimeWorld()
  const { tell } = await actorsOf(w)
  const id = w.id()
  t.equal(counted(await tell(id, 'add')), 1)
  w.store.setAway(true)
  let answered = false
  const waiting = tell(id, 'add').then(reply => {
    answered = true
    return reply
  })
  await w.env.settle()
  t.notOk(answered, 'no answer while the journal is away')
  w.store.setAway(false)
  t.equal(counted(await waiting), 2)
  t.equal(w.store.events.get(id)?.length, 2)
  t.same(
    w.committed.map(one => one.firstSeq),
    [1, 2],
  )
})

t.test('a command with events writes one row, of the last version', async t => {
  const w = runtimeWorld()
  const { tell } = await actorsOf(w)
  const id = w.id()
  for (const command of ['addTwo', 'nothing', 'add', 'refuse'] as const) await tell(id, command)
  t.same(w.rows, [
    [2, true],
    [3, false],
  ])
})

t.test('commands of one actor are decided one at a time, in order', async t => {
  const w = runtimeWorld()
  const { tell, actors } = await actorsOf(w)
  const [a, b] = [w.id(), w.id()]
  await tell(a, 'add')
  w.store.setAway(true)
  const replies = [
    tell(a, 'add'),
    tell(a, 'nothing'),
    tell(a, 'addTwo'),
    tell(a, 'refuse'),
    tell(a, 'add'),
  ]
  await w.env.settle()
  t.equal(actors.peek(a)?.phase, 'persisting')
  t.equal(actors.peek(a)?.waiting, 4, 'the other four wait')
  t.equal(actors.inFlight, 5)
  w.store.setAway(false)
  t.same((await Promise.all(replies)).map(counted), [2, 2, 4, 'forbidden', 5])
  t.equal(actors.inFlight, 0)
  t.same(
    w.store.events.get(a)?.map(event => event.version),
    [1, 2, 3, 4, 5],
    '[4] versions without gaps',
  )
  t.equal(counted(await tell(b, 'add')), 1, 'another actor counts for itself')
})

t.test('[3] the same command id gets the same answer', async t => {
  const rows: [Count, number | string][] = [
    ['add', 2],
    ['refuse', 'forbidden'],
  ]
  for (const [command, answer] of rows) {
    const w = runtimeWorld()
    const { tell } = await actorsOf(w)
    const id = w.id()
    await tell(id, 'add', 'before')
    const first = await tell(id, command, 'x')
    t.equal(counted(first), answer, `${command} → ${answer}`)
    const events = w.store.events.get(id)?.length
    const again = await tell(id, command, 'x')
    t.same(again, first, `${command} again → ${answer}`)
    t.equal(w.store.events.get(id)?.length, events, 'no event is written')
  }
  const w = runtimeWorld()
  const { tell } = await actorsOf(w)
  const id = w.id()
  await tell(id, 'add')
  w.store.setAway(true)
  const twice = [tell(id, 'add', 'x'), tell(id, 'add', 'x')]
  w.store.setAway(false)
  t.same((await Promise.all(twice)).map(counted), [2, 2], 'a repeat that comes before the answer')
})

t.test('[3] ids of granted commands survive a restart, and ids of refused ones do not', async t => {
  const w = runtimeWorld()
  const first = await actorsOf(w)
  const [a, b] = [w.id(), w.id()]
  for (const id of [a, b]) {
    await first.tell(id, 'add', 'x')
    await first.tell(id, 'refuse', 'y')
  }
  const cell = first.actors.peek(b)!
  await first.journal.saveSnapshots(
    [
      {
        slot: cell.slot,
        kind: 'order',
        actorId: b,
        version: cell.version,
        finished: false,
        bytes: first.actors.snapshot(cell),
      },
    ],
    new Map(),
  )
  await first.tell(b, 'addTwo', 'z')
  const second = await actorsOf(w, 'e2')
  t.same(w.recovered.sort(), [a, b].sort())
  t.equal(counted(await second.tell(a, 'add', 'x')), 1)
  t.equal(counted(await second.tell(b, 'add', 'x')), 3, 'from the snapshot')
  t.equal(counted(await second.tell(b, 'addTwo', 'z')), 3, 'from the events after it')
  t.same(second.actors.peek(b)?.acceptedIds, ['x', 'z'])
  t.equal(
    counted(await second.tell(a, 'add', 'y')),
    2,
    'a refusal is not stored, so the command is decided again',
  )
})

t.test('an actor remembers a bounded number of command ids', async t => {
  const w = runtimeWorld()
  const { tell, actors } = await actorsOf(w)
  const id = w.id()
  for (let i = 0; i < 3 * limits.commandIdsRememberedMax; i++) {
    await tell(id, 'add', `a${i}`)
    await tell(id, 'refuse', `r${i}`)
  }
  t.equal(actors.peek(id)?.acceptedIds.length, limits.commandIdsRememberedMax)
  t.equal(actors.peek(id)?.recall('r0'), undefined)
  t.not(actors.peek(id)?.recall(`r${3 * limits.commandIdsRememberedMax - 1}`), undefined)
})

t.test('a full mailbox answers overloaded', async t => {
  const w = runtimeWorld()
  const { tell, actors } = await actorsOf(w)
  const id = w.id()
  await tell(id, 'add')
  w.store.setAway(true)
  const first = tell(id, 'add')
  const queued = Array.from({ length: limits.mailboxDepthMax }, () => tell(id, 'nothing'))
  t.equal(counted(await tell(id, 'nothing')), 'overloaded')
  w.store.setAway(false)
  await first
  t.ok(
    (await Promise.all(queued)).every(reply => reply.ok),
    'the commands in the mailbox are served',
  )
  t.equal(actors.inFlight, 0)
})

t.test('[5] a writer with an old epoch writes nothing and drops the slot', async t => {
  const w = runtimeWorld()
  const first = await actorsOf(w)
  const id = w.id()
  await first.tell(id, 'add')
  const second = await actorsOf(w, 'e2')
  const slot = first.slotOf(id)
  const [written, waiting] = await Promise.all([first.tell(id, 'add'), first.tell(id, 'add')])
  t.same([counted(written), counted(waiting)], ['moved', 'moved'])
  t.same(w.fenced, [slot])
  t.equal(w.store.events.get(id)?.length, 1)
  t.equal(first.actors.peek(id), undefined)
  t.notOk(first.actors.owns(slot))
  t.equal(
    counted(await first.tell(id, 'add')),
    'moved',
    'asked again: another engine owns the slot',
  )
  t.equal(counted(await second.tell(id, 'add')), 2)
})

t.test(
  'when a slot is given up, waiting commands get moved, and a running append is answered',
  async t => {
    const w = runtimeWorld()
    const { tell, actors, slotOf } = await actorsOf(w)
    const id = w.id()
    await tell(id, { wakeAtMs: w.env.nowMs() + 1_000 })
    w.store.setAway(true)
    const written = tell(id, 'add')
    const waiting = tell(id, 'add')
    actors.abandon(slotOf(id))
    t.equal(counted(await waiting), 'moved')
    w.store.setAway(false)
    t.equal(counted(await written), 1, '[2] its event was durable')
    t.equal(w.committed.length, 1, 'the next owner computes the effects of its event')
    await w.env.advance(2_000)
    t.same(w.due, [], 'this engine keeps no deadline of the slot')
    t.equal(actors.inFlight, 0)
  },
)

t.test('a read from before its slot was taken again does not touch the actor [10]', async t => {
  const w = runtimeWorld()
  const { tell, actors, slotOf } = await actorsOf(w, 'e1', {
    loadActor: nth => (nth === 1 ? 'failAfter' : 'pass'),
  })
  const [model, id] = [w.id(), w.id()]
  await tell(model, { wakeAtMs: w.env.nowMs() + 1_000 })
  const slot = slotOf(id)
  const early = tell(id, 'nothing')
  actors.abandon(slot)
  // The engine owns the slot again, and the journal has the actor by now.
  const event = { ...w.store.events.get(model)![0]!, slot, actorId: id }
  actors.adopt(
    { slot, epoch: w.store.slot(slot).epoch },
    { snapshots: [], events: [event], cursorSeq: 0, lastSeq: 1 },
  )
  t.equal(counted(await early), 'moved')
  await w.env.advance(1_100)
  t.ok(w.due.includes(id), 'its deadline is kept')
})

t.test('a command without events to an unknown id leaves nothing in memory', async t => {
  const w = runtimeWorld()
  const { tell, actors } = await actorsOf(w)
  for (const command of ['nothing', 'refuse', 'throw'] as const) await tell(w.id(), command)
  await w.env.settle()
  t.equal(actors.size, 0)
  t.equal(actors.inFlight, 0)
})

t.test('a finished actor that is stored leaves memory, and is loaded for a command', async t => {
  const w = runtimeWorld()
  const { tell, actors } = await actorsOf(w)
  const id = w.id()
  await tell(id, 'add', 'x')
  await tell(id, 'finish')
  actors.evict(actors.peek(id)!)
  t.ok(actors.peek(id), 'it stays while it is dirty')
  actors.peek(id)!.dirty = false
  actors.evict(actors.peek(id)!)
  t.equal(actors.peek(id), undefined)
  const together = [tell(id, 'add', 'x'), tell(id, 'nothing')]
  t.equal(actors.peek(id)?.phase, 'loading')
  t.same((await Promise.all(together)).map(counted), [1, 1])
  t.ok(actors.dirty.has(actors.peek(id)!), 'the snapshotter will take it out of memory again')
})

t.test('a command of one kind to an actor of another kind is refused for good', async t => {
  const w = runtimeWorld()
  const { tell, actors } = await actorsOf(w)
  const id = w.id()
  await tell(id, 'finish', 'x', 'order')
  t.equal(counted(await tell(id, 'add', 'y', 'driver')), 'driver_not_found', 'in memory')
  actors.peek(id)!.dirty = false
  actors.evict(actors.peek(id)!)
  t.equal(
    counted(await tell(id, 'add', 'y', 'driver')),
    'driver_not_found',
    'out of memory: the same answer, and not one that makes the sender try again',
  )
  t.equal(actors.size, 0)
  t.same(w.logs, [], 'no defect is logged')
})

t.test('a decision that throws is logged, and the actor serves the next command', async t => {
  const w = runtimeWorld()
  const { tell } = await actorsOf(w)
  const id = w.id()
  await tell(id, 'add')
  t.equal(counted(await tell(id, 'throw')), 'internal')
  t.equal(counted(await tell(id, 'add')), 2, 'the next command is served')
  t.equal(w.logs.length, 1)
})

t.test('a failing journal', async t => {
  await t.test('an append that was not written: unavailable, and a repeat is decided', async t => {
    const w = runtimeWorld()
    const { tell } = await actorsOf(w, 'e1', {
      append: nth => (nth === 1 ? 'failBefore' : 'pass'),
    })
    const id = w.id()
    await tell(id, 'add')
    t.equal(counted(await tell(id, 'add', 'x')), 'unavailable')
    t.equal(
      counted(await tell(id, 'add', 'x')),
      2,
      'the repeat is decided, because the first command was not written',
    )
  })
  await t.test('[3] an append whose answer was lost: a repeat finds it', async t => {
    const w = runtimeWorld()
    const { tell } = await actorsOf(w, 'e1', { append: nth => (nth === 1 ? 'failAfter' : 'pass') })
    const id = w.id()
    await tell(id, 'add')
    t.equal(counted(await tell(id, 'add', 'x')), 'unavailable')
    t.equal(counted(await tell(id, 'add', 'x')), 2)
    t.equal(w.store.events.get(id)?.length, 2, 'the command was written once')
  })
  await t.test('an overloaded journal: overloaded, and the actor is not read again', async t => {
    const w = runtimeWorld()
    const { tell, actors } = await actorsOf(w, 'e1', {
      append: nth => (nth === 1 ? 'overloaded' : 'pass'),
      loadActor: nth => (nth > 0 ? 'failBefore' : 'pass'),
    })
    const id = w.id()
    await tell(id, 'add')
    t.same((await Promise.all([tell(id, 'add'), tell(id, 'add')])).map(counted), ['overloaded', 2])
    const unread = w.id()
    t.equal(counted(await tell(unread, 'add')), 'unavailable', 'a read would fail here')
    t.equal(actors.peek(unread), undefined)
    t.equal(actors.inFlight, 0)
  })
  await t.test('[10] a living actor that cannot be read keeps its deadline', async t => {
    const w = runtimeWorld()
    let broken = true
    const { tell, actors } = await actorsOf(w, 'e1', {
      append: nth => (nth === 1 ? 'failBefore' : 'pass'),
      loadActor: nth => (nth > 0 && broken ? 'failBefore' : 'pass'),
    })
    const id = w.id()
    await tell(id, { wakeAtMs: w.env.nowMs() + 10_000 })
    t.equal(counted(await tell(id, 'add')), 'unavailable')
    t.equal(counted(await tell(id, 'add')), 'unavailable', 'the actor cannot be read yet')
    await w.env.advance(5_000)
    t.ok(actors.peek(id))
    broken = false
    await w.env.advance(6_000)
    t.ok(w.due.includes(id))
    t.equal(counted(await tell(id, 'add')), 1)
  })
  await t.test('another writer took the version: moved, and the actor is read again', async t => {
    const w = runtimeWorld()
    const { tell, slotOf } = await actorsOf(w)
    const id = w.id()
    await tell(id, 'add')
    const slot = slotOf(id)
    const [event] = w.store.events.get(id)!
    w.store.append({
      slot,
      epoch: w.store.slot(slot).epoch,
      kind: 'order',
      actorId: id,
      fromVersion: 1,
      atMs: 0,
      commandId: 'foreign',
      by: { role: 'system', id: 'other' },
      events: [event!.event],
      row: null,
    })
    t.equal(counted(await tell(id, 'add', 'x')), 'moved')
    t.equal(counted(await tell(id, 'add', 'x')), 3)
  })
})

t.test('an actor is woken at its deadline, again and again until it is over [10]', async t => {
  const w = runtimeWorld()
  const { tell, actors } = await actorsOf(w)
  const id = w.id()
  await tell(id, { wakeAtMs: w.env.nowMs() + 1_000 })
  await w.env.advance(900)
  t.same(w.due, [])
  await w.env.advance(200)
  t.same(w.due, [id])
  await w.env.advance(2 * limits.wakeRetryMs + 200)
  t.equal(w.due.length, 3, 'woken again after each pause')
  actors.wakeAt(id, w.env.nowMs() + 10_000)
  await w.env.advance(9_000)
  t.equal(w.due.length, 3, 'not woken before the later time that was set')
  await tell(id, 'finish')
  await w.env.advance(20_000)
  t.equal(w.due.length, 3, 'not woken after a transition ended the deadline')
  const second = w.id()
  await tell(second, { wakeAtMs: w.env.nowMs() + 1_000 })
  const heir = await actorsOf(w, 'e2')
  w.due.length = 0
  await w.env.advance(1_100)
  t.ok(w.due.includes(second), 'the next engine derives the deadline from the state')
  heir.actors.stop()
})

t.test('the number of commands under way is bounded', async t => {
  const w = runtimeWorld()
  const { tell, actors } = await actorsOf(w)
  w.store.setAway(true)
  const ids = Array.from({ length: 21 }, () => w.id())
  const waiting: Promise<unknown>[] = []
  for (let i = 0; i < limits.commandsInFlightMax; i++) waiting.push(tell(ids[i % 20]!, 'nothing'))
  t.equal(actors.inFlight, limits.commandsInFlightMax)
  t.equal(counted(await tell(ids[20]!, 'nothing')), 'overloaded')
  t.equal(actors.peek(ids[20]!), undefined)
  await Promise.all(waiting)
  t.equal(actors.inFlight, 0)
  t.equal(actors.size, 0, 'no actor could be read, and none stays in memory')
})

t.test('a creating command reads no journal first, and finds an actor that exists [3]', async t => {
  const world = runtimeWorld(77)
  const { tell, actors } = await actorsOf(world, 'e1', { loadActor: () => 'failBefore' })
  const fresh = world.id()
  t.equal(
    counted(await tell(fresh, 'create')),
    1,
    'the journal was not read, because a read fails here',
  )
  t.equal(counted(await tell(fresh, 'add')), 2, 'the next command finds the actor in memory')
  actors.stop()

  const again = await actorsOf(world, 'e2')
  const old = world.id()
  t.equal(counted(await again.tell(old, 'create', 'first')), 1)
  await again.tell(old, 'finish')
  again.actors.stop()
  const third = await actorsOf(world, 'e3')
  const cell = third.actors.peek(old)
  if (cell !== undefined) {
    cell.dirty = false
    third.actors.evict(cell)
  }
  t.equal(
    counted(await third.tell(old, 'create', 'first')),
    1,
    '[3] the repeat of the first command finds the actor and its answer',
  )
  t.equal(
    counted(await third.tell(old, 'create', 'another')),
    2,
    'another creating command is decided by the state that exists',
  )
  t.same(
    world.logs.filter(line => line.startsWith('error')),
    [],
  )
  third.actors.stop()
})
