/** Configuration of erasures: the grace, and how long records are kept that a law asks for. */
import { integerVariable, type Environment } from '../../protocol/kernel/environment.ts'
import { privacyLimits } from './limits.ts'

export interface PrivacyConfig {
  erasureGraceDays: number
  recordsRetentionDays: number
}

/** Reads ERASURE_GRACE_DAYS and RECORDS_RETENTION_DAYS. Throws ConfigError. */
export const readPrivacyConfig = (environment: Environment): PrivacyConfig => ({
  erasureGraceDays: integerVariable(
    environment,
    'ERASURE_GRACE_DAYS',
    privacyLimits.graceDaysDefault,
    0,
    365,
  ),
  recordsRetentionDays: integerVariable(
    environment,
    'RECORDS_RETENTION_DAYS',
    privacyLimits.recordsDaysDefault,
    0,
    36_500,
  ),
})
