/**
 * Idle actors sleep, then leave memory, and come back unchanged: state, remembered ids and
 * deadlines. The tests run on virtual time. Numbers in brackets are the invariants of SPEC.md.
 */
import t from 'tap'
import { memoryBus } from '../../protocol/bus/memory.ts'
import { limits } from '../../protocol/kernel/limits.ts'
import { engineBounds, type EngineBounds } from './bounds.ts'
import { actorsOf, counted, runtimeWorld } from './fixtures.ts'
import { Outbox } from './outbox.ts'
import { Passivator } from './passivator.ts'
import { Snapshotter } from './snapshotter.ts'

async function world(bounds: EngineBounds = engineBounds) {
  const w = runtimeWorld()
  const booted = await actorsOf(w, 'e1', {}, () => {}, bounds)
  const owing = new Set<string>()
  const log = (level: string, message: string): void => {
    w.logs.push(`${level} ${message}`)
  }
  const outbox = new Outbox({
    env: w.env,
    bus: memoryBus(),
    deliver: async () => ({ ok: true, state: null, version: 1, updatedAtMs: 0 }),
    soft: () => {},
    park: async () => {},
    log: () => {},
  })
  const snapshotter = new Snapshotter({
    env: w.env,
    store: booted.journal,
    actors: booted.actors,
    outbox,
    lastSeq: new Map(),
    log,
  })
  const passivator = new Passivator({
    env: w.env,
    actors: booted.actors,
    busy: actorId => owing.has(actorId),
    bounds,
    log,
  })
  return { ...w, ...booted, owing, snapshotter, passivator }
}
/** Walks over all actors once. */
const walked = (w: Awaited<ReturnType<typeof world>>): void => {
  for (let i = 0; i < 2; i++) w.passivator.round()
}

t.test('[3] an idle actor sleeps, and the next command wakes it without a read', async t => {
  const w = await world()
  const id = w.id()
  await w.tell(id, 'addTwo', 'x')
  walked(w)
  t.equal(w.actors.asleep, 0, 'it does not sleep at once')
  await w.env.advance(limits.actorSleepMs)
  walked(w)
  t.equal(w.actors.asleep, 0, 'it does not sleep before it is stored')
  await w.snapshotter.flush()
  w.owing.add(id)
  walked(w)
  t.equal(w.actors.asleep, 0, 'it does not sleep while its commands wait')
  w.owing.clear()
  walked(w)
  t.same([w.actors.asleep, w.actors.size], [1, 1])
  w.store.setAway(true)
  t.equal(
    counted(await w.tell(id, 'addTwo', 'x')),
    2,
    'a command with a known id gets the same answer while the journal is away',
  )
  t.same([w.actors.asleep, w.actors.size], [0, 1])
  w.store.setAway(false)
  t.equal(counted(await w.tell(id, 'add')), 3)
  t.same(
    w.store.events.get(id)?.map(event => event.version),
    [1, 2, 3],
    '[4]',
  )
})

t.test(
  '[3] an actor that sleeps for long leaves memory, and the next command loads it from snapshot and events',
  async t => {
    const w = await world()
    const id = w.id()
    await w.tell(id, 'addTwo', 'x')
    await w.snapshotter.flush()
    w.passivator.start()
    await w.env.advance(limits.actorLeaveMs + limits.passivateRoundMs)
    t.equal(w.actors.size, 0)
    // One more event than the snapshot covers, as another engine may have left it.
    const [slot, [before]] = [w.slotOf(id), w.store.events.get(id)!]
    w.store.append({
      slot,
      epoch: w.store.slot(slot).epoch,
      kind: 'order',
      actorId: id,
      fromVersion: 2,
      atMs: 0,
      commandId: 'y',
      by: { role: 'system', id: 'other' },
      events: [before!.event],
      row: null,
    })
    t.equal(counted(await w.tell(id, 'add', 'x')), 3, 'the id is known from the snapshot')
    t.equal(counted(await w.tell(id, 'add', 'y')), 3, 'the id is known from the events')
    t.equal(counted(await w.tell(id, 'add', 'z')), 4)
    w.passivator.stop()
  },
)

