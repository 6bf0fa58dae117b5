/**
 * Text that cannot be kept: NUL and lone surrogates. JSON may carry them, Postgres' text may not, and
 * its JSON functions fail on a whole document that has one anywhere, so that one customer's note could
 * break other people's queries. Refused at the boundary, by name, instead of being repaired in silence.
 */

/** The dotted path of the first such text, names of fields included; null when there is none. Depth is the caller's schema's. */
export function unstorableText(value: unknown, path = ''): string | null {
  if (typeof value === 'string')
    return value.includes('\0') || !wellFormed(value) ? path || 'body' : null
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return null
  for (const [name, inner] of Object.entries(value)) {
    const found =
      unstorableText(inner, path === '' ? name : `${path}.${name}`) ?? unstorableText(name, path)
    if (found !== null) return found
  }
  return null
}

export const unstorableRule = 'must be text without NUL and without half of a surrogate pair'

/** In the language since ES2024, and in Node 20; its types come later. */
const wellFormed = (text: string): boolean =>
  (text as unknown as { isWellFormed(): boolean }).isWellFormed()

/** Combining marks in a row. Unicode's stream-safe format allows 30; putting more into order takes quadratic time. */
export const combiningMarksMax = 30
export const combiningRule = `must not have more than ${combiningMarksMax} combining marks in a row`
const beyondAscii = /[^\0-\x7f]/
const tooManyMarks = new RegExp(`\\p{M}{${combiningMarksMax + 1}}`, 'u')

/** The text in Unicode's NFC, the form in which all text is kept; null where too many marks stand in a row. */
export function composedText(text: string): string | null {
  if (!beyondAscii.test(text)) return text
  return tooManyMarks.test(text) ? null : text.normalize('NFC')
}

/** Deeper than any schema: what lies deeper is refused by those. */
const depthMax = 32

/** The value with its text in NFC, and the dotted path of the first text that cannot be brought into it. */
export function composedValue(
  value: unknown,
  path = '',
  depth = 0,
): { value: unknown; broken: string | null } {
  if (typeof value === 'string') {
    const text = composedText(value)
    return { value: text ?? value, broken: text === null ? path : null }
  }
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value) || depth > depthMax)
    return { value, broken: null }
  let broken: string | null = null
  const composed = (name: string, inner: unknown): unknown => {
    const result = composedValue(inner, path === '' ? name : `${path}.${name}`, depth + 1)
    broken ??= result.broken
    return result.value
  }
  const whole = Array.isArray(value)
    ? value.map((inner, i) => composed(String(i), inner))
    : Object.fromEntries(
        Object.entries(value).map(([name, inner]) => [name, composed(name, inner)]),
      )
  return { value: whole, broken }
}
