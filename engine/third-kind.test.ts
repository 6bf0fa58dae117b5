/**
 * A made-up third kind of actor goes through mailbox, journal, snapshot, sleep, outbox and
 * hand-over between engines, beside orders and drivers. It is one entry in the list that an engine
 * and its journal get.
 */
import t from 'tap'
import { decodeBody, encodeBody } from '../protocol/bus/codec.ts'
import { memoryBus } from '../protocol/bus/memory.ts'
import { memoryClaims } from '../protocol/claims/memory.ts'
import type { PublishedEvent } from '../protocol/dispatch/events.ts'
import { uuidV7 } from '../protocol/kernel/ids.ts'
import { limits } from '../protocol/kernel/limits.ts'
import { subjects } from '../protocol/bus/subjects.ts'
import { Engine } from './engine.ts'
import { memoryJournal, MemoryStore } from './journal/memory.ts'
import { kinds } from './kinds.ts'
import { snapshotHead } from './actors/snapshot.ts'
import { VirtualEnv } from './sim/virtual-env.ts'
import { anyErrand, type ErrandNotes } from './testing/errands.ts'
import { askedBy as by, sendTo, type Told } from './testing/errand-people.ts'

const list = [...kinds, anyErrand()]

function world() {
  const env = new VirtualEnv(7)
  const store = new MemoryStore(() => env.nowMs(), list)
  const bus = memoryBus()
  const published: PublishedEvent[] = []
  bus.subscribe(subjects.eventFilter, m => published.push(decodeBody(m.body) as PublishedEvent))
  const logs: string[] = []
  const boot = async (engineId: string, notes?: ErrandNotes) => {
    const engine = new Engine({
      engineId,
      env,
      journal: memoryJournal(store),
      bus,
      claims: memoryClaims(
        () => env.nowMs(),
        (ms, run) => env.after(ms, run),
      ),
      exclusive: false,
      kinds: [...kinds, anyErrand(notes)],
      log: (level, message, detail) => logs.push(`${level} ${message} ${String(detail)}`),
    })
    await engine.start()
    return engine
  }
  const send = sendTo(bus)
  /** Time is virtual: the answer comes when all work has settled. */
  const tell = async (...args: Parameters<typeof send>): Promise<Told> => {
    const reply = send(...args)
    await env.settle()
    return await reply
  }
  return { env, store, bus, published, logs, boot, tell, id: () => uuidV7(env.nowMs(), env.random) }
}

t.test('an errand goes through mailbox, journal, outbox, snapshot and sleep', async t => {
  const w = world()
  const notes: ErrandNotes = { seen: new Set(), lost: [] }
  const engine = await w.boot('e1', notes)
  const [one, other] = [w.id(), w.id()]
  const asked = await w.tell(one, 'ask', { what: 'bread', tags: ['a', 'b,"c'], due_ms: 600_000 })
  t.match(asked, { ok: true, errand: { status: 'open', version: 1 } })
  t.same(await w.tell(one, 'ask', { what: 'bread', tags: [] }), asked, 'a repeat hears the same')
  t.match(await w.tell(one, 'dance', {}), { problem: { code: 'message_unknown_type' } })
  t.match(await w.tell(one, 'ask', { what: '' }, 'x'), { problem: { code: 'invalid_request' } })
  t.match(await w.tell(w.id(), 'finish', {}), { problem: { code: 'not_found' } })
  await w.tell(other, 'ask', { what: 'milk', tags: [] })
  t.same([...notes.seen], [one, other], 'the attendant of its kind observes it')

  t.match(await w.tell(one, 'pass_on', { to: other }), { ok: true })
  await w.env.advance(1_000)
  t.same(
    w.store.events.get(other)!.map(stored => [stored.kind, stored.event.type, stored.by?.id]),
    [
      ['errand', 'errand_asked', by.id],
      ['errand', 'errand_heard_of', 'errand'],
    ],
    'the outbox delivered the command to the other errand',
  )
  t.same(
    w.published.filter(fact => fact.actor_id === one).map(fact => [fact.actor, fact.type]),
    [
      ['errand', 'errand_asked'],
      ['errand', 'errand_passed_on'],
    ],
  )
  t.match(w.store.table('errands').rows.get(one), {
    what: 'bread',
    status: 'open',
    tags: ['a', 'b,"c'],
    version: 2,
  })
  t.equal(w.store.table('errand_times').rows.has(other), false, 'no row for the table of times')

  await w.env.advance(3 * limits.snapshotIntervalMs)
  const head = snapshotHead(w.store.snapshots.get(one)!.bytes)!
  t.match(head, { kindByte: 9, version: 2, attentive: true })
  await w.env.advance(limits.actorSleepMs + 10_000)
  t.ok(engine.health().actors_asleep >= 2)
  t.match(await w.tell(one, 'pass_on', { to: other }, 'again'), { errand: { version: 3 } })
  await w.env.advance(600_000)
  t.match(w.store.table('errands').rows.get(one), { reminders: 1 }, 'its deadline was noticed')
  t.match(await w.tell(one, 'finish', {}), { errand: { status: 'done' } })
  t.same(
    w.logs.filter(line => line.startsWith('error')),
    [],
  )
  await engine.stop()
})

