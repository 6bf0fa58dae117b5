/**
 * JSON as PHP writes it. Its one kind of array is a list while its keys run from 0 without a gap, and an
 * object as soon as a plugin took one out; empty objects are lists; times are text, seconds or an object.
 */

/** Entries of what should be a list, in the order of their keys. Nothing of what can be none. */
export function listOf(value: unknown): unknown[] {
  if (Array.isArray(value)) return value
  if (typeof value !== 'object' || value === null) return []
  // One entry that stands where a list should is told from a list by its names.
  const keys = Object.keys(value)
  return keys.every(key => /^\d+$/.test(key)) ||
    Object.values(value).every(entry => typeof entry === 'object' && entry !== null)
    ? Object.values(value)
    : [value]
}

/** Its own members by name, none that it inherits. Nothing of what is no object, a list among them. */
export const recordOf = (value: unknown): Record<string, unknown> =>
  typeof value !== 'object' || value === null || Array.isArray(value)
    ? none
    : (Object.assign(Object.create(null), value) as Record<string, unknown>)
const none: Record<string, unknown> = Object.freeze(Object.create(null))

/** Metadata: a list of `{key, value}`, an object of such, or an object from key to value. */
export function pairsOf(value: unknown): [key: string, value: unknown][] {
  const map = recordOf(value)
  const plain = Object.entries(map).filter(
    ([key, entry]) =>
      !/^\d+$/.test(key) && (typeof entry === 'string' || typeof entry === 'number'),
  )
  const named = 'key' in map && 'value' in map ? [] : plain
  return [
    ...named,
    ...listOf(value)
      .map(recordOf)
      .flatMap((entry): [string, unknown][] =>
        typeof entry['key'] === 'string' ? [[entry['key'], entry['value']]] : [],
      ),
  ]
}

/**
 * `2017-03-22T19:28:08` in UTC, of a time with a zone or without one (which is taken as it is: of one shop
 * all are alike), of seconds since 1970, or of PHP's own object. Empty when it is none of these.
 */
export function momentOf(value: unknown): string {
  if (typeof value === 'object' && value !== null) return momentOf(recordOf(value)['date'])
  if (typeof value === 'number' || (typeof value === 'string' && /^\d{9,11}$/.test(value)))
    return iso(Number(value) * 1000)
  if (typeof value !== 'string') return ''
  const parts = /^(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)(?:\.\d{1,9})? ?(Z|[+-]\d\d:?\d\d)?$/i.exec(
    value.trim(),
  )
  if (parts === null) return ''
  const [, day, time, zone = 'Z'] = parts
  return iso(
    Date.parse(`${day}T${time}${zone.replace(/^([+-]\d\d)(\d\d)$/, '$1:$2').toUpperCase()}`),
  )
}

const iso = (ms: number): string =>
  Math.abs(ms) <= 8.64e15 ? new Date(ms).toISOString().slice(0, 19) : ''
