/**
 * The neutral form into which every protocol of phones is read, and the readers of its numbers and
 * times. Phones write numbers as text, write -1 for "unknown", and leave fields out.
 */
import { instantMs } from '../../protocol/kernel/iso-time.ts'
import { deviceLimits } from './limits.ts'

/** One position of a phone. Nullable fields are null when the phone does not know them. */
export interface Fix {
  /** Clock of the phone, ms since 1970. Null: the phone sent no time, and the arrival counts. */
  atMs: number | null
  latitude: number
  longitude: number
  headingDeg: number | null
  speedMps: number | null
  accuracyM: number | null
  batteryPercent: number | null
  /** The phone says that an app, and not its receiver, made the position. */
  simulated: boolean
}

/** Why a message of a phone gives no position. The metrics count these words. */
export type Unusable = 'no_position' | 'unreadable' | 'undecryptable' | 'too_many'

export type Reading = Fix | Unusable

/** Values of a query, a form or a JSON object by name. */
export type Fields = ReadonlyMap<string, unknown>

const decimal = /^[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,3})?$/

/** A finite number, or its text; null for anything else. */
export function numberOf(value: unknown): number | null {
  if (typeof value === 'number') return Number.isFinite(value) ? value : null
  if (typeof value !== 'string' || value.length > deviceLimits.numberCharactersMax) return null
  const text = value.trim()
  if (!decimal.test(text)) return null
  const number = Number(text)
  return Number.isFinite(number) ? number : null
}

/** Null for a negative number too, by which phones say "unknown". */
export function knownOf(value: unknown): number | null {
  const number = numberOf(value)
  return number === null || number < 0 ? null : number
}

const factors = { mps: 1, kmh: 1 / 3.6, knots: 1852 / 3600 } as const
export type SpeedUnit = keyof typeof factors
export const speedUnits = Object.keys(factors) as SpeedUnit[]

/** Metres per second from a speed in the unit; null for an unknown one. */
export function speedOf(value: unknown, unit: SpeedUnit): number | null {
  const speed = knownOf(value)
  return speed === null ? null : speed * factors[unit]
}

/** From 0 to 100; null for an unknown or an impossible value. */
export function percentOf(value: unknown): number | null {
  const percent = knownOf(value)
  return percent === null || percent > 100 ? null : Math.round(percent)
}

/** Phones write a flag as a boolean, as 0 and 1, or as a word. */
export const flagOf = (value: unknown): boolean =>
  value === true || value === 1 || value === '1' || value === 'true'

/** Below this number a time counts seconds, and from it on milliseconds. */
const secondsMax = 2 ** 31
const withoutZone = /^(\d{4}-\d\d-\d\d)[ T](\d\d:\d\d:\d\d(?:\.\d+)?)$/

/**
 * A time in ms since 1970, from seconds, milliseconds, RFC 3339, or a date and a time in UTC
 * without a zone. Null when there is none; `unreadable` for any other value, because the time of
 * arrival in its place would be an invention.
 */
function timeOf(value: unknown): number | null | 'unreadable' {
  if (value === undefined || value === null || value === '') return null
  const number = numberOf(value)
  if (number !== null) {
    if (number <= 0) return 'unreadable'
    return Math.floor(number < secondsMax ? number * 1_000 : number)
  }
  if (typeof value !== 'string') return 'unreadable'
  const text = value.trim()
  const parts = withoutZone.exec(text.slice(0, deviceLimits.numberCharactersMax))
  return instantMs(parts === null ? text : `${parts[1]}T${parts[2]}Z`) ?? 'unreadable'
}

/** The fields of a JSON object; null for another value. */
export function fieldsOf(value: unknown): Fields | null {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? new Map(Object.entries(value))
    : null
}

/** A value or a list as a list. */
export const listOf = (value: unknown): readonly unknown[] =>
  Array.isArray(value) ? value : [value]

/** Position and time, once their texts are read. */
export function fixOf(
  position: { latitude: unknown; longitude: unknown; at: unknown },
  rest: Omit<Fix, 'latitude' | 'longitude' | 'atMs'>,
): Reading {
  const given = (value: unknown): boolean => value !== undefined && value !== null && value !== ''
  if (!given(position.latitude) && !given(position.longitude)) return 'no_position'
  const latitude = numberOf(position.latitude)
  const longitude = numberOf(position.longitude)
  const atMs = timeOf(position.at)
  return latitude === null || longitude === null || atMs === 'unreadable'
    ? 'unreadable'
    : { latitude, longitude, atMs, ...rest }
}
