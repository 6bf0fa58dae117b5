/**
 * JSON as PHP writes it. PHP's one kind of array is a list while its keys run from 0 without a gap,
 * and an object once a plugin removed an entry. Empty objects are lists. Times are text, seconds or
 * an object.
 */

/** Entries of a list in the order of their keys; empty for a value that cannot be a list. */
export function listOf(value: unknown): unknown[] {
  if (Array.isArray(value)) return value
  if (typeof value !== 'object' || value === null) return []
  // A single entry in place of a list is recognised by its names.
  const keys = Object.keys(value)
  return keys.every(key => /^\d+$/.test(key)) ||
    Object.values(value).every(entry => typeof entry === 'object' && entry !== null)
    ? Object.values(value)
    : [value]
}

/** Own members by name, without inherited ones; empty for other values, such as a list. */
export const recordOf = (value: unknown): Record<string, unknown> =>
  typeof value !== 'object' || value === null || Array.isArray(value)
    ? none
    : (Object.assign(Object.create(null), value) as Record<string, unknown>)
const none: Record<string, unknown> = Object.freeze(Object.create(null))

/** Reads metadata: a list of `{key, value}`, an object of such, or an object from key to value. */
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
 * A time as `2017-03-22T19:28:08` in UTC. It may be a time with a zone, a time without one (kept as
 * it is, because one shop's times are all alike), seconds since 1970, or PHP's own object. Empty
 * for other values.
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
