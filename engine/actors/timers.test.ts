/** Deadlines fire never early and at most one page (50 ms) late, also when the clock jumps. */
import assert from 'node:assert/strict'
import fc from '../../protocol/testing/properties.ts'
import t from 'tap'
import type { Env } from '../../protocol/kernel/env.ts'
import { VirtualEnv } from '../sim/virtual-env.ts'
import { Timers } from './timers.ts'

const pageMs = 50

/** A clock that a test moves forward and back under running timers; the timers count true time. */
function skewed(env: VirtualEnv) {
  let skewMs = 0
  let waiting = 0
  let mostWaiting = 0
  const skewedEnv: Env = {
    nowMs: () => env.nowMs() + skewMs,
    random: env.random,
    after(ms, run) {
      mostWaiting = Math.max(mostWaiting, ++waiting)
      const cancel = env.after(ms, () => {
        waiting--
        run()
      })
      return () => {
        waiting--
        cancel()
      }
    },
  }
  return {
    env: skewedEnv,
    jump: (ms: number) => {
      skewMs += ms
    },
    get waiting() {
      return waiting
    },
    get mostWaiting() {
      return mostWaiting
    },
  }
}

function world() {
  const env = new VirtualEnv(1)
  const clock = skewed(env)
  const fired: { key: string; atMs: number }[] = []
  const timers = new Timers(clock.env, key => {
    fired.push({ key, atMs: clock.env.nowMs() })
    onFire(key)
  })
  let onFire: (key: string) => void = () => {}
  return {
    env,
    clock,
    fired,
    timers,
    nowMs: () => clock.env.nowMs(),
    keys: () => fired.map(one => one.key),
    onFire: (run: (key: string) => void) => {
      onFire = run
    },
  }
}

t.test('a deadline fires once, at its time', async t => {
  const w = world()
  await w.env.advance(13)
  const start = w.nowMs()
  for (const ms of [0, 1, 49, 50, 51, 99, 100, 10_000]) w.timers.set(`${ms}`, start + ms)
  await w.env.advance(20_000)
  t.equal(w.fired.length, 8)
  for (const { key, atMs } of w.fired) {
    t.ok(atMs - start >= Number(key), `${key} not early`)
    t.ok(atMs - start <= Number(key) + pageMs, `${key} at most a page late`)
  }
  t.equal(w.timers.size, 0)
  t.equal(w.clock.waiting, 0, 'no timer runs while no deadline is set')
})

t.test('a deadline can be moved and cleared', async t => {
  const w = world()
  const start = w.nowMs()
  w.timers.set('later', start + 100)
  w.timers.set('later', start + 1_000)
  w.timers.set('sooner', start + 1_000)
  w.timers.set('sooner', start + 100)
  w.timers.set('cleared', start + 100)
  w.timers.clear('cleared')
  w.timers.clear('never set')
  t.equal(w.timers.size, 2, 'one deadline for each key')
  await w.env.advance(500)
  t.same(w.keys(), ['sooner'])
  await w.env.advance(1_000)
  t.same(w.keys(), ['sooner', 'later'])
})

t.test('a callback may set, move and clear other deadlines', async t => {
  const w = world()
  const start = w.nowMs()
  w.onFire(key => {
    if (key !== 'first') return
    w.timers.clear('cleared by it')
    w.timers.set('moved by it', w.nowMs() + 1_000)
    w.timers.set('first', w.nowMs() - 5)
    w.onFire(() => {})
  })
  for (const key of ['first', 'cleared by it', 'moved by it', 'other'])
    w.timers.set(key, start + 100)
  await w.env.advance(120)
  t.same(w.keys(), ['first', 'other'])
  await w.env.advance(100)
  t.same(
    w.keys(),
    ['first', 'other', 'first'],
    'a deadline in the past fires on the next page, not at once',
  )
  await w.env.advance(2_000)
  t.same(w.keys().at(-1), 'moved by it')
  t.equal(w.fired.length, 4)
})

t.test('at most one timer waits, however often callbacks set deadlines', async t => {
  const w = world()
  w.onFire(key => w.timers.set(key, w.nowMs() + 100))
  for (let i = 0; i < 50; i++) w.timers.set(`${i}`, w.nowMs() + i * 10)
  await w.env.advance(5_000)
  t.equal(w.clock.mostWaiting, 1)
})

t.test('a clock that jumps forward fires all deadlines that came due', async t => {
  const w = world()
  for (const ms of [100, 3_600_000, 7_200_000]) w.timers.set(`${ms}`, w.nowMs() + ms)
  w.clock.jump(3_600_000)
  await w.env.advance(100)
  t.same(w.keys(), ['100', '3600000'])
})

t.test('a clock that is put back does not delay deadlines that are set afterwards', async t => {
  const w = world()
  w.timers.set('warm', w.nowMs() + 10)
  await w.env.advance(100)
  w.clock.jump(-3_600_000)
  w.timers.set('soon', w.nowMs() + 100)
  w.timers.set('at once', 0)
  await w.env.advance(200)
  t.same(w.keys(), ['warm', 'at once', 'soon'])
  const running = world()
  running.timers.set('old', running.nowMs() + 1_000)
  await running.env.advance(100)
  running.clock.jump(-60_000)
  await running.env.advance(100)
  running.timers.set('new', running.nowMs() + 100)
  await running.env.advance(200)
  t.same(running.keys(), ['new'], 'the pages turn on')
  await running.env.advance(61_000)
  t.same(running.keys(), ['new', 'old'], 'the old deadline waits for its time on the clock')
})

t.test('after stop no deadline fires', async t => {
  const w = world()
  w.timers.set('a', w.nowMs() + 100)
  w.timers.stop()
  w.timers.set('b', w.nowMs() + 100)
  await w.env.advance(1_000)
  t.same(w.keys(), [])
})

t.test('any deadlines fire never early and at most a page late', async t => {
  const step = fc.oneof(
    fc.record({
      do: fc.constant('set' as const),
      key: fc.nat({ max: 5 }),
      ms: fc.oneof(fc.integer({ min: -100, max: 400 }), fc.nat({ max: 10_000 })),
    }),
    fc.record({ do: fc.constant('clear' as const), key: fc.nat({ max: 5 }), ms: fc.constant(0) }),
    fc.record({
      do: fc.constant('advance' as const),
      key: fc.constant(0),
      ms: fc.nat({ max: 300 }),
    }),
  )
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 200 }), async steps => {
      const w = world()
      const due = new Map<string, number>()
      let seen = 0
      const look = (): void => {
        for (const { key, atMs } of w.fired.slice(seen)) {
          const wanted = due.get(key)
          assert.ok(wanted !== undefined, `${key} fired and was not set`)
          assert.ok(atMs >= wanted, `${key} fired ${wanted - atMs} ms early`)
          due.delete(key)
        }
        seen = w.fired.length
        for (const [key, atMs] of due)
          assert.ok(atMs + pageMs >= w.nowMs(), `${key} is ${w.nowMs() - atMs} ms late`)
        assert.equal(w.timers.size, due.size)
      }
      for (const one of steps) {
        const key = `${one.key}`
        if (one.do === 'set') {
          // A deadline that is past when it is set is due from that moment.
          due.set(key, Math.max(w.nowMs() + one.ms, w.nowMs()))
          w.timers.set(key, w.nowMs() + one.ms)
        } else if (one.do === 'clear') {
          due.delete(key)
          w.timers.clear(key)
        } else await w.env.advance(one.ms)
        look()
      }
      assert.ok(w.clock.mostWaiting <= 1)
    }),
    { numRuns: 60 },
  )
  t.pass()
})
