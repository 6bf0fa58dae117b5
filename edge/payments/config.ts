/** Configuration of payments: the ways to pay, the driver's limit of cash, and the keys of Stripe. */
import {
  ConfigError,
  isUrlOf,
  textVariable,
  type Environment,
} from '../../protocol/kernel/environment.ts'
import { minorOfDecimal } from '../../protocol/pricing/money.ts'
import type { KernelConfig } from '../kernel/config.ts'
import { isLiveKey, type StripeConfig } from './card/stripe.ts'
import { paymentMethods, type PaymentMethod } from '../../protocol/orders/said-money.ts'

export interface PaymentsConfig {
  paymentMethods: readonly PaymentMethod[]
  /** Cash in hand with which a driver takes no further cash order; null for no limit. */
  cashLimitMinor: number | null
  /** Null without cards. */
  stripe: StripeConfig | null
}

/** Reads PAYMENT_METHODS, CASH_LIMIT and STRIPE_*. Throws ConfigError. */
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
  return {
    paymentMethods: named as PaymentMethod[],
    cashLimitMinor,
    // Payments under way need the keys also when no order may name a card any more.
    stripe:
      named.includes('card') || textVariable(environment, 'STRIPE_SECRET_KEY') !== null
        ? readStripe(environment, currency)
        : null,
  }
}

/** Stripe takes their amounts in other steps than ISO 4217. */
const withoutCards: ReadonlySet<string> = new Set([
  'BHD',
  'IQD',
  'JOD',
  'KWD',
  'LYD',
  'OMR',
  'TND',
  'CLF',
  'UYI',
  'UYW',
  'MGA',
])

function readStripe(environment: Environment, currency: string): StripeConfig {
  if (withoutCards.has(currency))
    throw new ConfigError(`PAYMENT_METHODS: cards are not taken in ${currency}`)
  const key = (name: string, pattern: RegExp, example: string): string => {
    const text = textVariable(environment, name)
    if (text === null || !pattern.test(text))
      throw new ConfigError(`${name} is not a key of Stripe such as ${example}; cards need it`)
    return text
  }
  const secretKey = key('STRIPE_SECRET_KEY', /^[sr]k_(test|live)_\w+$/, 'sk_test_…')
  const publishableKey = key('STRIPE_PUBLISHABLE_KEY', /^pk_(test|live)_\w+$/, 'pk_test_…')
  const webhookSecret = key('STRIPE_WEBHOOK_SECRET', /^whsec_\w+$/, 'whsec_…')
  if (isLiveKey(secretKey) !== isLiveKey(publishableKey))
    throw new ConfigError(
      'STRIPE_SECRET_KEY and STRIPE_PUBLISHABLE_KEY: one is live and one is for tests',
    )
  const url = textVariable(environment, 'STRIPE_URL')
  if (url !== null && !isUrlOf(url, ['http:', 'https:']))
    throw new ConfigError('STRIPE_URL is not the address of a server')
  if (url !== null && isLiveKey(secretKey))
    throw new ConfigError('STRIPE_URL is for tests; a live key is sent to Stripe alone')
  return { secretKey, publishableKey, webhookSecret, url: url === null ? null : new URL(url) }
}
