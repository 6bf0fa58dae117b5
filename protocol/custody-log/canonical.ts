/**
 * Canonical JSON, as RFC 8785 defines it: one text for one value, so that a hash of the text is a
 * hash of the value. JavaScript already writes numbers and texts in that way, and only the order of
 * names is added. Rejected: a library, which would not bound the depth and would write a value that
 * JSON does not know.
 */
export type Json = null | boolean | number | string | Json[] | { [name: string]: Json }

/**
 * The canonical text. Throws TypeError for a value that JSON cannot say exactly, and for one that is
 * nested deeper than `depthMax`.
 */
export function canonicalJson(value: unknown, depthMax: number): string {
  if (value === null || typeof value === 'boolean') return String(value)
  if (typeof value === 'number') {
    if (!Number.isFinite(value)) throw new TypeError(`${value} is no number of JSON`)
    return JSON.stringify(value)
  }
  if (typeof value === 'string') {
    if (/\p{Surrogate}/u.test(value)) throw new TypeError('a text has half of a character')
    return JSON.stringify(value)
  }
  if (typeof value !== 'object') throw new TypeError(`${typeof value} is no value of JSON`)
  if (depthMax === 0) throw new TypeError('the value is nested too deeply')
  if (Array.isArray(value))
    return `[${value.map(one => canonicalJson(one, depthMax - 1)).join(',')}]`
  // Names are ordered by their 16-bit units, which is the order of JavaScript.
  const members = Object.keys(value)
    .sort()
    .map(
      name =>
        `${canonicalJson(name, 1)}:${canonicalJson((value as Record<string, unknown>)[name], depthMax - 1)}`,
    )
  return `{${members.join(',')}}`
}
