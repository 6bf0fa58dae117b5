/** Configuration of accounts: the life of a sign-in, and the rules for SMS. */
import { integerVariable, type Environment } from '../../protocol/kernel/environment.ts'
import type { KernelConfig } from '../kernel/config.ts'
import { readSmsRules, type SmsRules } from './sms.ts'

export interface AccountsConfig {
  accessTokenMinutes: number
  refreshTokenDays: number
  /** The countries to which codes go by SMS, and how many a day. */
  sms: SmsRules
}

/**
 * Reads JWT_ACCESS_TOKEN_EXPIRE_MINUTES, JWT_REFRESH_TOKEN_EXPIRE_DAYS and the SMS_ variables.
 * Throws ConfigError.
 */
export const readAccountsConfig = (
  environment: Environment,
  { phoneCountry }: Pick<KernelConfig, 'phoneCountry'>,
): AccountsConfig => ({
  accessTokenMinutes: integerVariable(
    environment,
    'JWT_ACCESS_TOKEN_EXPIRE_MINUTES',
    15,
    1,
    24 * 60,
  ),
  refreshTokenDays: integerVariable(environment, 'JWT_REFRESH_TOKEN_EXPIRE_DAYS', 7, 1, 365),
  sms: readSmsRules(environment, phoneCountry),
})
