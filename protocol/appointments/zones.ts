/**
 * Time zones as lists of stretches, in each of which local time is UTC plus one offset. Local times
 * are numbers: the ms since the epoch that a UTC clock would have when it shows that date and time.
 * With both, local rules become instants by addition, also on the days when clocks change.
 *
 * The stretches come from Temporal and are kept. Rejected: asking Temporal for each slot, which
 * takes a thousand times as long. Rejected: the offset of now for other days, which is wrong for
 * half of the year.
 */
import { Temporal } from 'temporal-polyfill'
import { dayMs as msOfDay } from '../kernel/iso-time.ts'
import { isTimeZone } from '../pharmacies/opening-hours.ts'

export const minuteMs = 60_000
export const dayMs = 24 * 60 * minuteMs

/** From `fromMs` on (ms since the epoch), local time is UTC plus `offsetMs`. */
export interface Stretch {
  readonly fromMs: number
  readonly offsetMs: number
}

/** The years whose stretches are read at once. A question outside of them reads them anew. */
const readAheadMs = 3 * 366 * dayMs
/** There are about 600 names of zones. More would come from a caller that invents them. */
const zonesMax = 1_000

interface Known {
  fromMs: number
  toMs: number
  stretches: Stretch[]
}
const zones = new Map<string, Known>()

/** Is it a name of the IANA database that this process knows? */
export function isKnownZone(name: string): boolean {
  if (!isTimeZone(name)) return false
  try {
    Temporal.Instant.fromEpochMilliseconds(0).toZonedDateTimeISO(name)
    return true
  } catch {
    return false
  }
}

/**
 * The years that calendars know. A zone changes its clock twice a year, and each change costs 0.2 ms
 * to find, so a caller must not make this process walk to the year 9999.
 */
export const calendarYears = { from: 2000, before: 2100 } as const
const knownFromMs = Date.UTC(calendarYears.from, 0, 1)
const knownToMs = Date.UTC(calendarYears.before, 0, 1)
export const calendarRule = `must lie in the years ${calendarYears.from} to ${calendarYears.before - 1}`

/** Is a local time or an instant in the years that calendars know? */
export const inCalendar = (ms: number): boolean => ms >= knownFromMs && ms < knownToMs

function read(zone: string, fromMs: number, toMs: number): Known {
  const stretches: Stretch[] = []
  let at: Temporal.ZonedDateTime | null =
    Temporal.Instant.fromEpochMilliseconds(fromMs).toZonedDateTimeISO(zone)
  while (at !== null && at.epochMilliseconds < toMs) {
    const offsetMs = at.offsetNanoseconds / 1e6
    if (stretches.at(-1)?.offsetMs !== offsetMs)
      stretches.push({ fromMs: at.epochMilliseconds, offsetMs })
    at = at.getTimeZoneTransition('next')
  }
  return { fromMs, toMs, stretches }
}

/**
 * The stretches of a zone that touch the time from `fromMs` to `toMs`, in order. The first may
 * begin before that time. Throws RangeError for a zone that nobody knows. Outside of the years that
 * calendars know the clocks count as unchanged: edges refuse such times, and an engine that is asked
 * by older rows must neither fail nor walk there.
 */
export function stretchesOf(zone: string, from: number, to: number): readonly Stretch[] {
  const fromMs = Math.min(Math.max(from, knownFromMs), knownToMs - 1)
  const toMs = Math.min(Math.max(to, fromMs + 1), knownToMs)
  let known = zones.get(zone)
  if (known === undefined || fromMs < known.fromMs || toMs > known.toMs) {
    known = read(
      zone,
      Math.min(known?.fromMs ?? Infinity, fromMs - 30 * dayMs),
      Math.max(known?.toMs ?? -Infinity, toMs, fromMs + readAheadMs),
    )
    if (zones.size >= zonesMax) zones.clear()
    zones.set(zone, known)
  }
  const { stretches } = known
  let first = stretches.length - 1
  while (stretches[first]!.fromMs > fromMs) first--
  let end = first + 1
  while (end < stretches.length && stretches[end]!.fromMs < toMs) end++
  return stretches.slice(first, end)
}

/** The local time of an instant, as a number. */
export const localMsOf = (zone: string, atMs: number): number =>
  atMs + stretchesOf(zone, atMs, atMs + 1)[0]!.offsetMs

/** The number of the local day of an instant, counted from 1 January 1970. */
export const localDayOf = (zone: string, atMs: number): number =>
  Math.floor(localMsOf(zone, atMs) / dayMs)

/**
 * The instants at which clocks of the zone show the local time: none in the gap of a change, two in
 * the hour that repeats, otherwise one.
 */
export function instantsOf(zone: string, localMs: number): number[] {
  // No place is further from UTC than a day.
  const stretches = stretchesOf(zone, localMs - dayMs, localMs + dayMs)
  return stretches.flatMap(({ fromMs, offsetMs }, i) => {
    const atMs = localMs - offsetMs
    const endMs = stretches[i + 1]?.fromMs ?? Infinity
    return (i === 0 || atMs >= fromMs) && atMs < endMs ? [atMs] : []
  })
}

/** A time from `fromMs` until before `toMs`. */
export interface Piece {
  readonly fromMs: number
  readonly toMs: number
}

/**
 * The instants whose local time is in [fromLocalMs, toLocalMs), as pieces in order. A change of the
 * clock can cut them, or leave none.
 */
export function piecesOf(
  stretches: readonly Stretch[],
  fromLocalMs: number,
  toLocalMs: number,
): Piece[] {
  const pieces: Piece[] = []
  for (let i = 0; i < stretches.length; i++) {
    const { fromMs: beginsMs, offsetMs } = stretches[i]!
    const fromMs = i === 0 ? fromLocalMs - offsetMs : Math.max(fromLocalMs - offsetMs, beginsMs)
    const toMs = Math.min(toLocalMs - offsetMs, stretches[i + 1]?.fromMs ?? Infinity)
    if (fromMs < toMs) pieces.push({ fromMs, toMs })
  }
  return pieces
}

/** Sorted, with touching and overlapping pieces made one. */
export function united(pieces: readonly Piece[]): Piece[] {
  const sorted = pieces.toSorted((a, b) => a.fromMs - b.fromMs)
  const all: Piece[] = []
  for (const piece of sorted) {
    const last = all.at(-1)
    if (last === undefined || piece.fromMs > last.toMs) all.push(piece)
    else if (piece.toMs > last.toMs) all[all.length - 1] = { ...last, toMs: piece.toMs }
  }
  return all
}

const localTime = /^(\d{4}-\d{2}-\d{2})T(\d{2}):(\d{2})$/

/** The local time that a text such as 2026-12-24T09:30 says, or null for another text. */
export function localMsOfText(text: string): number | null {
  const parts = localTime.exec(text)
  const startMs = parts === null ? null : msOfDay(parts[1]!)
  const [hour, minute] = [Number(parts?.[2]), Number(parts?.[3])]
  return startMs === null || hour > 23 || minute > 59
    ? null
    : startMs + (hour * 60 + minute) * minuteMs
}

/** The local time as a text such as 2026-12-24T09:30. */
export const textOfLocalMs = (localMs: number): string =>
  new Date(localMs).toISOString().slice(0, 16)
