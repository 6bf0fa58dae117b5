/**
 * Finds text that cannot be stored: NUL and lone surrogates. JSON may contain them, but the text
 * type of Postgres may not. Its JSON functions fail on a whole document that contains one, so one
 * customer's note could break other people's queries. Such text is refused by name at the boundary,
 * not silently repaired.
 */

/**
 * The dotted path of the first such text, in values or field names; null when there is none. The
 * schema of the caller bounds the depth.
 */
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

/** `isWellFormed` is in the language since ES2024 and in Node 20, but not yet in the types. */
const wellFormed = (text: string): boolean =>
  (text as unknown as { isWellFormed(): boolean }).isWellFormed()

/**
 * Combining marks in a row. Unicode's stream-safe format allows 30; ordering more takes quadratic
 * time.
 */
export const combiningMarksMax = 30
export const combiningRule = `must not have more than ${combiningMarksMax} combining marks in a row`
const beyondAscii = /[^\0-\x7f]/
const tooManyMarks = new RegExp(`\\p{M}{${combiningMarksMax + 1}}`, 'u')

/**
 * The text in Unicode NFC, the form in which all text is stored; null when it has too many marks in
 * a row.
 */
export function composedText(text: string): string | null {
  if (!beyondAscii.test(text)) return text
  return tooManyMarks.test(text) ? null : text.normalize('NFC')
}

/** Deeper than any schema allows: schemas refuse deeper values. */
const depthMax = 32

/**
 * The value with all its text in NFC, and the dotted path of the first text that cannot be
 * converted.
 */
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
