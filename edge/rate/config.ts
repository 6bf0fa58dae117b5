/** How often somebody may ask; nobody counts in a load test. */
import type { Environment } from '../../protocol/kernel/environment.ts'
import type { KernelConfig } from '../kernel/config.ts'
import { readRateRules, type RateRules } from '../kernel/rates.ts'

export interface RateConfig {
  /** Null with BENCH_ALLOWED: without limits. */
  rateRules: RateRules | null
}

/** The RATE_LIMIT_ variables. Throws ConfigError. */
export function readRateConfig(
  environment: Environment,
  { benchAllowed }: Pick<KernelConfig, 'benchAllowed'>,
): RateConfig {
  // Also where BENCH_ALLOWED makes them count for nothing: a mistake in them is one all the same.
  const rateRules = readRateRules(environment)
  return { rateRules: benchAllowed ? null : rateRules }
}
