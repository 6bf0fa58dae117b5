/** The simulator itself: the same seed gives the same journal, and three seeds have no violation. */
import t from 'tap'
import { bugs } from './bugs/index.ts'
import { contest } from './contest.ts'
import { simulate } from './run.ts'
import { shrink } from './shrink.ts'

const hours = 0.15
// The tests need little CPU time, but on a busy machine they take long.
t.setTimeout(600_000)

t.test('the same seed gives the same journal, byte for byte', async t => {
  const [one, two, other] = [
    await simulate({ seed: 7, hours }),
    await simulate({ seed: 7, hours }),
    await simulate({ seed: 8, hours }),
  ]
  t.equal(one.journalHash, two.journalHash)
  t.same({ ...one.counts, cpuSeconds: 0 }, { ...two.counts, cpuSeconds: 0 })
  t.same(one.notes, two.notes, 'the notes are the same')
  t.not(other.journalHash, one.journalHash)
  t.ok(one.counts.events > 100, `${one.counts.events} events`)
})

t.test('three seeds have no violation', async t => {
  for (let seed = 1; seed <= 3; seed++) {
    const { violation } = await simulate({ seed, hours })
    t.equal(violation, null, `seed ${seed}`)
  }
})

t.test('acceptances that contend have one winner, and a planted bug is caught', async t => {
  const held = await contest({ seed: 1, accepts: 3_000 })
  t.equal(held.violation, null)
  t.ok(held.accepts >= 3_000 && held.won > 10, `${held.accepts} accepts, ${held.won} won`)
  t.ok(held.faults.some(([kind, count]) => kind === 'claims lost reply' && count > 50))
  const { violation } = await contest({
    seed: 1,
    accepts: 3_000,
    bug: bugs['acknowledged-before-commit']!,
  })
  t.not(violation, null)
})

t.test('a failing run shrinks to fewer faults and less time, with the same rule', async t => {
  const options = { seed: 1, hours, bug: bugs['acknowledged-before-commit']! }
  const failed = await simulate(options)
  const least = await shrink(options, failed, () => {})
  t.equal(least.result.violation!.rule, failed.violation!.rule)
  t.ok(least.options.without!.size > 0)
  t.ok(least.options.hours < hours)
})
