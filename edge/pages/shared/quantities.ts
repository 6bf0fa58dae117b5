/** Distances, times and amounts in the form for people. */
const unknown = '–'

/** A distance: metres below one kilometre, a dash when it is unknown. */
export function kilometres(km: number | null): string {
  if (km === null) return unknown
  return km < 1 ? `${Math.round(km * 1000)} m` : `${km.toFixed(km < 10 ? 2 : 1)} km`
}

/** A duration in whole minutes, a dash when it is unknown. */
export function minutes(value: number | null): string {
  if (value === null) return unknown
  return value < 1 ? 'under 1 min' : `${Math.round(value)} min`
}

/** The time of day of an RFC 3339 timestamp. */
export const clock = (timestamp: string): string =>
  new Date(timestamp).toLocaleTimeString([], { hour: '2-digit', minute: '2-digit' })
