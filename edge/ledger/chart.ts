/** The chart of accounts: which accounts exist, who owns them, and the bounds of each. */
import { derivedId } from '../kernel/derived-id.ts'
import type { AccountFlag, AccountKey } from './account.ts'

interface Row {
  readonly owner: 'pharmacy' | 'driver' | null
  readonly flag: AccountFlag | null
  readonly about: string
}

const chart = {
  world: { owner: null, flag: null, about: 'Everything outside of this ledger' },
  driver_payable: {
    owner: 'driver',
    flag: 'debits_must_not_exceed_credits',
    about: 'What a driver has earned and not been paid',
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
