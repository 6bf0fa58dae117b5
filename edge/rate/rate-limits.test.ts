/**
 * Rate limits in memory and in Redis under one contract, the bound of the memory, and the rules of
 * the environment.
 */
import t, { type Test } from 'tap'
import { requireOrSkip, startRedis } from '../../protocol/testing/services.ts'
import { BoundedMemoryLimiter } from './memory.ts'
import { accountKey, createRateLimits, type RateLimits } from './rate-limits.ts'
import { rateClasses, readRateRules } from '../kernel/rates.ts'

const rules = readRateRules({ RATE_LIMIT_AUTH_PER_ACCOUNT: '3', RATE_LIMIT_AUTH_PER_ADDRESS: '5' })
const silent = () => {}

/**
 * RL1 counts up to the limit; RL2 keys, classes and ways are separate; RL3 reports the rest and the
 * end of the window.
 */
async function contract(t: Test, rates: RateLimits): Promise<void> {
  for (const left of [2, 1, 0])
    t.match(
      await rates.count('auth', 'account', 'ann'),
      { allowed: true, by: 'account', limit: 3, remaining: left },
      'RL1',
    )
  const refused = await rates.count('auth', 'account', 'ann')
  t.match(refused, { allowed: false, remaining: 0 }, 'RL1')
  t.ok(refused.resetSeconds > 800 && refused.resetSeconds <= 900, 'RL3')
  t.ok((await rates.count('auth', 'account', 'bob')).allowed, 'RL2')
  t.ok((await rates.count('auth', 'address', 'ann')).allowed, 'RL2')
  t.ok((await rates.count('write', 'account', 'ann')).allowed, 'RL2')
  const burst = await Promise.all(
    Array.from({ length: 20 }, () => rates.count('auth', 'address', 'burst')),
  )
  t.equal(burst.filter(verdict => verdict.allowed).length, 5, 'RL1, also for calls at once')
}

t.test('counters in memory keep the contract', async t => {
  const rates = createRateLimits({ rules, redisUrl: null, nowMs: Date.now, onLog: silent })
  t.teardown(() => rates.close())
  await contract(t, rates)
})

t.test(
  'counters in Redis are shared by edges, and memory counts while Redis is away',
  { skip: requireOrSkip(t, 'redis') },
  async t => {
    const redis = await startRedis()
    const one = createRateLimits({ rules, redisUrl: redis.url, nowMs: Date.now, onLog: silent })
    const other = createRateLimits({ rules, redisUrl: redis.url, nowMs: Date.now, onLog: silent })
    t.teardown(async () => {
      one.close()
      other.close()
      await redis.stop()
    })
    // Before the connection exists each edge counts for itself, which this test does not check.
    for (let shared = false, probe = 0; !shared; probe++) {
      await new Promise(resolve => {
        setTimeout(resolve, 20)
      })
      for (let i = 0; i < 3; i++) await one.count('auth', 'account', `probe ${probe}`)
      shared = !(await other.count('auth', 'account', `probe ${probe}`)).allowed
    }
    await contract(t, one)
    t.notOk(
      (await other.count('auth', 'account', 'ann')).allowed,
      'another edge has counted already',
    )
    await redis.stop()
    t.ok(
      (await one.count('auth', 'account', 'carol')).allowed,
      'without Redis nobody is refused at once',
    )
    for (let i = 0; i < 2; i++) await one.count('auth', 'account', 'carol')
    t.notOk(
      (await one.count('auth', 'account', 'carol')).allowed,
      'without Redis calls are still counted',
    )
  },
)

t.test('the memory is bounded, and the oldest window is forgotten first', async t => {
  let nowMs = 0
  const limiter = new BoundedMemoryLimiter(
    'test',
    { requestsMax: 1, windowSeconds: 60 },
    () => nowMs,
    100,
  )
  for (let i = 0; i < 1_000; i++) await limiter.consume(`key-${i}`)
  t.equal(limiter.size, 100)
  await t.rejects(limiter.consume('key-999'), 'the newest are still counted')
  await t.resolves(limiter.consume('key-0'), 'the oldest was forgotten')
  nowMs = 61_000
  await limiter.consume('late')
  t.equal(limiter.size, 1, 'windows that ended are gone')
})

t.test('the rules come from the environment, and a mistake names its variable', async t => {
  t.same(Object.keys(readRateRules({})), [...rateClasses, 'registration'])
  t.throws(
    () => readRateRules({ RATE_LIMIT_READ_PER_ADDRESS: 'many' }),
    /RATE_LIMIT_READ_PER_ADDRESS/,
  )
  t.equal(accountKey(' Ann@Example.org'), accountKey('ann@example.org'))
  t.equal(accountKey('+1 (23) 4'), accountKey('+1234'))
})
