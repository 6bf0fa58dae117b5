/** How long a sign-in lasts, and to whom codes go by SMS. */
import { integerVariable, type Environment } from '../../protocol/kernel/environment.ts'
import type { KernelConfig } from '../kernel/config.ts'
import { readSmsRules, type SmsRules } from './sms.ts'

export interface AccountsConfig {
  accessTokenMinutes: number
  refreshTokenDays: number
  /** To whom codes go by SMS, and how many. */
  sms: SmsRules
}

/** JWT_ACCESS_TOKEN_EXPIRE_MINUTES, JWT_REFRESH_TOKEN_EXPIRE_DAYS and the SMS_ variables. Throws ConfigError. */
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
