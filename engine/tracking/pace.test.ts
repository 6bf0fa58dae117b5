/**
 * News of an item is told at once, and the next news of this item after a rest. News of many items
 * leaves together, and no news is lost.
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

t.test('the first news is told at once, and the news of its rest once after it', async t => {
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
  t.equal(w.told.length, 2, 'without news nothing is told')
  w.news('a')
  t.same(w.told[2], [11 * interval, 'a'], 'news after the rest is told at once')
  w.pace.stop()
})

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

t.test('news waits at most for one rest, and no item is told twice in one rest', async t => {
  const w = world()
  const last = new Map<string, number>()
  const news: [ms: number, name: string][] = []
  for (let ms = 0; ms < 3_000; ms += 7) {
    if (w.env.random() < 0.7) {
      const name = 'abc'[Math.floor(w.env.random() * 3)]!
      news.push([ms, name])
      w.news(name)
    }
    await w.env.advance(7)
  }
  await w.env.advance(interval + gather)
  for (const [ms, names] of w.told)
    for (const name of names) {
      t.ok(ms - (last.get(name) ?? -Infinity) >= interval, `${name} at ${ms}`)
      last.set(name, ms)
    }
  t.ok(w.told.length > 20)
  for (const [ms, name] of news)
    t.ok(
      w.told.some(
        ([atMs, names]) => names.includes(name) && atMs >= ms && atMs <= ms + interval + gather,
      ),
      `the news of ${name} at ${ms} was told in time`,
    )
  w.pace.stop()
})
