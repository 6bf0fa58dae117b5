/** Calendar days as `YYYY-MM-DD`, by the clocks of a place. */

const dayMs = 24 * 3_600_000

/** The day that it is now in a time zone. */
export const todayIn = (timeZone: string): string =>
  // Swedish writes dates as ISO 8601 does.
  new Date().toLocaleDateString('sv-SE', { timeZone })

/** The day so many days before; after it with a number below zero. */
export const daysBefore = (date: string, days: number): string =>
  new Date(Date.parse(`${date}T00:00:00Z`) - days * dayMs).toISOString().slice(0, 10)

/** The clocks of a place at an instant, as the UTC time that looks the same. */
const localMsAt = (ms: number, timeZone: string): number =>
  Date.parse(`${new Date(ms).toLocaleString('sv-SE', { timeZone }).replace(' ', 'T')}Z`)

/**
 * The instant at which clocks of the zone show the beginning of the day, as RFC 3339. Where that
 * hour is skipped it is the next one.
 */
export function beginningOf(date: string, timeZone: string): string {
  const wantedMs = Date.parse(`${date}T00:00:00Z`)
  let ms = wantedMs
  // The second round corrects the offset of a day on which clocks change.
  for (let round = 0; round < 2; round++) ms += wantedMs - localMsAt(ms, timeZone)
  return new Date(ms).toISOString()
}
