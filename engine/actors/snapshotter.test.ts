/**
 * Snapshots and cursors are written behind the commands. The tests check their content, the moment
 * at which actors leave memory, and failures. Numbers in brackets are the invariants of SPEC.md.
 */
import t from 'tap'
import { memoryBus } from '../../protocol/bus/memory.ts'
import { limits } from '../../protocol/kernel/limits.ts'
import type { ActorCommand } from './effects.ts'
import type { TellReply } from './letter.ts'
import { actorsOf, counted, runtimeWorld, type Faults, counters } from './fixtures.ts'
import { Outbox } from './outbox.ts'
import { decodeSnapshot } from './snapshot.ts'
import { Snapshotter } from './snapshotter.ts'

async function world(faults: Faults = {}) {
  const w = runtimeWorld()
  const { actors, journal, tell, slotOf } = await actorsOf(w, 'e1', faults)
  let answer: (command: ActorCommand) => Promise<TellReply> = async () => ({
    ok: true,
    state: null,
    version: 1,
    updatedAtMs: 0,
  })
  const outbox = new Outbox({
    env: w.env,
    bus: memoryBus(),
    deliver: command => answer(command),
    soft: () => {},
    park: async () => {},
    log: () => {},
  })
  const lastSeq = new Map<number, number>()
  const snapshotter = new Snapshotter({
    env: w.env,
    store: journal,
    actors,
    outbox,
    lastSeq,
    log: (level, message) => {
      w.logs.push(`${level} ${message}`)
    },
  })
  return {
    ...w,
    actors,
    journal,
    tell,
    slotOf,
    outbox,
    lastSeq,
    snapshotter,
    answer: (by: typeof answer) => {
      answer = by
    },
  }
}

t.test('each round stores the actors that changed, and stop stores the last changes', async t => {
  const w = await world()
  const id = w.id()
  await w.tell(id, 'addTwo', 'x')
  t.equal(w.store.snapshots.size, 0)
  w.snapshotter.start()
  await w.env.advance(limits.snapshotIntervalMs + 100)
  const stored = w.store.snapshots.get(id)!
  t.match({ ...stored }, { slot: w.slotOf(id), kind: 'order', version: 2, finished: false })
  t.match(decodeSnapshot(id, stored.bytes, counters[0]!), {
    state: { count: 2 },
    acceptedIds: ['x'],
  })
  t.notOk(w.actors.peek(id)?.dirty)
  w.store.snapshots.clear()
  await w.env.advance(3 * limits.snapshotIntervalMs)
  t.equal(w.store.snapshots.size, 0, 'an actor that did not change is not written again')
  await w.tell(id, 'add')
  await w.snapshotter.stop()
  t.equal(w.store.snapshots.get(id)?.version, 3, 'stop writes a last round')
})

t.test('a command that is under way during a round is in the next snapshot', async t => {
  const w = await world()
  const id = w.id()
  await w.tell(id, 'add')
  const written = w.tell(id, 'add')
  await Promise.all([w.snapshotter.flush(), written])
  t.equal(w.store.snapshots.get(id)?.version, 1)
  await w.snapshotter.flush()
  t.equal(w.store.snapshots.get(id)?.version, 2)
})

