/** Calendar days as `YYYY-MM-DD`, by the clocks of a place. */

const dayMs = 24 * 3_600_000

/** The day that it is now in a time zone. */
export const todayIn = (timeZone: string): string =>
  // Swedish writes dates as ISO 8601 does.
  new Date().toLocaleDateString('sv-SE', { timeZone })

/** The day so many days before; after it with a number below zero. */
export const daysBefore = (date: string, days: number): string =>
  new Date(Date.parse(`${date}T00:00:00Z`) - days * dayMs).toISOString().slice(0, 10)
