/** Configuration of the audit trail: the time for which its rows are kept. */
import { integerVariable, type Environment } from '../../protocol/kernel/environment.ts'
import { auditLimits } from './limits.ts'

export interface AuditConfig {
  auditRetentionDays: number
}

/** Reads AUDIT_RETENTION_DAYS. Throws ConfigError. */
export const readAuditConfig = (environment: Environment): AuditConfig => ({
  auditRetentionDays: integerVariable(
    environment,
    'AUDIT_RETENTION_DAYS',
    auditLimits.retentionDaysDefault,
    1,
    36_500,
  ),
})
