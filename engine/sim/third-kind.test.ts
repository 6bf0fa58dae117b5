/**
 * A made-up third kind of actor in the simulator: engines crash and come back over a faulty bus and
 * a faulty database while errands are asked for, passed on and finished. Its events are checked
 * against its machine, and its rows against its fold. An engine with a wrong fold or a wrong step
 * is noticed.
 */
import t from 'tap'
import { uuidV7 } from '../../protocol/kernel/ids.ts'
import { kinds } from '../kinds.ts'
import type { AnyKind } from '../actors/kind.ts'
import { askedBy } from '../testing/errand-people.ts'
import { anyErrand, type Errand } from '../testing/errands.ts'
import { minute, simulatedEngines, startMs } from './fixture-engines.ts'

/**
 * Plays a seed. `played`: the kind as the engines have it; the checker always has the right one.
 */
async function simulated(seed: number, played: AnyKind = anyErrand()) {
  const world = simulatedEngines(seed, [...kinds, anyErrand()], [...kinds, played])
  const { chance, sleep, checker, database } = world
  const give = (actorId: string, verb: string, data: object) =>
    world.give({ kind: 'errand', actorId, verb, by: askedBy, data, id: verb })
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
  await world.run(30, 20)
  return { checker, database, ids, lives, crashes: world.crashes() }
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
