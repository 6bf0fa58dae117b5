/**
 * Money: whole minor units inside, a decimal with its currency at the boundary. Only this file
 * knows how many decimals a currency has, so that a yen is never divided by a hundred. It imports
 * nothing, because the pages load it as it is.
 *
 * Rejected: the decimals of `Intl`. They are those of everyday prices, which for some currencies
 * are fewer than in ISO 4217, and they differ between releases of Node.
 */

/**
 * The currency of all data from before orders named their currency. It never changes, whatever the
 * configuration.
 */
export const firstCurrency = 'USD'

/** ISO 4217: the currencies that do not have two decimals. */
const decimalsTable: Readonly<Record<string, number>> = {
  BIF: 0,
  CLP: 0,
  DJF: 0,
  GNF: 0,
  ISK: 0,
  JPY: 0,
  KMF: 0,
  KRW: 0,
  PYG: 0,
  RWF: 0,
  UGX: 0,
  UYI: 0,
  VND: 0,
  VUV: 0,
  XAF: 0,
  XOF: 0,
  XPF: 0,
  BHD: 3,
  IQD: 3,
  JOD: 3,
  KWD: 3,
  LYD: 3,
  OMR: 3,
  TND: 3,
  CLF: 4,
  UYW: 4,
}
const minorPerUnit = (currency: string): number => 10 ** (decimalsTable[currency] ?? 2)

/** 1250 minor units are 12.5 dollars, 1250 yen or 1.25 dinars. */
export const decimalOfMinor = (minor: number, currency: string): number =>
  minor / minorPerUnit(currency)

/** The minor units of a decimal; null when it contains a fraction of one. */
export function minorOfDecimal(decimal: number, currency: string): number | null {
  const exact = decimal * minorPerUnit(currency)
  const minor = Math.round(exact)
  return Math.abs(exact - minor) > 1e-6 ? null : minor
}

/** The currency of a fact, a command or a state. Data of an older release names none. */
export const currencyOf = ({ currency }: { currency?: string }): string => currency ?? firstCurrency
