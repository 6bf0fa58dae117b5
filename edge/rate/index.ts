/** Rate limits: the counters of accounts and addresses that every route and socket uses. */
import { feature } from '../kernel/feature.ts'
import { readRateConfig } from './config.ts'
import { createRateLimits, type RateLimits } from './rate-limits.ts'

export const rate = feature()({
  name: 'rate',
  config: readRateConfig,
  services: ({ config, log, nowMs }): { rates: RateLimits | null } => ({
    rates:
      config.rateRules === null
        ? null
        : createRateLimits({
            rules: config.rateRules,
            redisUrl: config.redisUrl,
            nowMs,
            onLog: line => log.warn(line),
          }),
  }),
  close: ({ rates }) => rates?.close(),
})
