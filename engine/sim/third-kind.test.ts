/**
 * A made-up third kind of actor in the simulator: engines crash and come back over a faulty bus and
 * a faulty database while errands are asked for, passed on and finished. Its events are checked
 * against its machine, and its rows against its fold. An engine with a wrong fold or a wrong step
 * is noticed.
 */
import t from 'tap'
import { decodeBody, encodeBody } from '../../protocol/bus/codec.ts'
import { Chance } from '../../protocol/kernel/chance.ts'
import { uuidV7 } from '../../protocol/kernel/ids.ts'
import { ownerSubject } from '../../protocol/bus/subjects.ts'
import { Engine } from '../engine.ts'
import { kinds } from '../kinds.ts'
import type { AnyKind } from '../actors/kind.ts'
import { askedBy } from '../testing/errand-people.ts'
import { anyErrand, type Errand } from '../testing/errands.ts'
import { Checker } from './checker.ts'
import { ClaimServer } from './claim-server.ts'
import { SimDatabase } from './database.ts'
import { checkingEars } from './ears.ts'
import { Faults } from './faults.ts'
import { Network } from './network.ts'
import { SimNode } from './node.ts'
import { Schedule } from './schedule.ts'

const startMs = 1_800_000_000_000
const minute = 60_000
const again: ReadonlySet<string> = new Set(['unavailable', 'moved', 'overloaded', 'timeout'])

class Stop extends Error {}

/**
 * Plays a seed. `played`: the kind as the engines have it; the checker always has the right one.
 */
async function simulated(seed: number, played: AnyKind = anyErrand()) {
  const list = [...kinds, anyErrand()]
  const schedule = new Schedule(startMs)
  const chance = new Chance(seed)
  const faults = new Faults(chance.fork('faults'), new Set(), true)
  const checker = new Checker(list)
  const ears = checkingEars(checker, schedule)
  const network = new Network(schedule, faults, chance.fork('network'), ears)
  const database = new SimDatabase(schedule, faults, chance.fork('database'), list, commit =>
    checker.committed(commit),
  )
  checker.watch(database)
  const claims = new ClaimServer(schedule, faults, chance.fork('claims'), () => {})
  const engines = new Set<SimNode>()
  let incarnations = 0
  let crashes = 0
  const boot = (): void => {
    const name = `engine-${++incarnations}`
    const node = new SimNode(name, schedule, chance.fork(name), faults)
    const engine = new Engine({
      engineId: name,
      env: node.env,
      bus: network.connect(node),
      journal: database.journal(node),
      claims: claims.for(node),
      exclusive: false,
      kinds: [...kinds, played],
      log: () => {},
    })
    engines.add(node)
    const crashed = node.onCrash
    node.onCrash = () => {
      crashed()
      crashes++
      engines.delete(node)
      schedule.after(chance.between(200, 4_000), boot)
    }
    engine.start().catch(() => node.crash())
  }
  boot()
  boot()
  const crashDie = chance.fork('weather')
  const crashOne = (): void => {
    if (faults.healed) return
    if (engines.size > 0) crashDie.pick([...engines]).crash()
    schedule.after(crashDie.between(minute, 4 * minute), crashOne)
  }
  schedule.after(3 * minute, crashOne)

  const client = new SimNode('edge-1', schedule, chance.fork('client'), faults)
  const bus = network.connect(client)
  const sleep = (ms: number): Promise<void> =>
    new Promise(resolve => {
      schedule.after(ms, resolve)
    })
  /** Sends a command under one id until it is answered. */
  const give = async (actor_id: string, verb: string, data: object): Promise<void> => {
    const body = encodeBody({ id: verb, actor: 'errand', actor_id, verb, by: askedBy, data })
    for (;;) {
      const reply = await bus.request(ownerSubject(actor_id), body, 10_000).then(
        bytes => decodeBody(bytes) as { ok: boolean; problem?: { code: string } },
        () => ({ ok: false, problem: { code: 'unavailable' } }),
      )
      if (reply.ok || !again.has(reply.problem!.code)) return
      await sleep(chance.between(500, 3_000))
    }
  }
  const clientDie = chance.fork('people')
  const ids = Array.from({ length: 40 }, () => uuidV7(startMs, clientDie.random))
  const lives = ids.map(async (id, i) => {
    await sleep(clientDie.between(0, 20 * minute))
    await give(id, 'ask', { what: `no ${i}`, tags: [`t${i}`, 'all'], due_ms: 2 * minute })
    await sleep(clientDie.between(0, 4 * minute))
    await give(id, 'pass_on', { to: ids[(i + 1) % ids.length]! })
    await sleep(clientDie.between(0, 4 * minute))
    if (i % 2 === 0) await give(id, 'finish', {})
  })
  const each = (): void => {
    if (database.defect !== null) throw database.defect
    if (checker.violations.length > 0) throw new Stop()
  }
  try {
    await schedule.until(startMs + 30 * minute, each)
    faults.heal()
    for (const node of network.nodes()) network.heal(node)
    await schedule.until(startMs + 50 * minute, each)
  } catch (error) {
    if (!(error instanceof Stop)) throw error
  }
  return { checker, database, ids, lives, crashes }
}

t.test(
  'through crashes and faults the journal and the rows of errands are right, and each errand is reminded or done',
  async t => {
    for (const seed of [1, 2, 3]) {
      const { checker, database, ids, lives, crashes } = await simulated(seed)
      t.same(checker.violations, [], `seed ${seed}`)
      await Promise.all(lives)
      t.ok(crashes > 3, `${crashes} crashes`)
      const rows = database.store.table('errands').rows
      t.equal(rows.size, ids.length)
      ids.forEach((id, i) => {
        const row = rows.get(id)!
        t.equal(row['status'], i % 2 === 0 ? 'done' : 'open')
        if (i % 2 !== 0) t.equal(row['reminders'], 1, 'its deadline came once')
      })
      const steps = checker.coverage.steps([anyErrand()])
      t.same(
        steps.filter(([, count]) => count === 0),
        [],
        'every step of its machine was taken',
      )
    }
  },
)

t.test('a fold that forgets a reminder is found by its row', async t => {
  const right = anyErrand()
  const { checker } = await simulated(1, {
    ...right,
    evolve: (state, event, atMs) =>
      event.type === 'errand_reminded'
        ? { ...(state as Errand), dueAtMs: null }
        : right.evolve(state, event, atMs),
  })
  t.match(checker.violations[0], { rule: '[4]', what: /the row says reminders "0"/ })
})

t.test('an event that the machine does not allow in its state is found', async t => {
  const right = anyErrand()
  const { checker } = await simulated(1, {
    ...right,
    decide: (state, command, nowMs) => {
      const decision = right.decide(state, command, nowMs)
      const { verb } = command as { verb: string }
      return decision.ok && verb === 'finish' && decision.events.length > 0
        ? { ok: true, events: [...decision.events, ...decision.events] }
        : decision
    },
  })
  t.match(checker.violations[0], { rule: '[4]', what: /errand_finished of a errand that is done/ })
})