t.test('a finished actor leaves memory only after its commands to others are done', async t => {
  const w = await world()
  const [free, owing] = [w.id(), w.id()]
  for (const id of [free, owing]) await w.tell(id, 'finish')
  let release: (reply: TellReply) => void = () => {}
  w.answer(
    () =>
      new Promise(resolve => {
        release = resolve
      }),
  )
  w.outbox.open(w.slotOf(owing), 0)
  w.outbox.add({
    slot: w.slotOf(owing),
    seq: 1,
    kind: 'order',
    actorId: owing,
    version: 1,
    atMs: 0,
    by: null,
    event: { type: 'returned', data: { driver_id: 'd' } },
    effects: [
      {
        do: 'command',
        to: {
          kind: 'driver',
          actorId: 'd',
          id: 'x',
          command: {
            verb: 'release_hold',
            by: { role: 'system', id: 's' },
            offerId: 'o',
            outcome: '',
          },
        },
      },
    ],
  })
  await w.snapshotter.flush()
  t.equal(w.actors.peek(free), undefined)
  t.ok(w.actors.peek(owing))
  t.ok(w.store.snapshots.get(owing)?.finished)
  await w.snapshotter.flush()
  t.ok(w.actors.peek(owing), 'it stays while its command waits')
  release({ ok: true, state: null, version: 1, updatedAtMs: 0 })
  await w.env.settle()
  await w.snapshotter.flush()
  t.equal(w.actors.peek(owing), undefined)
  t.equal(w.store.slot(w.slotOf(owing)).cursorSeq, 1, '[6] its cursor is stored')
  t.equal(counted(await w.tell(free, 'nothing')), 0, 'it is loaded for a command')
  await w.snapshotter.flush()
  t.equal(w.actors.size, 0, 'it leaves memory again')
})

t.test(
  'a cursor that moved is stored long before the next round, so an engine that ends soon repeats few events [6]',
  async t => {
    const w = await world()
    w.outbox.open(3, 0)
    w.snapshotter.start()
    const publish = (seq: number): void =>
      w.outbox.add({
        slot: 3,
        seq,
        kind: 'order',
        actorId: w.id(),
        version: 1,
        atMs: 0,
        by: null,
        event: { type: 'returned', data: { driver_id: 'd' } },
        effects: [],
      })
    publish(1)
    await w.env.advance(limits.cursorSaveIntervalMs + 50)
    t.equal(w.store.slot(3).cursorSeq, 1)
    for (let seq = 2; seq <= 5; seq++) {
      publish(seq)
      await w.env.advance(limits.cursorSaveIntervalMs / 2)
    }
    t.ok(w.store.slot(3).cursorSeq > 1, 'a slot that moves all the time does not wait for a pause')
    t.ok(limits.cursorSaveIntervalMs * 5 < limits.snapshotIntervalMs)
    await w.snapshotter.stop()
  },
)

t.test('a round that fails is repeated, and no actor leaves memory before', async t => {
  const w = await world({ saveSnapshots: nth => (nth === 0 ? 'failBefore' : 'pass') })
  const id = w.id()
  await w.tell(id, 'finish')
  w.snapshotter.start()
  await w.env.advance(limits.snapshotIntervalMs + 100)
  t.equal(w.store.snapshots.size, 0)
  t.ok(w.actors.peek(id)?.dirty, 'the actor stays in memory')
  t.match(w.logs, [/writing snapshots failed/])
  await w.env.advance(limits.snapshotIntervalMs + 100)
  t.ok(w.store.snapshots.get(id)?.finished)
  t.equal(w.actors.peek(id), undefined)
  await w.snapshotter.stop()
})

t.test('the bytes of a batch are bounded, so that large actors do not delay commands', async t => {
  let writes = 0
  const w = await world({
    saveSnapshots: () => {
      writes++
      return 'pass'
    },
  })
  const ids = Array.from({ length: 6 }, () => w.id())
  for (const id of ids)
    await w.tell(id, 'add', `${id}:${'x'.repeat(limits.snapshotBatchBytesMax / 2)}`)
  await w.snapshotter.flush()
  t.equal(writes, 3, 'two actors in each batch')
  t.same(
    ids.filter(id => !w.store.snapshots.has(id)),
    [],
    'every actor is stored',
  )
})

t.test(
  'the number of actors in a batch is bounded, and each actor is stored with its own bytes',
  async t => {
    let writes = 0
    const w = await world({
      saveSnapshots: () => {
        writes++
        return 'pass'
      },
    })
    const ids = Array.from({ length: limits.snapshotBatchMax + 1 }, () => w.id())
    for (const id of ids) await w.tell(id, 'add', `of ${id}`)
    await w.snapshotter.flush()
    t.equal(writes, 2)
    t.same(
      ids.map(id => decodeSnapshot(id, w.store.snapshots.get(id)!.bytes, counters[0]!).acceptedIds),
      ids.map(id => [`of ${id}`]),
    )
  },
)

