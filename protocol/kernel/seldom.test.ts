/**
 * A log line that a stranger can cause is written only now and then. An error in a timer or a
 * promise does not end the process.
 */
import t from 'tap'
import { realEnv } from './env.ts'
import { guarded, Seldom } from './seldom.ts'

t.test('the first line of a kind is written at once, and the next one counts the rest', async t => {
  let nowMs = 1_000_000
  const said: string[] = []
  const seldom = new Seldom(
    line => {
      said.push(line)
    },
    () => nowMs,
  )
  for (let i = 0; i < 1_000; i++) seldom.say('a', `line ${i}`)
  seldom.say('b', 'another kind')
  t.same(said, ['line 0', 'another kind'])
  nowMs += 10_000
  seldom.say('a', 'later')
  t.match(said[2]!, /^later \(and 999 more/)
  nowMs -= 1_000_000
  seldom.say('a', 'a clock that was set back')
  t.equal(said.length, 4)
  for (let i = 0; i < 1_000; i++) seldom.say(`kind ${i}`, 'many kinds')
  t.ok(said.length < 110, 'the number of kinds is bounded')
})

t.test('a guarded callback that throws or rejects gives its error to the handler', async t => {
  const failed: unknown[] = []
  guarded(
    () => {
      throw new Error('thrown')
    },
    error => failed.push(error),
  )()
  guarded(
    async () => {
      throw new Error('rejected')
    },
    error => failed.push(error),
  )()
  guarded(
    () => 1,
    error => failed.push(error),
  )()
  await new Promise(resolve => {
    setImmediate(resolve)
  })
  t.match(failed, [{ message: 'thrown' }, { message: 'rejected' }])
})

t.test('a timer that fails is logged, and the process goes on', async t => {
  const said: string[] = []
  const env = realEnv(line => {
    said.push(line)
  })
  await new Promise<void>(resolve => {
    for (let i = 0; i < 10; i++)
      env.after(0, () => {
        throw new Error('in a timer')
      })
    env.after(1, async () => {
      throw new Error('in a promise of a timer')
    })
    env.after(5, resolve)
  })
  t.same(said, ['the work of a timer failed'])
})
