/**
 * The rate limits of an edge: a counter for each class, account and address. They are in Redis when
 * there is one, so that a client gains nothing by using several edges; otherwise in this process.
 * While Redis is away each edge counts for itself, because a limit that is too generous for a
 * minute is better than a pharmacy that cannot answer.
 */
import { createHash } from 'node:crypto'
import { RateLimiterRedis, RateLimiterRes, type RateLimiterAbstract } from 'rate-limiter-flexible'
import { normalEmail } from '../../protocol/accounts/emails.ts'
import { openRedis } from './redis.ts'
import { BoundedMemoryLimiter } from './memory.ts'
import {
  rateClasses,
  type OfAddress,
  type RateBy,
  type RateClass,
  type RateRule,
  type RateRules,
} from '../kernel/rates.ts'

/** State of a window after this request. */
export interface RateVerdict {
  allowed: boolean
  by: RateBy
  limit: number
  remaining: number
  resetSeconds: number
}

/** The keys by which a class is counted. */
type Counted<C> = C extends OfAddress ? 'address' : RateBy

export interface RateLimits {
  /** Counts one request. Never rejects; a counter that cannot be reached refuses nobody. */
  count<C extends RateClass | OfAddress>(of: C, by: Counted<C>, key: string): Promise<RateVerdict>
  /** Uncounts a request that was counted and allowed. Never rejects. */
  giveBack<C extends RateClass | OfAddress>(of: C, by: Counted<C>, key: string): Promise<void>
  close(): void
}

/** Parts with the counters; null: no limits, for load tests. */
export interface WithRates {
  readonly rates: RateLimits | null
}

export interface RateLimitsDeps {
  rules: RateRules
  redisUrl: string | null
  nowMs(): number
  onLog(line: string): void
}

interface Counter {
  rule: RateRule
  limiter: RateLimiterAbstract
}

/** Connects in the background; counts in memory until Redis answers. */
export function createRateLimits({ rules, redisUrl, nowMs, onLog }: RateLimitsDeps): RateLimits {
  const redis = redisUrl === null ? null : openRedis(redisUrl, onLog)
  const counter = (name: string, by: RateBy, rule: RateRule): Counter => {
    const keyPrefix = `caduceus:rate:${name}:${by}`
    const memory = new BoundedMemoryLimiter(keyPrefix, rule, nowMs)
    if (redis === null) return { rule, limiter: memory }
    return {
      rule,
      limiter: new RateLimiterRedis({
        storeClient: redis,
        keyPrefix,
        points: rule.requestsMax,
        duration: rule.windowSeconds,
        rejectIfRedisNotReady: true,
        insuranceLimiter: memory,
        // A key over the limit is refused without asking Redis again until the window ends.
        inMemoryBlockOnConsumed: rule.requestsMax + 1,
      }),
    }
  }
  const counters = new Map<string, Counter>([
    ...rateClasses.flatMap(name =>
      (['account', 'address'] as const).map(
        by => [`${name} ${by}`, counter(name, by, rules[name][by])] as const,
      ),
    ),
    [
      'registration address',
      counter('registration', 'address', rules.registration.address),
    ] as const,
  ])

  return {
    async count(of, by, key) {
      const { rule, limiter } = counters.get(`${of} ${by}`)!
      const verdict = (allowed: boolean, state: RateLimiterRes): RateVerdict => ({
        allowed,
        by,
        limit: rule.requestsMax,
        remaining: allowed ? state.remainingPoints : 0,
        resetSeconds: Math.max(1, Math.ceil(state.msBeforeNext / 1_000)),
      })
      try {
        return verdict(true, await limiter.consume(key))
      } catch (refusal) {
        if (refusal instanceof RateLimiterRes) return verdict(false, refusal)
        onLog(`rate limits: ${refusal instanceof Error ? refusal.message : String(refusal)}`)
        return {
          allowed: true,
          by,
          limit: rule.requestsMax,
          remaining: rule.requestsMax,
          resetSeconds: rule.windowSeconds,
        }
      }
    },
    async giveBack(of, by, key) {
      await counters
        .get(`${of} ${by}`)!
        .limiter.reward(key)
        .catch((error: unknown) =>
          onLog(`rate limits: ${error instanceof Error ? error.message : String(error)}`),
        )
    },
    close() {
      redis?.disconnect()
    },
  }
}

/**
 * A key from the e-mail or phone at which a sign-in aims. Counters need not know the address or its
 * spelling.
 */
export function accountKey(emailOrPhone: string): string {
  const plain = emailOrPhone.includes('@')
    ? normalEmail(emailOrPhone.trim())
    : emailOrPhone.replaceAll(/\D/g, '')
  return createHash('sha256').update(plain).digest('base64url').slice(0, 22)
}
