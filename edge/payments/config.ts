/** Configuration of payments: the ways to pay, and the driver's limit of cash. */
import { ConfigError, type Environment } from '../../protocol/kernel/environment.ts'
import { minorOfDecimal } from '../../protocol/pricing/money.ts'
import type { KernelConfig } from '../kernel/config.ts'
import { paymentMethods, type PaymentMethod } from '../../protocol/orders/said-money.ts'

export interface PaymentsConfig {
  paymentMethods: readonly PaymentMethod[]
  /** Cash in hand with which a driver takes no further cash order; null for no limit. */
  cashLimitMinor: number | null
}

/** Reads PAYMENT_METHODS and CASH_LIMIT. Throws ConfigError. */
export function readPaymentsConfig(
  environment: Environment,
  { currency }: Pick<KernelConfig, 'currency'>,
): PaymentsConfig {
  const named = (environment['PAYMENT_METHODS'] ?? '')
    .split(',')
    .map(name => name.trim())
    .filter(name => name !== '')
  for (const name of named)
    if (!paymentMethods.includes(name as PaymentMethod))
      throw new ConfigError(
        `PAYMENT_METHODS: "${name}" is no way to pay; known: ${paymentMethods.join(', ')}`,
      )
  const limit = environment['CASH_LIMIT']
  const cashLimitMinor =
    limit === undefined || limit === '' ? null : minorOfDecimal(Number(limit), currency)
  if (cashLimitMinor !== null && !(cashLimitMinor >= 0))
    throw new ConfigError(`CASH_LIMIT: "${limit}" is not an amount of ${currency}`)
  if (limit !== undefined && limit !== '' && cashLimitMinor === null)
    throw new ConfigError(`CASH_LIMIT: "${limit}" is not whole in the smallest unit of ${currency}`)
  return { paymentMethods: named as PaymentMethod[], cashLimitMinor }
}
