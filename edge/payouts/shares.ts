/** What a payout moves, from the balances of its party. Pure. */
import type { AccountCode } from '../ledger/chart.ts'

export const parties = ['pharmacy', 'driver'] as const
export type Party = (typeof parties)[number]

/**
 * The two accounts of a party. A pharmacy is owed its goods and their tax; it is below nothing when
 * it holds cash of others. A driver is owed earnings, and the cash in hand is a debt.
 */
export const accountsOfParty: Readonly<Record<Party, readonly [AccountCode, AccountCode]>> = {
  pharmacy: ['pharmacy_payable', 'pharmacy_tax'],
  driver: ['driver_payable', 'driver_cash'],
}

export interface Shares {
  /** Moved from the account that is owed to the one that owes, in whole minor units. */
  readonly setOff: bigint
  /** Paid out of each account. */
  readonly paid: readonly [bigint, bigint]
}

/** A debt is set off first; what is left is paid out. Balances are credits minus debits. */
export function sharesOf([first, second]: readonly [bigint, bigint]): Shares {
  const owed = (balance: bigint): bigint => (balance > 0n ? balance : 0n)
  const [debt, most] = first < second ? [-first, second] : [-second, first]
  const setOff = owed(debt < most ? debt : most)
  return {
    setOff,
    paid:
      first < second ? [owed(first), owed(second - setOff)] : [owed(first - setOff), owed(second)],
  }
}
