/** The chart of accounts: which accounts exist, who owns them, and the bounds of each. */
import { derivedId } from '../kernel/derived-id.ts'
import type { AccountFlag, AccountKey } from './account.ts'

interface Row {
  readonly owner: 'pharmacy' | 'driver' | 'order' | null
  readonly flag: AccountFlag | null
  readonly about: string
}

const chart = {
  world: { owner: null, flag: null, about: 'Everything outside of this ledger' },
  platform_revenue: {
    owner: null,
    flag: null,
    about: 'What the platform has earned, or as debits what it has borne',
  },
  driver_payable: {
    owner: 'driver',
    flag: 'debits_must_not_exceed_credits',
    about: 'What a driver has earned and not been paid',
  },
  driver_cash: {
    owner: 'driver',
    flag: 'credits_must_not_exceed_debits',
    about: 'The cash that a driver has in hand, as debits',
  },
  cash_difference: {
    owner: 'driver',
    flag: null,
    about: 'What a driver has taken above what was due, or as debits below it',
  },
  pharmacy_payable: {
    owner: 'pharmacy',
    flag: null,
    about: 'What a pharmacy has sold and not been paid; below nothing it holds cash of others',
  },
  pharmacy_tax: {
    owner: 'pharmacy',
    flag: null,
    about: 'The tax on what a pharmacy has sold',
  },
  processor_clearing: {
    owner: null,
    flag: null,
    about: 'What the processor of cards holds for the platform, as debits',
  },
  order_clearing: {
    owner: 'order',
    flag: 'debits_must_not_exceed_credits',
    about: 'What was paid for an order and not been passed on; nothing once it is over',
  },
} as const satisfies Readonly<Record<string, Row>>

export type AccountCode = keyof typeof chart
export const accountCodes = Object.keys(chart) as AccountCode[]

/** What the account is for, in a sentence. */
export const aboutAccount = (code: AccountCode): string => chart[code].about

/**
 * The account with this code, owner and currency. Its id follows from them, so everybody can name
 * it before it exists.
 */
export const accountOf = (
  code: AccountCode,
  ownerId: string | null,
  currency: string,
): AccountKey => ({
  id: derivedId(`ledger account ${code} ${ownerId ?? '-'} ${currency}`),
  code,
  ownerId,
  currency,
  flag: chart[code].flag,
})

/** The id of a transfer that happens once for each of these words. */
export const transferId = (...words: readonly string[]): string =>
  derivedId(`ledger transfer ${words.join(' ')}`)
