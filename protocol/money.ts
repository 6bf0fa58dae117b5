/** Money: whole minor units inside, a decimal with its currency at the boundary. */
export const currency = 'USD'

/** 1250 minor units are 12.5. */
export const decimalOfMinor = (minor: number): number => minor / 100