t.test(
  'there are pauses between the batches of a round, and stop writes the remaining batches without pauses',
  async t => {
    const atMs: number[] = []
    const w = await world({
      saveSnapshots: () => {
        atMs.push(w.env.nowMs())
        return 'pass'
      },
    })
    const changed = async () => {
      await Promise.all(
        Array.from({ length: 100 * limits.snapshotBatchMax }, () => w.tell(w.id(), 'add')),
      )
    }
    await changed()
    w.snapshotter.start()
    await w.env.advance(limits.snapshotIntervalMs * 2)
    const pauses = atMs.slice(1, 100).map((at, i) => at - atMs[i]!)
    t.ok(
      pauses.every(ms => ms > 0 && ms <= limits.snapshotPauseMsMax),
      'there is a pause after each batch',
    )
    t.ok(
      atMs[99]! - atMs[0]! <= limits.snapshotIntervalMs / 2,
      'all batches are written within half of an interval',
    )
    atMs.length = 0
    await changed()
    // The first round took half an interval. The second begins a whole interval after it.
    await w.env.advance(limits.snapshotIntervalMs * 0.75)
    t.ok(atMs.length > 0 && atMs.length < 100, 'in the middle of a round')
    await w.snapshotter.stop()
    t.equal(w.actors.dirty.size, 0, 'all actors are stored, and no time went by')
  },
)

t.test('[2] a round covers no event that came after its snapshots were made', async t => {
  const w = await world()
  const ids = Array.from({ length: 3 * limits.snapshotBatchMax }, () => w.id())
  const slot = w.slotOf(ids[0]!)
  for (const id of ids) await w.tell(id, 'add')
  w.lastSeq.set(slot, 7)
  w.snapshotter.start()
  await w.env.advance(limits.snapshotIntervalMs + 1)
  t.ok(w.actors.dirty.size > 0, 'in the middle of the round, between two batches')
  await w.tell(ids[0]!, 'add')
  w.lastSeq.set(slot, 8)
  await w.env.advance(limits.snapshotIntervalMs / 2)
  t.equal(w.store.slot(slot).snapshotSeq, 7, 'event 8 came after the snapshot of its actor')
  await w.snapshotter.stop()
  t.equal(w.store.slot(slot).snapshotSeq, 8, 'the next round covers event 8')
})

t.test(
  '[2] an actor whose slot was given up during a batch is not written by the next batch, and the position of the slot stays before its events',
  async t => {
    const lose = { slot: -1 }
    const w = await world({
      saveSnapshots: () => {
        w.actors.abandon(lose.slot)
        return 'pass'
      },
    })
    const ids = Array.from({ length: limits.snapshotBatchMax + 1 }, () => w.id())
    for (const id of ids) await w.tell(id, 'add')
    lose.slot = w.slotOf(ids.at(-1)!)
    const kept = w.slotOf(ids.find(id => w.slotOf(id) !== lose.slot)!)
    w.lastSeq.set(lose.slot, 7).set(kept, 9)
    await w.snapshotter.flush()
    t.ok(w.store.snapshots.has(ids[0]!))
    t.notOk(w.store.snapshots.has(ids.at(-1)!), 'another engine owns it')
    t.equal(w.store.slot(kept).snapshotSeq, 9)
    t.equal(
      w.store.slot(lose.slot).snapshotSeq,
      0,
      'the next engine reads the events that no snapshot has',
    )
  },
)

t.test('a slot that is lost while its snapshots are written leaves memory', async t => {
  const w = await world()
  const id = w.id()
  await w.tell(id, 'finish')
  const flushed = w.snapshotter.flush()
  w.actors.abandon(w.slotOf(id))
  await flushed
  await w.snapshotter.flush()
  t.equal(w.actors.size, 0)
  t.equal(w.actors.dirty.size, 0, 'no actor waits to be written')
})
