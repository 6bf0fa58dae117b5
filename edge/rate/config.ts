/** Configuration of rate limits; a load test has none. */
import type { Environment } from '../../protocol/kernel/environment.ts'
import type { KernelConfig } from '../kernel/config.ts'
import { readRateRules, type RateRules } from '../kernel/rates.ts'

export interface RateConfig {
  /** Null with BENCH_ALLOWED: no limits. */
  rateRules: RateRules | null
}

/** Reads the RATE_LIMIT_ variables. Throws ConfigError. */
export function readRateConfig(
  environment: Environment,
  { benchAllowed }: Pick<KernelConfig, 'benchAllowed'>,
): RateConfig {
  // They are read even with BENCH_ALLOWED, which ignores them, because a mistake in them is still a
  // mistake.
  const rateRules = readRateRules(environment)
  return { rateRules: benchAllowed ? null : rateRules }
}
