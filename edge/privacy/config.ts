/**
 * Configuration of erasures: the grace, how long records are kept that a law asks for, and the file
 * that survives a restore.
 */
import { accessSync, constants } from 'node:fs'
import { dirname } from 'node:path'
import {
  integerVariable,
  textVariable,
  type Environment,
} from '../../protocol/kernel/environment.ts'
import type { KernelConfig } from '../kernel/config.ts'
import { privacyLimits } from './limits.ts'

export interface PrivacyConfig {
  erasureGraceDays: number
  recordsRetentionDays: number
  /** Beside DATA_DIR where nothing else is set, so that a new DATA_DIR finds it; null for none. */
  erasuresFile: string | null
}

/** Reads ERASURE_GRACE_DAYS, RECORDS_RETENTION_DAYS and ERASURES_FILE. Throws ConfigError. */
export const readPrivacyConfig = (
  environment: Environment,
  { role, dataDir }: KernelConfig,
): PrivacyConfig => ({
  erasuresFile:
    textVariable(environment, 'ERASURES_FILE') ??
    (role === 'embedded' && mayWriteBeside(dataDir) ? `${dataDir}.erasures` : null),
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

/**
 * True when the list of erasures can lie beside DATA_DIR. A service often may write in DATA_DIR alone;
 * such a server starts without a list, and its log says so.
 */
function mayWriteBeside(dataDir: string): boolean {
  try {
    accessSync(dirname(dataDir), constants.W_OK)
    return true
  } catch {
    return false
  }
}