t.test('[10] an actor keeps its deadline in sleep, and stays in memory until it', async t => {
  const w = await world()
  const [early, late] = [w.id(), w.id()]
  await w.tell(early, { wakeAtMs: w.env.nowMs() + 2 * limits.actorSleepMs })
  await w.tell(late, { wakeAtMs: w.env.nowMs() + limits.actorLeaveMs + 2 * limits.actorSleepMs })
  await w.snapshotter.flush()
  w.passivator.start()
  await w.env.advance(1.5 * limits.actorSleepMs)
  t.same([w.actors.asleep, w.due], [2, []])
  await w.env.advance(limits.actorSleepMs)
  t.ok(w.due.includes(early))
  await w.tell(early, 'finish')
  w.passivator.stop()
  await w.env.advance(limits.actorLeaveMs - limits.actorSleepMs)
  walked(w)
  t.same(
    [w.actors.asleep, w.due.includes(late)],
    [1, false],
    'it stays, although it was idle for long enough to leave',
  )
  await w.env.advance(2 * limits.actorSleepMs)
  t.ok(w.due.includes(late))
})

t.test('finished actors do not sleep: the snapshotter takes them out of memory', async t => {
  const w = await world()
  const id = w.id()
  await w.tell(id, 'finish')
  await w.env.advance(2 * limits.actorSleepMs)
  walked(w)
  t.equal(w.actors.asleep, 0)
  await w.snapshotter.flush()
  t.equal(w.actors.size, 0)
})

t.test('after a restart actors sleep, except those with something to do [10]', async t => {
  const w = await world()
  const [quiet, counting, eventful, dueSoon] = [w.id(), w.id(), w.id(), w.id()]
  await w.tell(quiet, { wakeAtMs: w.env.nowMs() + 3_600_000 })
  await w.tell(counting, 'add', 'x')
  await w.tell(eventful, 'add')
  await w.tell(dueSoon, { wakeAtMs: w.env.nowMs() + 1_000 })
  await w.snapshotter.flush()
  for (const slot of w.store.slots.values()) slot.cursorSeq = slot.events.length
  await w.tell(eventful, 'add')
  w.actors.stop()
  const heir = await actorsOf(w, 'e2')
  t.same([heir.actors.asleep, heir.actors.size], [3, 4])
  t.same(w.recovered.sort(), [counting, eventful].sort(), 'only the attentive actors are unpacked')
  t.equal(counted(await heir.tell(counting, 'add', 'x')), 1)
  await w.env.advance(1_100)
  t.ok(w.due.includes(dueSoon), '[10]')
  heir.actors.abandon(heir.slotOf(quiet))
  t.notOk(heir.actors.peek(quiet))
})

t.test('the sleeping actors of a lost slot leave memory, and their deadlines too', async t => {
  const w = await world()
  const id = w.id()
  await w.tell(id, { wakeAtMs: w.env.nowMs() + 2 * limits.actorSleepMs })
  await w.snapshotter.flush()
  await w.env.advance(limits.actorSleepMs)
  walked(w)
  t.equal(w.actors.asleep, 1)
  w.actors.abandon(w.slotOf(id))
  t.equal(w.actors.size, 0)
  await w.env.advance(5 * limits.actorSleepMs)
  t.same(w.due, [], 'this engine keeps no deadline of the slot')
  t.equal(counted(await w.tell(id, 'nothing')), 'moved')
})

t.test('while too many actors are awake, a new one gets overloaded', async t => {
  // Reaching the bound of a deployment takes about 15 s.
  const awakeActorsMax = 1_000
  const w = await world({ ...engineBounds, awakeActorsMax })
  const ids = Array.from({ length: awakeActorsMax }, () => w.id())
  await Promise.all(ids.map(id => w.tell(id, 'create')))
  t.same([w.actors.size, w.actors.inFlight], [awakeActorsMax, 0])
  t.equal(counted(await w.tell(w.id(), 'create')), 'overloaded')
  t.equal(counted(await w.tell(ids[0]!, 'add')), 2, 'an actor that is awake is served')
  await w.snapshotter.flush()
  w.passivator.start()
  await w.env.advance(limits.actorSleepMsPressed + limits.passivateRoundMs)
  t.ok(w.actors.asleep > 0, 'actors sleep sooner than usual')
  t.equal(counted(await w.tell(w.id(), 'create')), 1)
  w.passivator.stop()
})
