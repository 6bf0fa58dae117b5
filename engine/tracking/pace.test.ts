/**
 * News is told at once, then there is a rest. News of many items leaves together; nothing is lost
 * and nothing is told twice.
 */
import t from 'tap'
import { limits } from '../../protocol/kernel/limits.ts'
import { VirtualEnv } from '../sim/virtual-env.ts'
import { Pace, unpaced, type Paced } from './pace.ts'

function world() {
  const env = new VirtualEnv(1)
  const startMs = env.nowMs()
  const told: [ms: number, names: string][] = []
  const pace = new Pace<Paced & { name: string }>(env, items =>
    told.push([env.nowMs() - startMs, items.map(item => item.name).join('')]),
  )
  const items = new Map('abc'.split('').map(name => [name, { name, ...unpaced() }]))
  return {
    env,
    pace,
    told,
    news: (names: string) => pace.news([...names].map(name => items.get(name)!)),
  }
}
const { pushIntervalMs: interval, pushGatherMs: gather } = limits

t.test(
  'the first news is told at once, the next after the rest, and then only the newest',
  async t => {
    const w = world()
    w.news('a')
    t.same(w.told, [[0, 'a']])
    await w.env.advance(100)
    for (let i = 0; i < 5; i++) w.news('a')
    await w.env.advance(interval - 101)
    t.equal(w.told.length, 1)
    await w.env.advance(1)
    t.same(w.told[1], [interval, 'a'])
    await w.env.advance(10 * interval)
    t.equal(w.told.length, 2, 'no news, nothing to tell')
    w.news('a')
    t.same(w.told[2], [11 * interval, 'a'], 'and at once again')
    w.pace.stop()
  },
)

t.test('news within the gathering time leaves together', async t => {
  const w = world()
  w.news('a')
  w.news('b')
  w.news('ac')
  t.same(w.told, [[0, 'a']])
  await w.env.advance(gather)
  t.same(w.told, [
    [0, 'a'],
    [gather, 'bc'],
  ])
  await w.env.advance(interval)
  t.same(w.told[2], [interval, 'a'], 'the news of its rest')
  t.equal(w.told.length, 3)
  w.pace.stop()
})

t.test('no item rests longer than the interval, and none is told twice in one', async t => {
  const w = world()
  const last = new Map<string, number>()
  for (let ms = 0; ms < 3_000; ms += 7) {
    if (w.env.random() < 0.7) w.news('abc'[Math.floor(w.env.random() * 3)]!)
    await w.env.advance(7)
  }
  await w.env.advance(interval + gather)
  for (const [ms, names] of w.told)
    for (const name of names) {
      t.ok(ms - (last.get(name) ?? -Infinity) >= interval, `${name} at ${ms}`)
      last.set(name, ms)
    }
  t.ok(w.told.length > 20)
  w.pace.stop()
})
