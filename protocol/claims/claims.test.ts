/**
 * The contract of claims against memory and Redis, and the cases that only one of them can show.
 */
import { Redis } from 'ioredis'
import t from 'tap'
import { requireOrSkip, startRedis, type Service } from '../testing/services.ts'
import { FaultProxy } from '../testing/proxy/proxy.ts'
import { limits } from '../kernel/limits.ts'
import { claimsContract } from './contract.ts'
import { memoryClaims } from './memory.ts'
import { redisClaims } from './redis.ts'

/** A clock that the test moves. Timers run when the clock has passed their time. */
function manualClock() {
  let now = 1_700_000_000_000
  let timers: { atMs: number; run: () => void }[] = []
  return {
    nowMs: () => now,
    timerCount: () => timers.length,
    after(ms: number, run: () => void) {
      const timer = { atMs: now + ms, run }
      timers.push(timer)
      return () => {
        timers = timers.filter(one => one !== timer)
      }
    },
    pass(ms: number) {
      now += ms
      const due = timers.filter(timer => timer.atMs <= now)
      timers = timers.filter(timer => timer.atMs > now)
      for (const timer of due) timer.run()
    },
  }
}

const sleep = (ms: number): Promise<void> => new Promise(resolve => setTimeout(resolve, ms))

void t.test('contract, memory', async t => {
  claimsContract(t, 'memory', async () => {
    const clock = manualClock()
    const claims = memoryClaims(clock.nowMs, clock.after)
    return {
      claims,
      leaseMs: limits.claimLeaseMs,
      nowMs: clock.nowMs,
      pass: async ms => clock.pass(ms),
      stop: () => claims.shutdown(),
    }
  })
})

void t.test('contract, redis', { skip: requireOrSkip(t, 'redis') }, async t => {
  claimsContract(t, 'redis', async lease => {
    const leaseMs = lease === 'short' ? 1_000 : 30_000
    const server = await startRedis()
    const claims = await redisClaims(server.url, { leaseMs, onLog() {} })
    return {
      claims,
      leaseMs,
      nowMs: () => Date.now(),
      pass: sleep,
      outage: redisOutage(server),
      async stop() {
        await claims.shutdown()
        await server.stop()
      },
    }
  })
})

function redisOutage(server: Service) {
  let hanging = false
  return {
    async hang() {
      server.pause()
      hanging = true
    },
    cut: () => server.kill(),
    async restore() {
      if (hanging) server.resume()
      else await server.restart()
      hanging = false
    },
  }
}

void t.test(
  'memory: an order is forgotten some time after its deadline, and no timer is left',
  async t => {
    const clock = manualClock()
    const claims = memoryClaims(clock.nowMs, clock.after)
    t.equal(clock.timerCount(), 0, 'no timer before the first order')
    await claims.open('o', ['v1'], clock.nowMs() + 1_000)
    await claims.confirm('o', 'v1')
    clock.pass(1_000 + limits.claimAfterlifeMs - 1)
    t.same(await claims.claim('o', 'v1'), { outcome: 'won' })
    clock.pass(1)
    t.same(await claims.claim('o', 'v1'), { outcome: 'unknown' })
    clock.pass(limits.claimAfterlifeMs)
    t.equal(clock.timerCount(), 0, 'no timer after the last order')
  },
)

void t.test('memory: of more orders than its bound the oldest one is forgotten', async t => {
  const clock = manualClock()
  const claims = memoryClaims(clock.nowMs, clock.after, { ordersMax: 2 })
  for (const order of ['a', 'b', 'c']) await claims.open(order, ['v1'], clock.nowMs() + 1_000)
  t.same(await Promise.all(['a', 'b', 'c'].map(order => claims.claim(order, 'v1'))), [
    { outcome: 'unknown' },
    { outcome: 'won' },
    { outcome: 'won' },
  ])
  await claims.shutdown()
  t.equal(clock.timerCount(), 0)
})

void t.test(
  'redis: an order has one key, which expires some time after the deadline',
  { skip: requireOrSkip(t, 'redis') },
  async t => {
    const server = await startRedis()
    const claims = await redisClaims(server.url, { onLog() {} })
    const raw = new Redis(server.url)
    const deadlineMs = Date.now() + 5_000
    await claims.open('o', ['v1', 'v2'], deadlineMs)
    await claims.claim('o', 'v1')
    await claims.confirm('o', 'v1')
    t.same(await raw.keys('*'), ['caduceus:claim:{o}'])
    t.equal(
      Number(await raw.call('pexpiretime', 'caduceus:claim:{o}')),
      deadlineMs + limits.claimAfterlifeMs,
    )
    await claims.open('long ago', ['v1'], Date.now() - limits.claimAfterlifeMs - 1)
    t.same(await claims.claim('long ago', 'v1'), { outcome: 'unknown' })
    await raw.flushall()
    await raw.script('FLUSH')
    t.same(
      await claims.claim('o', 'v1'),
      { outcome: 'unknown' },
      'a Redis that lost its keys and its scripts',
    )
    raw.disconnect()
    await claims.shutdown()
    await server.stop()
  },
)

void t.test(
  'redis: a connection that does not answer any more is replaced',
  { skip: requireOrSkip(t, 'redis') },
  async t => {
    const server = await startRedis()
    const proxy = await FaultProxy.start(server.port)
    const claims = await redisClaims(`redis://127.0.0.1:${proxy.port}`, { onLog() {} })
    t.same(await claims.claim('o', 'v1'), { outcome: 'unknown' })
    proxy.set({ swallowing: true })
    await t.rejects(claims.claim('o', 'v1'), { code: 'unavailable' })
    proxy.clear()
    let answer: unknown = null
    for (
      const giveUpMs = performance.now() + 15_000;
      answer === null && performance.now() < giveUpMs;
    )
      answer = await claims.claim('o', 'v1').catch(() => sleep(50).then(() => null))
    t.same(answer, { outcome: 'unknown' }, 'claims connect again by themselves')
    await claims.shutdown()
    await proxy.close()
    await server.stop()
  },
)

void t.test(
  'redis: the error of the first connection names the variable, and has no password',
  async t => {
    const refused = redisClaims('redis://someone:secret@127.0.0.1:1', { connectTimeoutMs: 300 })
    await t.rejects(refused, /^REDIS_URL: cannot connect to redis:\/\/127\.0\.0\.1:1: /)
    await refused.catch((cause: Error) => t.notMatch(cause.message, /secret/))
    await t.rejects(redisClaims('http://secret@host'), /^REDIS_URL: expected redis:/)
  },
)

void t.test(
  'redis: the first connection waits for a late server, and not after a wrong password',
  { skip: requireOrSkip(t, 'redis') },
  async t => {
    const server = await startRedis()
    await server.kill()
    const connecting = redisClaims(server.url, { onLog() {} })
    await sleep(300)
    await server.restart()
    const claims = await connecting
    t.same(await claims.claim('o', 'v1'), { outcome: 'unknown' })
    await claims.shutdown()
    const raw = new Redis(server.url)
    await raw.config('SET', 'requirepass', 'right')
    raw.disconnect()
    // The time to connect is longer than a test may take.
    await t.rejects(
      redisClaims(server.url.replace('//', '//:wrong@'), { connectTimeoutMs: 600_000 }),
      /^REDIS_URL: /,
    )
    await server.stop()
  },
)
