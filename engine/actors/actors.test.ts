/**
 * Actors take one command at a time, answer when the events are durable, remember command ids, and
 * load again after they left memory. The tests run on virtual time over the memory journal, with a
 * wrapper that injects faults. Numbers in brackets are the invariants of SPEC.md.
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
  t.notOk(answered, 'not before')
  w.store.setAway(false)
  t.equal(counted(await waiting), 2)
  t.equal(w.store.events.get(id)?.length, 2)
  t.same(
    w.committed.map(one => one.firstSeq),
    [1, 2],
  )
})

t.test(
  'the row that is written is that of the version after it, and says whether it is the first',
  async t => {
    const w = runtimeWorld()
    const { tell } = await actorsOf(w)
    const id = w.id()
    for (const command of ['addTwo', 'nothing', 'add', 'refuse'] as const) await tell(id, command)
    t.same(w.rows, [
      [2, true],
      [3, false],
    ])
  },
)

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
  t.equal(actors.peek(a)?.waiting, 4, 'the rest waits')
  t.equal(actors.inFlight, 5)
  w.store.setAway(false)
  t.same((await Promise.all(replies)).map(counted), [2, 2, 4, 'forbidden', 5])
  t.equal(actors.inFlight, 0)
  t.same(
    w.store.events.get(a)?.map(event => event.version),
    [1, 2, 3, 4, 5],
    '[4] versions without gaps',
  )
  t.equal(counted(await tell(b, 'add')), 1, 'another actor is another story')
})

t.test('[3] the same command id gets the same answer', async t => {
  const rows: [Count, number | string][] = [
    ['add', 1],
    ['refuse', 'forbidden'],
  ]
  for (const [command, answer] of rows) {
    const w = runtimeWorld()
    const { tell } = await actorsOf(w)
    const id = w.id()
    await tell(id, 'add', 'before')
    const first = await tell(id, command, 'x')
    const events = w.store.events.get(id)?.length
    const again = await tell(id, command, 'x')
    t.same(again, first, `${command} → ${answer}`)
    t.equal(w.store.events.get(id)?.length, events, 'and nothing is written')
  }
  const w = runtimeWorld()
  const { tell } = await actorsOf(w)
  const id = w.id()
  await tell(id, 'add')
  w.store.setAway(true)
  const twice = [tell(id, 'add', 'x'), tell(id, 'add', 'x')]
  w.store.setAway(false)
  t.same((await Promise.all(twice)).map(counted), [2, 2], 'a repeat that overtakes the answer')
})

t.test(
  '[3] accepted ids across a restart, by events and by snapshot; refusals while it lives',
  async t => {
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
      'a refusal is no fact: asked anew, decided anew',
    )
  },
)

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
    'those in the box are served',
  )
  t.equal(actors.inFlight, 0)
})

t.test('[5] a fenced writer writes nothing and drops the slot', async t => {
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
  t.equal(counted(await first.tell(id, 'add')), 'moved', 'asked again: somebody else')
  t.equal(counted(await second.tell(id, 'add')), 2)
})

t.test(
  'an abandoned slot: waiting commands are sent to the new owner, an append under way is answered',
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
    t.equal(counted(await written), 1, '[2] it was durable')
    t.equal(w.committed.length, 1, "its effects are the next owner's")
    await w.env.advance(2_000)
    t.same(w.due, [], 'no deadline is kept for another')
    t.equal(actors.inFlight, 0)
  },
)

t.test(
  'a late answer to an append of an earlier ownership does not touch the later one [10]',
  async t => {
    const w = runtimeWorld()
    const { tell, actors, slotOf } = await actorsOf(w, 'e1', {
      loadActor: nth => (nth === 1 ? 'failAfter' : 'pass'),
    })
    const [model, id] = [w.id(), w.id()]
    await tell(model, { wakeAtMs: w.env.nowMs() + 1_000 })
    const slot = slotOf(id)
    const early = tell(id, 'nothing')
    actors.abandon(slot)
    // The slot is owned again, and by now the actor exists.
    const event = { ...w.store.events.get(model)![0]!, slot, actorId: id }
    actors.adopt(
      { slot, epoch: w.store.slot(slot).epoch },
      { snapshots: [], events: [event], cursorSeq: 0, lastSeq: 1 },
    )
    t.equal(counted(await early), 'moved')
    await w.env.advance(1_100)
    t.ok(w.due.includes(id), 'its deadline is kept')
  },
)

t.test('an unknown id leaves no cell', async t => {
  const w = runtimeWorld()
  const { tell, actors } = await actorsOf(w)
  for (const command of ['nothing', 'refuse', 'throw'] as const) await tell(w.id(), command)
  await w.env.settle()
  t.equal(actors.size, 0)
  t.equal(actors.inFlight, 0)
})

t.test('a finished actor is loaded on demand only', async t => {
  const w = runtimeWorld()
  const { tell, actors } = await actorsOf(w)
  const id = w.id()
  await tell(id, 'add', 'x')
  await tell(id, 'finish')
  actors.evict(actors.peek(id)!)
  t.ok(actors.peek(id), 'not while it is dirty')
  actors.peek(id)!.dirty = false
  actors.evict(actors.peek(id)!)
  t.equal(actors.peek(id), undefined)
  const together = [tell(id, 'add', 'x'), tell(id, 'nothing')]
  t.equal(actors.peek(id)?.phase, 'loading')
  t.same((await Promise.all(together)).map(counted), [1, 1])
  t.ok(actors.dirty.has(actors.peek(id)!), 'the snapshotter sees it out again')
})

t.test('an id of one kind is not an id of another kind', async t => {
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
    'out of memory: an answer for good, or the sender would ask for ever',
  )
  t.equal(actors.size, 0)
  t.same(w.logs, [], 'and no defect')
})

t.test('a decision that throws is answered and logged', async t => {
  const w = runtimeWorld()
  const { tell } = await actorsOf(w)
  const id = w.id()
  await tell(id, 'add')
  t.equal(counted(await tell(id, 'throw')), 'internal')
  t.equal(counted(await tell(id, 'add')), 2, 'the actor goes on')
  t.equal(w.logs.length, 1)
})

t.test('a failing journal', async t => {
  await t.test(
    'the append fails: the answer is unavailable, and the actor is read again',
    async t => {
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
        'a repeat is decided anew, because it was not written',
      )
    },
  )
  await t.test('[3] the append lands and its answer is lost: a repeat finds it', async t => {
    const w = runtimeWorld()
    const { tell } = await actorsOf(w, 'e1', { append: nth => (nth === 1 ? 'failAfter' : 'pass') })
    const id = w.id()
    await tell(id, 'add')
    t.equal(counted(await tell(id, 'add', 'x')), 'unavailable')
    t.equal(counted(await tell(id, 'add', 'x')), 2)
    t.equal(w.store.events.get(id)?.length, 2, 'once')
  })
  await t.test(
    'the journal is overloaded: the answer says so, nothing is lost, nothing is reloaded',
    async t => {
      const w = runtimeWorld()
      const { tell, actors } = await actorsOf(w, 'e1', {
        append: nth => (nth === 1 ? 'overloaded' : 'pass'),
        loadActor: nth => (nth > 0 ? 'failBefore' : 'pass'),
      })
      const id = w.id()
      await tell(id, 'add')
      t.same((await Promise.all([tell(id, 'add'), tell(id, 'add')])).map(counted), [
        'overloaded',
        2,
      ])
      const unborn = w.id()
      t.equal(counted(await tell(unborn, 'add')), 'unavailable', 'a journal that cannot be read')
      t.equal(actors.peek(unborn), undefined)
      t.equal(actors.inFlight, 0)
    },
  )
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
    t.equal(counted(await tell(id, 'add')), 'unavailable', 'still being read')
    await w.env.advance(5_000)
    t.ok(actors.peek(id))
    broken = false
    await w.env.advance(6_000)
    t.ok(w.due.includes(id))
    t.equal(counted(await tell(id, 'add')), 1)
  })
  await t.test('another writer took the version: the actor is read again', async t => {
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

t.test('deadlines', async t => {
  const w = runtimeWorld()
  const { tell, actors } = await actorsOf(w)
  const id = w.id()
  await tell(id, { wakeAtMs: w.env.nowMs() + 1_000 })
  await w.env.advance(900)
  t.same(w.due, [])
  await w.env.advance(200)
  t.same(w.due, [id])
  await w.env.advance(2 * limits.wakeRetryMs + 200)
  t.equal(w.due.length, 3, 'looked at again until a transition says otherwise')
  actors.wakeAt(id, w.env.nowMs() + 10_000)
  await w.env.advance(9_000)
  t.equal(w.due.length, 3, 'unless put off')
  await tell(id, 'finish')
  await w.env.advance(20_000)
  t.equal(w.due.length, 3, 'a transition ended it')
  const second = w.id()
  await tell(second, { wakeAtMs: w.env.nowMs() + 1_000 })
  const heir = await actorsOf(w, 'e2')
  w.due.length = 0
  await w.env.advance(1_100)
  t.ok(w.due.includes(second), 'derived from state: a restart keeps it')
  heir.actors.stop()
})

t.test('bounds on everything at once', async t => {
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
  t.equal(actors.size, 0, 'nothing could be read, nothing stays')
})

t.test('a creating command does not read the journal first, and is still right', async t => {
  const world = runtimeWorld(77)
  const { tell, actors } = await actorsOf(world, 'e1', { loadActor: () => 'failBefore' })
  const fresh = world.id()
  t.equal(counted(await tell(fresh, 'create')), 1, 'nothing was read: reading fails here')
  t.equal(counted(await tell(fresh, 'add')), 2, 'from then on it is an actor like any other')
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
    'another command is decided on what is there',
  )
  t.same(
    world.logs.filter(line => line.startsWith('error')),
    [],
  )
  third.actors.stop()
})