t.test('the next engine has the state, the deadline and the command ids', async t => {
  const w = world()
  const notes: ErrandNotes = { seen: new Set(), lost: [] }
  const first = await w.boot('e1', notes)
  const ids = Array.from({ length: 20 }, w.id)
  for (const id of ids) await w.tell(id, 'ask', { what: 'bread', tags: [], due_ms: 120_000 })
  await w.env.advance(3 * limits.snapshotIntervalMs)
  await w.tell(ids[0]!, 'pass_on', { to: ids[1]! }, 'known')
  const heir: ErrandNotes = { seen: new Set(), lost: [] }
  const second = await w.boot('e2', heir)
  await w.env.advance(30_000)
  t.ok(heir.seen.size > 0 && notes.lost.length > 0, 'the second took a share of the slots')
  void first.stop()
  await w.env.advance(30_000)
  t.equal(heir.seen.size, ids.length, 'the second took all slots')
  const known = await w.tell(ids[0]!, 'pass_on', { to: ids[1]! }, 'known')
  t.match(known, { ok: true, errand: { version: 2 } }, 'a command whose id is known makes no event')
  await w.env.advance(120_000)
  for (const id of ids) t.match(w.store.table('errands').rows.get(id), { reminders: 1 })
  t.match(w.store.table('errands').rows.get(ids[1]!), { heard_of: [ids[0]] })
  await second.stop()
})

t.test(
  'a service sends commands to the kind by its name, except commands that are closed to services',
  async t => {
    const w = world()
    const engine = await w.boot('e1')
    const actor_id = w.id()
    const give = async (verb: string, data: object): Promise<unknown> => {
      const reply = w.bus.request(
        subjects.command('errand', verb),
        encodeBody({ id: verb, actor_id, data }),
        5_000,
      )
      await w.env.settle()
      return decodeBody(await reply)
    }
    t.match(await give('ask', { what: 'bread', tags: [] }), {
      ok: true,
      errand: { status: 'open' },
    })
    t.match(await give('finish', {}), { problem: { code: 'forbidden' } })
    await engine.stop()
  },
)

t.test(
  'an engine that does not know the kind does not start, and the error names the kind',
  async t => {
    const w = world()
    const engine = await w.boot('e1')
    await w.tell(w.id(), 'ask', { what: 'bread', tags: [] })
    await engine.stop()
    const older = new Engine({
      env: w.env,
      bus: w.bus,
      engineId: 'older',
      journal: memoryJournal(w.store),
      claims: memoryClaims(
        () => w.env.nowMs(),
        (ms, run) => w.env.after(ms, run),
      ),
      exclusive: true,
      log: (level, message, detail) => w.logs.push(`${level} ${message} ${String(detail)}`),
    })
    const refused = older.start().then(
      () => null,
      (error: unknown) => error as Error,
    )
    await w.env.advance(5_000)
    t.match((await refused)?.message, /this release knows no kind of actor called errand/)
  },
)
